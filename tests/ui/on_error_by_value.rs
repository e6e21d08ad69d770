//! An error renderer that takes its arguments by value.

use cepa::prelude::*;

async fn plain(error: Error, context: ErrorContext) -> String {
    format!("{} {error}", context.method())
}

fn main() {
    let _ = App::new().on_error(plain);
}
