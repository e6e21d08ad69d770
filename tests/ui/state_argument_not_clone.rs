//! A handler asks for a state that cannot be cloned.

use cepa::prelude::*;

struct Db(u64);

async fn show(State(db): State<Db>) -> String {
    db.0.to_string()
}

fn main() {
    let _ = App::new().get("/", show);
}
