//! A handler that is not async.

use cepa::prelude::*;

fn show(Path(id): Path<u64>) -> String {
    format!("user {id}")
}

fn main() {
    let _ = App::new().get("/users/{id}", show);
}
