//! An async closure as handler does not say what it takes.

use cepa::prelude::*;

fn main() {
    let _ = App::new().get("/{id}", async |id| format!("{id}"));
}
