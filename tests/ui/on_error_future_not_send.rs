//! An error renderer holds an `Rc` across an await.

use std::rc::Rc;

use cepa::prelude::*;

async fn pause() {}

async fn plain(error: &Error, _: &ErrorContext) -> String {
    let text = Rc::new(error.message().to_owned());
    pause().await;
    text.to_string()
}

fn main() {
    let _ = App::new().on_error(plain);
}
