//! The rest of the chain runs at most once.

use cepa::prelude::*;

async fn twice(first: Request, second: Request, next: Next) -> (Response, Response) {
    (next.run(first).await, next.run(second).await)
}

fn main() {
    let _ = twice;
}
