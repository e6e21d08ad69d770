//! Rate limits: one for the whole app by address, a strict one for signing in, one by account.
//!
//! ```text
//! cargo run --features rate-limit --example rate_limit
//! for i in 1 2 3 4; do curl -i -X POST 127.0.0.1:3000/sign-in; done
//! ```

use cepa::prelude::*;
use cepa::rate_limit::RateLimit;
use std::env;

/// Who was found out; the limit by account looks for it.
#[derive(Clone)]
struct Account(String);

async fn account(mut req: Request, next: Next) -> Result<Response> {
    let key = req.header("x-key").or_unauthorized("send your key")?;
    let name = match key {
        "onion" => "Ada",
        "leek" => "Bob",
        _ => return Err(Error::forbidden("this key is not known")),
    };
    req.insert(Account(name.to_owned()));
    Ok(next.run(req).await)
}

fn by_account(req: &Request) -> Option<String> {
    req.local::<Account>().map(|account| account.0.clone())
}

async fn sign_in() -> &'static str {
    "You are in\n"
}

async fn report(Local(account): Local<Account>) -> String {
    format!("The report for {}\n", account.0)
}

fn main() -> Result<(), RunError> {
    // Guesses are counted by address, whatever account they are for.
    let guesses = RateLimit::per_minute(3).with_name("sign-in");
    // Two reports at once, and one more every ten seconds.
    let reports = RateLimit::per_minute(6).with_burst(2).with_name("reports");
    App::new()
        .with(Logger::new())
        .with(RateLimit::per_second(50))
        .post("/sign-in", sign_in.with(guesses))
        .group("/reports", |g| {
            g.with(account)
                .with(reports.with_key(by_account))
                .get("/", report)
        })
        .run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))
}
