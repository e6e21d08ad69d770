//! `Next` stands before `Request`.

use cepa::prelude::*;

async fn pass(next: Next, req: Request) -> Response {
    next.run(req).await
}

fn main() {
    let _ = App::new().with(pass);
}
