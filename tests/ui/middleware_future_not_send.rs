//! A middleware holds the guard of a mutex across an await.

use std::sync::Mutex;

use cepa::prelude::*;

static COUNT: Mutex<u64> = Mutex::new(0);

async fn count(req: Request, next: Next) -> Response {
    let mut count = COUNT.lock().unwrap();
    let res = next.run(req).await;
    *count += 1;
    res
}

fn main() {
    let _ = App::new().with(count);
}
