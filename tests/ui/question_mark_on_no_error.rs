//! A `?` on something that is no error.

use cepa::prelude::*;

struct Closed;

fn open() -> std::result::Result<(), Closed> {
    Err(Closed)
}

async fn show() -> Result<&'static str> {
    open()?;
    Ok("open")
}

fn main() {
    let _ = App::new().get("/", show);
}
