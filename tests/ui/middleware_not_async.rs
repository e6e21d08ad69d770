//! A middleware that is not async.

use cepa::prelude::*;

fn pass(req: Request, next: Next) -> Response {
    let _ = (req, next);
    StatusCode::OK.into_response()
}

fn main() {
    let _ = App::new().with(pass);
}
