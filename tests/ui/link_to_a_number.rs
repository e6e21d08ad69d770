//! A link is made to a handler or a name.

use cepa::prelude::*;

async fn show() -> &'static str {
    "shown"
}

fn main() {
    let _ = App::new().get("/", show).url_for(7, &[]);
}
