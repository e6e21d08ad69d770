//! The second of three arguments is no extractor; the others are.

use cepa::prelude::*;

async fn show(Path(id): Path<u64>, verbose: bool, method: Method) -> String {
    format!("{id} {verbose} {method}")
}

fn main() {
    let _ = App::new().get("/{id}", show);
}
