//! The status stands behind the body.

use cepa::prelude::*;

async fn create() -> (&'static str, StatusCode) {
    ("made", StatusCode::CREATED)
}

fn main() {
    let _ = App::new().post("/", create);
}
