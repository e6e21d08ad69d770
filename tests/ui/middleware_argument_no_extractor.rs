//! A leading argument of a middleware is no extractor.

use cepa::prelude::*;

async fn admit(limit: u64, req: Request, next: Next) -> Response {
    let _ = limit;
    next.run(req).await
}

fn main() {
    let _ = App::new().with(admit);
}
