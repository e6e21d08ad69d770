//! What is read from the path has to implement `Deserialize`.

use cepa::prelude::*;

struct Id(u64);

async fn show(Path(id): Path<Id>) -> String {
    id.0.to_string()
}

fn main() {
    let _ = App::new().get("/{id}", show);
}
