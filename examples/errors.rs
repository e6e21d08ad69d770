//! Errors: `?` on anything, a status where it is known, and one place that draws them all.
//!
//! ```text
//! cargo run --example errors
//! curl -i 127.0.0.1:3000/accounts/7/withdraw/500 -X POST
//! ```

use cepa::prelude::*;
use std::{env, fmt, fs};

#[derive(Debug)]
enum BankError {
    Insufficient,
    Closed,
}

impl fmt::Display for BankError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the bank says {self:?}")
    }
}

impl std::error::Error for BankError {}

fn take(account: u64, amount: u64) -> Result<u64, BankError> {
    match account {
        13 => Err(BankError::Closed),
        _ => 100_u64.checked_sub(amount).ok_or(BankError::Insufficient),
    }
}

/// A `BankError` passes through `?`; `map_error` below says what it means.
async fn withdraw(Path((account, amount)): Path<(u64, u64)>) -> Result<String> {
    let left = take(account, amount)?;
    Ok(format!("{left} are left\n"))
}

/// A failure that nobody mapped is a 500: its text is in the log, the client does not see it.
async fn motto() -> Result<String> {
    // `fs` blocks, so it is run on a thread for such work.
    Ok(cepa::blocking(|| fs::read_to_string("/no/such/file")).await??)
}

async fn color(Path(name): Path<String>) -> Result<&'static str> {
    let known = [("red", "#f00\n"), ("blue", "#00f\n")];
    let color = known.iter().find(|(key, _)| *key == name);
    Ok(color.or_not_found("red and blue are known here")?.1)
}

async fn draw(error: &Error, _: &ErrorContext) -> impl IntoResponse {
    json!({ "error": error.message(), "status": error.status().as_u16() })
}

fn main() -> Result<(), RunError> {
    App::new()
        .on_error(draw)
        .map_error(|error: &BankError| match error {
            BankError::Insufficient => Error::conflict("there is not enough money"),
            BankError::Closed => Error::forbidden("this account is closed"),
        })
        .post("/accounts/{id}/withdraw/{amount}", withdraw)
        .get("/motto", motto)
        .get("/colors/{name}", color)
        .run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))
}
