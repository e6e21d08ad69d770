//! What a step of the chain costs, beside the least that a chain of async calls can cost.
//!
//! The *bare boxed async call* is a function behind a pointer that boxes a future; the future
//! owns the request, awaits the next such call and hands its response out. It knows no index, no
//! scope, no errors and no panics. Each row is what an app with the step costs more than the same
//! app without it, for the same request and the same empty response.
//!
//! The second table has the built-in middleware where there is nothing to do, or the least there
//! can be.

mod support;

use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::time::Duration;

use cepa::http::{Request as HttpRequest, Response as HttpResponse};
use cepa::prelude::*;
use cepa::{
    BodyLimit, Concurrency, Cors, CrossOrigin, Csp, HeaderValue, HostGuard, MethodOverride, Mode,
    NormalizePath, RequestId, SecureHeaders, ServerTiming, Timeout,
};
use support::{Cases, Row, row};

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

fn built_in(cases: &mut Cases) {
    let minute = Duration::from_secs(60);
    cases.ask("Timeout", move || app().with(Timeout::new(minute)), hello);
    cases.ask("Concurrency", || app().with(Concurrency::new(9)), hello);
    cases.ask("RequestId", || app().with(RequestId::new()), hello);
    cases.ask("sent id", || app().with(RequestId::new()), hello_with_id);
    cases.ask("no id", app, hello_with_id);
    cases.ask("Logger", || app().with(Logger::new().with_skip("/")), hello);
    let production = || app().mode(Mode::Production).plug(ServerTiming::new());
    cases.ask("ServerTiming", production, hello);
}

fn hello_with_id() -> HttpRequest<&'static str> {
    let mut req = hello();
    let id = HeaderValue::from_static("9f2c41aa-0b1d-4c5e-8f77-2b6d1e0a9c33");
    req.headers_mut().insert("x-request-id", id);
    req
}

fn main() {
    let mut cases = Cases::default();
    built_in(&mut cases);
    add_security(&mut cases);
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
    #[cfg(feature = "tower")]
    let layers = layers(&mut cases);
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
    cases.table(&[
        row("a no-op type", "1 type").beyond("handler"),
        row("`Timeout`, answered at once", "Timeout").beyond("handler"),
        row("`Concurrency`, with room", "Concurrency").beyond("handler"),
        row("`RequestId`, a new one", "RequestId").beyond("handler"),
        row("`RequestId`, the client's", "sent id").beyond("no id"),
        row("`Logger`, a path it skips", "Logger").beyond("handler"),
        row("`ServerTiming`, in production", "ServerTiming").beyond("handler"),
    ]);
    cases.table(&security_rows());
    #[cfg(feature = "tower")]
    cases.table(&layers);
}

/// As browsers and proxies ask, with a host and a path of some length.
fn page() -> HttpRequest<&'static str> {
    let req = HttpRequest::builder().uri("/users/42/notes?page=2");
    let req = req.header("host", "www.example.com");
    req.header("sec-fetch-site", "same-origin")
        .body("")
        .expect("a request")
}

fn submit() -> HttpRequest<&'static str> {
    let (mut head, body) = page().into_parts();
    head.method = Method::POST;
    HttpRequest::from_parts(head, body)
}

fn add_security(cases: &mut Cases) {
    let app = || {
        let handler = async |req: Request| answer(&req);
        App::new().any("/users/{id}/notes", handler)
    };
    let origin = "https://www.example.com";
    cases.ask("page", app, page);
    cases.ask("no-op", move || app().with(NoOp), page);
    cases.ask("no-op, POST", move || app().with(NoOp), submit);
    cases.ask("before", move || app().before_routing(NoOp), page);
    cases.ask("Cors", move || app().with(Cors::new([origin])), page);
    cases.ask("CrossOrigin", move || app().with(CrossOrigin::new()), page);
    cases.ask(
        "CrossOrigin, POST",
        move || app().with(CrossOrigin::new()),
        submit,
    );
    let guard = || HostGuard::new(["example.com", "*.example.com"]);
    cases.ask("HostGuard", move || app().with(guard()), page);
    cases.ask("BodyLimit", move || app().with(BodyLimit::new(1)), page);
    let overriding = || MethodOverride::new().with_query();
    cases.ask(
        "MethodOverride",
        move || app().before_routing(overriding()),
        page,
    );
    cases.ask(
        "NormalizePath",
        move || app().before_routing(NormalizePath::redirect()),
        page,
    );
    cases.ask(
        "SecureHeaders",
        move || app().with(SecureHeaders::new()),
        page,
    );
    let nonce = || SecureHeaders::new().with_csp(Csp::new().with("script-src", "'nonce'"));
    cases.ask("nonce", move || app().with(nonce()), page);
}

/// What the middleware for security costs where it has nothing to do; the last ones always have.
fn security_rows() -> Vec<Row> {
    vec![
        row("a no-op type", "no-op").beyond("page"),
        row("a no-op type before the match", "before").beyond("page"),
        row("`Cors`, no `Origin`: one `Vary`", "Cors").beyond("no-op"),
        row("`CrossOrigin`, GET", "CrossOrigin").beyond("no-op"),
        row(
            "`CrossOrigin`, POST of the same origin",
            "CrossOrigin, POST",
        )
        .beyond("no-op, POST"),
        row("`HostGuard`, second of two names", "HostGuard").beyond("no-op"),
        row("`BodyLimit`", "BodyLimit").beyond("no-op"),
        row("`MethodOverride`, GET", "MethodOverride").beyond("before"),
        row("`NormalizePath`", "NormalizePath").beyond("before"),
        row("`SecureHeaders`, eight headers", "SecureHeaders").beyond("no-op"),
        row("`SecureHeaders` with a nonce", "nonce").beyond("no-op"),
    ]
}

/// Layers of `tower` that do nothing: the way through one, there and back.
#[cfg(feature = "tower")]
fn layers(cases: &mut Cases) -> [Row; 3] {
    use cepa::tower::tower;
    use tower_layer::Identity;

    let layers = |n| (0..n).fold(app(), |app, _| app.with(tower(Identity::new())));
    cases.ask("1 layer", move || layers(1), hello);
    cases.ask("10 layers", move || layers(10), hello);
    [
        row("a no-op type", "1 type").beyond("handler"),
        row("a no-op layer of `tower`", "1 layer").beyond("handler"),
        row("one of ten no-op layers", "10 layers")
            .beyond("handler")
            .per(10),
    ]
}
