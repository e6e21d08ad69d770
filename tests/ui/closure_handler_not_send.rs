//! A closure as handler captures a value that cannot be shared between threads.

use std::cell::Cell;

use cepa::prelude::*;

fn main() {
    let count = Cell::new(0);
    let _ = App::new().get("/", move || {
        let now = count.replace(count.get() + 1);
        async move { format!("{now}") }
    });
}
