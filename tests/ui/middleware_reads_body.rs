//! An extractor of a middleware reads the body, which the handler inside would miss.

use cepa::prelude::*;

async fn log(body: Bytes, req: Request, next: Next) -> Response {
    println!("{}", body.len());
    next.run(req).await
}

fn main() {
    let _ = App::new().with(log);
}
