//! A handler takes eight extractors at most.

use cepa::prelude::*;

async fn all(
    _: Method,
    _: Method,
    _: Method,
    _: Method,
    _: Method,
    _: Method,
    _: Method,
    _: Method,
    _: Method,
) -> &'static str {
    "nine"
}

fn main() {
    let _ = App::new().get("/", all);
}
