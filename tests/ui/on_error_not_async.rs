//! An error renderer that is not async.

use cepa::prelude::*;

fn plain(error: &Error, _: &ErrorContext) -> String {
    error.message().to_owned()
}

fn main() {
    let _ = App::new().on_error(plain);
}
