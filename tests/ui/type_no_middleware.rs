//! A type that is no middleware.

use cepa::prelude::*;

struct Compress;

fn main() {
    let _ = App::new().with(Compress);
}
