//! Small answers to all kinds of requests, for conformance suites and load generators.
//!
//! ```text
//! cargo run --release --features compression,files,multipart,ws --example conformance
//! curl -i 127.0.0.1:3000/json
//! ```
//!
//! Each feature adds what needs it: `/gunzip`, `/static` (the folder of `STATIC_DIR`), `/upload`, `/ws`.

use std::collections::BTreeMap;
use std::time::Duration;

#[allow(dead_code, reason = "its `main` is for the example alone")]
#[path = "todo.rs"]
mod todo;

use cepa::prelude::*;
use cepa::{Event, Sse};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Message {
    message: &'static str,
}

#[derive(Deserialize, Serialize)]
struct Document {
    id: u64,
    name: String,
    tags: Vec<String>,
    values: Vec<f64>,
    nested: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct To {
    to: String,
}

#[derive(Deserialize)]
struct Data {
    d: String,
}

#[derive(Deserialize)]
struct Header {
    v: String,
}

async fn echo(body: Body) -> Body {
    body
}

async fn noop(req: Request, next: Next) -> Response {
    next.run(req).await
}

async fn slow(Path(ms): Path<u64>) -> &'static str {
    tokio::time::sleep(Duration::from_millis(ms)).await;
    "slow"
}

/// Echoes on a WebSocket, with room for the largest messages of a conformance suite.
#[cfg(feature = "ws")]
fn sockets(app: App) -> App {
    use cepa::ws::{Socket, WebSocket, WebSockets};

    let echo = async |ws: WebSocket| {
        ws.on_upgrade(async |mut socket: Socket| {
            while let Ok(message) = socket.recv().await {
                if socket.send(message).await.is_err() {
                    break;
                }
            }
        })
    };
    let options = WebSockets::new()
        .with_message_limit(16 * 1024 * 1024)
        .with_compression();
    app.get("/ws", echo.with(options))
}

#[cfg(not(feature = "ws"))]
fn sockets(app: App) -> App {
    app
}

/// The folder of the variable `STATIC_DIR`, if it is set.
#[cfg(feature = "files")]
fn files() -> Option<cepa::files::Files> {
    let folder = std::env::var_os("STATIC_DIR")?;
    Some(cepa::files::Files::dir(folder).with_precompressed())
}

#[cfg(not(feature = "files"))]
fn files() -> Option<App> {
    None
}

/// One event with this data.
async fn sse1(Query(Data { d }): Query<Data>) -> Result<Sse> {
    let (events, sse) = Sse::channel(1);
    events.send(Event::data(d)).await?;
    Ok(sse)
}

/// Takes compressed bodies, and says how long they are without.
#[cfg(feature = "compression")]
fn gunzip(app: App) -> App {
    use cepa::compression::Decompression;
    let length = async |bytes: Bytes| bytes.len().to_string();
    app.post("/gunzip", length.with(Decompression::new()))
}

#[cfg(not(feature = "compression"))]
fn gunzip(app: App) -> App {
    app
}

/// How many parts an upload has, and how many bytes they have together.
#[cfg(feature = "multipart")]
async fn upload(mut upload: cepa::multipart::Multipart) -> Result<String> {
    let (mut parts, mut bytes) = (0_u64, 0);
    while let Some(mut field) = upload.next_field().await? {
        parts += 1;
        while let Some(chunk) = field.chunk().await {
            bytes += chunk?.len();
        }
    }
    Ok(format!("{parts} {bytes}"))
}

/// Uploads of any size, since nothing of them is kept.
#[cfg(feature = "multipart")]
fn uploads(app: App) -> App {
    use cepa::multipart::{UploadLimits, Uploads};
    let limits = UploadLimits::new().with_total(u64::MAX);
    app.plug(Uploads::new().with_limits(limits))
        .post("/upload", upload)
}

#[cfg(not(feature = "multipart"))]
fn uploads(app: App) -> App {
    app
}

fn app() -> App {
    let layers = (0..10).fold(App::new(), |app, _| app.with(noop));
    let app = App::new()
        .plug(sockets)
        .get("/", async || "cepa")
        .post("/", echo)
        .any("/echo", echo)
        .get("/plaintext", async || "Hello, World!")
        .get("/json", async || {
            Json(Message {
                message: "Hello, World!",
            })
        })
        .get("/html", async || {
            Html("<!doctype html><title>Hello</title><h1>Hello, World!</h1>")
        })
        .post("/str", async |text: String| text.len().to_string())
        .post("/jsonecho", async |Json(value): Json<Value>| Json(value))
        .post("/echo-json", async |Json(document): Json<Document>| {
            Json(document)
        })
        .get(
            "/q",
            async |Query(query): Query<BTreeMap<String, String>>| Json(query),
        )
        .get("/uri", async |uri: cepa::Uri| uri.to_string())
        .get("/user/{id}", async |Path(id): Path<String>| id)
        .get("/num/{id}", async |Path(id): Path<u32>| id.to_string())
        .get("/panic", async || -> &'static str { panic!("as asked") })
        .get("/slow/{ms}", slow)
        .get("/sse1", sse1)
        .get("/redir", async |Query(To { to }): Query<To>| {
            Redirect::to(to)
        })
        .get("/hdr", async |Query(Header { v }): Query<Header>| {
            ([("x-v", v)], "set")
        })
        .plug(gunzip)
        .mount("/todos", todo::todos())
        .plug(uploads)
        .mount("/mw", layers.get("/", async || "Hello, World!"));
    match files() {
        Some(files) => app.mount("/static", files),
        None => app,
    }
}

fn main() -> Result<(), RunError> {
    let addr = std::env::var("ADDR").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    app().run(addr)
}
