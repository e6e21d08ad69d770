//! A middleware returns something that is no response.

use cepa::prelude::*;

async fn measure(req: Request, next: Next) -> u128 {
    let start = std::time::Instant::now();
    next.run(req).await;
    start.elapsed().as_millis()
}

fn main() {
    let _ = App::new().with(measure);
}
