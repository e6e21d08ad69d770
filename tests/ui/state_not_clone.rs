//! A state that cannot be cloned.

use cepa::prelude::*;

struct Db;

fn main() {
    let _ = App::new().state(Db);
}
