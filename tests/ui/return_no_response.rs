//! A handler returns a type that is no response.

use cepa::prelude::*;

struct User;

async fn show() -> User {
    User
}

fn main() {
    let _ = App::new().get("/", show);
}
