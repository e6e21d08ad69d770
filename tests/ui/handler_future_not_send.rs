//! A handler holds an `Rc` across an await.

use std::rc::Rc;

use cepa::prelude::*;

async fn pause() {}

async fn show() -> String {
    let name = Rc::new("ada");
    pause().await;
    name.to_string()
}

fn main() {
    let _ = App::new().get("/", show);
}
