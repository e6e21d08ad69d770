//! The app that is measured.

use std::collections::BTreeMap;
use std::time::Duration;

use cepa::prelude::*;
use serde::{Deserialize, Serialize};

pub const ROUTES: usize = 200;

#[derive(Serialize)]
pub struct Message {
    pub message: &'static str,
}

#[derive(Deserialize, Serialize)]
pub struct Document {
    id: u64,
    name: String,
    tags: Vec<String>,
    values: Vec<f64>,
    nested: BTreeMap<String, String>,
}

async fn plaintext() -> &'static str {
    "Hello, World!"
}

pub const LARGE: usize = 1024 * 1024;

pub fn large_body() -> Bytes {
    static BODY: std::sync::OnceLock<Bytes> = std::sync::OnceLock::new();
    BODY.get_or_init(|| vec![b'x'; LARGE].into()).clone()
}

async fn large() -> Bytes {
    large_body()
}

async fn json() -> Json<Message> {
    Json(Message {
        message: "Hello, World!",
    })
}

async fn show(Path(id): Path<u64>) -> String {
    id.to_string()
}

async fn echo(Json(document): Json<Document>) -> Json<Document> {
    Json(document)
}

async fn noop(req: Request, next: Next) -> Response {
    next.run(req).await
}

/// Holds its thread, as nobody should.
async fn block() -> &'static str {
    std::thread::sleep(Duration::from_millis(100));
    "done"
}

pub fn app() -> App {
    let layers = (0..10).fold(App::new(), |app, _| app.with(noop));
    let app = App::new()
        .get("/plaintext", plaintext)
        .get("/json", json)
        .get("/large", large)
        .post("/echo", echo)
        .get("/block", block)
        .mount("/layers", layers.get("/", plaintext));
    (0..ROUTES).fold(app, |app, i| app.get(&format!("/resource{i}/{{id}}"), show))
}
