//! An extractor of a middleware stands behind `Request`.

use cepa::prelude::*;

async fn pass(req: Request, method: Method, next: Next) -> Response {
    let _ = method;
    next.run(req).await
}

fn main() {
    let _ = App::new().with(pass);
}
