//! One extractor reads the body, and the request behind it has the body too.

use cepa::prelude::*;

async fn save(body: Bytes, req: Request) -> String {
    format!("{} {}", body.len(), req.path())
}

fn main() {
    let _ = App::new().post("/", save);
}
