//! What a whole request costs in process: from the `http::Request` given to `AppService::answer` to
//! the response, without a socket. Making and dropping that `http::Request` is not counted.

mod support;

use std::hint::black_box;

use cepa::http::{Request as HttpRequest, Uri};
use cepa::prelude::*;
use support::{Cases, row};

/// A JSON document of about a kilobyte.
const DOCUMENT: &str = concat!(
    r#"{"name":"Allium cepa","layers":[1,2,3,4,5,6,7,8,9,10,11,12],"note":""#,
    "................................................................",
    "................................................................",
    "................................................................",
    "................................................................",
    "................................................................",
    "................................................................",
    "................................................................",
    "................................................................",
    "................................................................",
    "................................................................",
    "................................................................",
    "................................................................",
    "................................................................",
    "................................................................",
    r#"","ok":true}"#
);

#[derive(serde::Deserialize, serde::Serialize)]
struct Document {
    name: String,
    layers: Vec<u32>,
    note: String,
    ok: bool,
}

struct NoOp;

impl Middleware for NoOp {
    async fn handle(&self, req: Request, next: Next) -> Response {
        next.run(req).await
    }
}

async fn hello() -> &'static str {
    "Hello, World!"
}

async fn empty() {}

async fn show(Path(id): Path<u64>) {
    black_box(id);
}

async fn echo(Json(document): Json<Document>) -> Json<Document> {
    Json(document)
}

fn app() -> App {
    App::new()
        .get("/", hello)
        .get("/empty", empty)
        .get("/users/{id}", show)
        .post("/echo", echo)
}

fn many() -> App {
    (0..200).fold(App::new(), |app, n| {
        app.get(&format!("/api/v1/things{n}/{{id}}"), show)
    })
}

fn ten() -> App {
    (0..10).fold(app(), |app, _| app.with(NoOp))
}

fn get(path: &'static str) -> impl Fn() -> HttpRequest<&'static str> {
    move || {
        let mut req = HttpRequest::new("");
        *req.uri_mut() = Uri::from_static(path);
        req
    }
}

fn json() -> HttpRequest<&'static str> {
    HttpRequest::post("/echo")
        .header("content-type", "application/json")
        .body(DOCUMENT)
        .expect("a request")
}

fn main() {
    let mut cases = Cases::default();
    cases.copy("copy", get("/users/42"));
    cases.copy("copy of JSON", json);
    cases.ask("empty", app, get("/empty"));
    cases.ask("plaintext", app, get("/"));
    cases.ask("parameter", app, get("/users/42"));
    cases.ask("JSON", app, json);
    cases.ask("200 routes", many, get("/api/v1/things123/42"));
    cases.ask("404", app, get("/nothing"));
    cases.ask("ten middleware", ten, get("/"));
    cases.table(&[
        row("empty response", "empty").beyond("copy"),
        row("one parameter, empty response", "parameter").beyond("copy"),
        row("the same among 200 routes", "200 routes").beyond("copy"),
        row("plaintext", "plaintext").beyond("copy"),
        row("plaintext through ten no-op middleware", "ten middleware").beyond("copy"),
        row("JSON echo of 1 KB", "JSON").beyond("copy of JSON"),
        row("404", "404").beyond("copy"),
    ]);
}
