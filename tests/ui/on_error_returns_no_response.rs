//! An error renderer that returns no response.

use cepa::prelude::*;

async fn plain(error: &Error, _: &ErrorContext) -> u16 {
    error.status().as_u16()
}

fn main() {
    let _ = App::new().on_error(plain);
}
