//! An `Option` of an extractor whose value is never absent.

use cepa::prelude::*;

async fn list(page: Option<Query<u32>>, method: Method) -> String {
    format!("{method} {}", page.is_some())
}

fn main() {
    let _ = App::new().get("/", list);
}
