//! An async closure as error renderer lends its captured value to its future.

use cepa::prelude::*;

fn main() {
    let name = String::from("onion");
    let _ =
        App::new().on_error(async move |error: &Error, _: &ErrorContext| format!("{name} {error}"));
}
