//! An `Option` of something that is no extractor.

use cepa::prelude::*;

async fn list(page: Option<u32>) -> String {
    format!("{page:?}")
}

fn main() {
    let _ = App::new().get("/", list);
}
