//! The middleware of a single handler has the wrong signature.

use cepa::prelude::*;

async fn block(req: Request) -> Response {
    let _ = req;
    StatusCode::FORBIDDEN.into_response()
}

async fn show() -> &'static str {
    "shown"
}

fn main() {
    let _ = App::new().get("/", show.with(block));
}
