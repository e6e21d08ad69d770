//! A type that is no extension.

use cepa::prelude::*;

struct Templates;

fn main() {
    let _ = App::new().plug(Templates);
}
