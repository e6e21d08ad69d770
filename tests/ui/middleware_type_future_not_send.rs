//! A type's middleware holds an `Rc` across an await.

use std::rc::Rc;

use cepa::prelude::*;

struct Stamp;

impl Middleware for Stamp {
    async fn handle(&self, req: Request, next: Next) -> Response {
        let name = Rc::new("ada");
        let mut res = next.run(req).await;
        res.set_header("x-stamp", *name);
        res
    }
}

fn main() {
    let _ = App::new().with(Stamp);
}
