//! A type that is no error renderer.

use cepa::prelude::*;

struct Pages;

fn main() {
    let _ = App::new().on_error(Pages);
}
