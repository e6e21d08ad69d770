//! A value in place of a handler.

use cepa::prelude::*;

fn main() {
    let _ = App::new().get("/", "hello");
}
