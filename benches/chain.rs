//! What a step of the chain costs, beside the least that a chain of async calls can cost.
//!
//! The *bare boxed async call* is a function behind a pointer that boxes a future; the future
//! owns the request, awaits the next such call and hands its response out. It knows no index, no
//! scope, no errors and no panics. Each row is what an app with the step costs more than the same
//! app without it, for the same request and the same empty response.

mod support;

use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;

use cepa::http::{Request as HttpRequest, Response as HttpResponse};
use cepa::prelude::*;
use support::{Cases, row};

type Bare = fn(Request, usize) -> Pin<Box<dyn Future<Output = Response> + Send>>;

/// As many bare calls inside each other as `depth` says, and one more.
fn bare(req: Request, depth: usize) -> Pin<Box<dyn Future<Output = Response> + Send>> {
    Box::pin(async move {
        match depth.checked_sub(1) {
            Some(depth) => black_box(bare as Bare)(req, depth).await,
            None => answer(&req),
        }
    })
}

type HttpBare =
    fn(HttpRequest<Body>, usize) -> Pin<Box<dyn Future<Output = HttpResponse<Body>> + Send>>;

/// The same with the types of `http`, which are passed by value.
fn http_bare(
    req: HttpRequest<Body>,
    depth: usize,
) -> Pin<Box<dyn Future<Output = HttpResponse<Body>> + Send>> {
    Box::pin(async move {
        match depth.checked_sub(1) {
            Some(depth) => black_box(http_bare as HttpBare)(req, depth).await,
            None => {
                black_box(&req);
                HttpResponse::new(Body::empty())
            }
        }
    })
}

fn answer(req: &Request) -> Response {
    black_box(req);
    Response::new()
}

struct NoOp;

impl Middleware for NoOp {
    async fn handle(&self, req: Request, next: Next) -> Response {
        next.run(req).await
    }
}

async fn no_op(req: Request, next: Next) -> Response {
    next.run(req).await
}

async fn extracting(State(n): State<u64>, req: Request, next: Next) -> Response {
    black_box(n);
    next.run(req).await
}

fn app() -> App {
    App::new()
        .state(7_u64)
        .get("/", async |req: Request| answer(&req))
}

fn bare_app(depth: usize) -> App {
    let handler = move |req: Request| async move { black_box(bare as Bare)(req, depth).await };
    App::new().get("/", handler)
}

fn http_bare_app(depth: usize) -> App {
    let handler = move || async move {
        let res = black_box(http_bare as HttpBare)(HttpRequest::default(), depth).await;
        black_box(&res);
        Response::new()
    };
    App::new().get("/", handler)
}

fn hello() -> HttpRequest<&'static str> {
    HttpRequest::new("")
}

fn main() {
    let mut cases = Cases::default();
    cases.ask("handler", app, hello);
    cases.ask("1 bare", || bare_app(0), hello);
    cases.ask("10 bare", || bare_app(9), hello);
    cases.ask("http", || http_bare_app(0), hello);
    cases.ask("10 more http", || http_bare_app(10), hello);
    cases.ask("1 function", || app().with(no_op), hello);
    cases.ask("1 type", || app().with(NoOp), hello);
    cases.ask(
        "10 types",
        || (0..10).fold(app(), |app, _| app.with(NoOp)),
        hello,
    );
    cases.ask("1 extractor", || app().with(extracting), hello);
    cases.table(&[
        row("a bare boxed async call", "1 bare").beyond("handler"),
        row("one of ten bare calls", "10 bare")
            .beyond("handler")
            .per(10),
        row("one of ten with the types of `http`", "10 more http")
            .beyond("http")
            .per(10),
        row("a no-op `async fn`", "1 function").beyond("handler"),
        row("a no-op type", "1 type").beyond("handler"),
        row("one of ten no-op types", "10 types")
            .beyond("handler")
            .per(10),
        row("a no-op with one extractor", "1 extractor").beyond("handler"),
    ]);
}
