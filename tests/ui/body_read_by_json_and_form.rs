//! Two extractors read the body.

use cepa::prelude::*;

async fn save(Json(a): Json<u8>, method: Method, Form(b): Form<u8>) -> String {
    format!("{method} {a} {b}")
}

fn main() {
    let _ = App::new().post("/", save);
}
