//! A middleware takes the request but not the rest of the chain.

use cepa::prelude::*;

async fn block(req: Request) -> Response {
    let _ = req;
    StatusCode::FORBIDDEN.into_response()
}

fn main() {
    let _ = App::new().with(block);
}
