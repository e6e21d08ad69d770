//! The first argument of a handler is no extractor.

use cepa::prelude::*;

struct User;

async fn show(user: User, method: Method) -> &'static str {
    let _ = (user, method);
    "shown"
}

fn main() {
    let _ = App::new().get("/", show);
}
