//! An async closure as middleware lends its captured value to its future.

use cepa::prelude::*;

fn main() {
    let name = String::from("onion");
    let _ = App::new().with(async move |req: Request, next: Next| {
        let mut res = next.run(req).await;
        res.set_header("server", name.as_str());
        res
    });
}
