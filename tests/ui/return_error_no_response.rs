//! The error of a handler's `Result` is no response.

use cepa::prelude::*;

struct NotOpen;

async fn show() -> std::result::Result<String, NotOpen> {
    Err(NotOpen)
}

fn main() {
    let _ = App::new().get("/", show);
}
