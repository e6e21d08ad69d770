//! An error renderer that takes the error only.

use cepa::prelude::*;

async fn plain(error: &Error) -> String {
    error.message().to_owned()
}

fn main() {
    let _ = App::new().on_error(plain);
}
