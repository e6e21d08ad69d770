//! Layers of tower-http and tower in an app.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use cepa::prelude::*;
use cepa::testing::TestClient;
use cepa::tower::tower;
use cepa::{HeaderValue, Outcome, Uri, http};
use tower::ServiceBuilder;
use tower::limit::{ConcurrencyLimitLayer, RateLimitLayer};
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

fn hello() -> App {
    App::new().get("/", async || "hello".repeat(100))
}

#[test]
fn cors_answers_a_preflight_for_a_route_that_has_no_options() {
    let client = hello().with(tower(CorsLayer::permissive())).test();
    let res = client
        .request(Method::OPTIONS, "/")
        .header("origin", "https://example.com")
        .header("access-control-request-method", "GET")
        .send();
    res.assert_status(200);
    res.assert_header("access-control-allow-origin", "*");
    let res = client
        .get("/")
        .header("origin", "https://example.com")
        .send();
    res.assert_status(200)
        .assert_header("access-control-allow-origin", "*");
    // Also around what went wrong inside.
    client
        .get("/no")
        .send()
        .assert_status(404)
        .assert_header("access-control-allow-origin", "*");
}

#[test]
fn compression_and_headers_work_in_one_stack() {
    let stack = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(SetResponseHeaderLayer::overriding(
            http::header::SERVER,
            HeaderValue::from_static("onion"),
        ))
        .layer(CompressionLayer::new());
    let client = hello().with(tower(stack)).test();
    let res = client.get("/").header("accept-encoding", "gzip").send();
    res.assert_header("content-encoding", "gzip")
        .assert_header("server", "onion");
    assert!(res.bytes().len() < 100, "{}", res.bytes().len());
    assert!(res.bytes().starts_with(&[0x1f, 0x8b]));
}

#[test]
fn a_request_id_goes_in_and_out() {
    let show = async |req: Request| {
        let given = req
            .local::<tower_http::request_id::RequestId>()
            .map(|id| id.header_value().clone());
        let header = req.header("x-request-id").map(str::to_owned);
        assert_eq!(given.unwrap().to_str().unwrap(), header.clone().unwrap());
        header.unwrap()
    };
    let stack = ServiceBuilder::new()
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(PropagateRequestIdLayer::x_request_id());
    let client = App::new().with(tower(stack)).get("/", show).test();
    let res = client.get("/").send();
    assert_eq!(res.header("x-request-id").unwrap(), res.text());
}

#[tokio::test(start_paused = true)]
async fn a_timeout_drops_what_is_inside() {
    struct Gone(Arc<AtomicUsize>);
    impl Drop for Gone {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let gone = Arc::new(AtomicUsize::new(0));
    let count = gone.clone();
    let slow = move || {
        let gone = Gone(count.clone());
        async move {
            let _gone = gone;
            std::future::pending::<()>().await;
        }
    };
    let layer = TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_secs(5));
    let client = App::new().with(tower(layer)).get("/", slow).test();
    client.get("/").await.assert_status(504);
    assert_eq!(gone.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_a_layer_is_found_by_its_type() {
    use tower::timeout::{TimeoutLayer, error::Elapsed};
    let app = || {
        App::new()
            .with(tower(TimeoutLayer::new(Duration::from_secs(5))))
            .get("/", async || std::future::pending::<()>().await)
    };
    let res = app().test().get("/").await;
    res.assert_status(500);
    assert!(res.error().unwrap().downcast_ref::<Elapsed>().is_some());
    let late = |_: &Elapsed| Error::unavailable("too late");
    app()
        .map_error::<Elapsed>(late)
        .test()
        .get("/")
        .await
        .assert_status(503);
}

/// How many handlers ran at the same time, at most, when five were asked for.
async fn most_at_once(client: &TestClient, running: &[Arc<AtomicUsize>; 2]) -> usize {
    let all = (0..5).map(|_| client.get("/"));
    let all: Vec<_> = all.map(IntoFuture::into_future).collect();
    for res in futures(all).await {
        res.assert_status(200);
    }
    running[1].load(SeqCst)
}

async fn futures<F: Future + Unpin>(mut all: Vec<F>) -> Vec<F::Output> {
    let mut done = Vec::new();
    std::future::poll_fn(move |cx| {
        all.retain_mut(|one| match std::pin::Pin::new(one).poll(cx) {
            std::task::Poll::Ready(output) => {
                done.push(output);
                false
            }
            std::task::Poll::Pending => true,
        });
        match all.is_empty() {
            true => std::task::Poll::Ready(std::mem::take(&mut done)),
            false => std::task::Poll::Pending,
        }
    })
    .await
}

fn counted() -> (App, [Arc<AtomicUsize>; 2]) {
    let running = [Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0))];
    let counts = running.clone();
    let handler = move || {
        let [now, most] = counts.clone();
        async move {
            most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            now.fetch_sub(1, SeqCst);
        }
    };
    (App::new().get("/", handler), running)
}

#[tokio::test(start_paused = true)]
async fn a_limit_made_by_the_layer_holds_across_requests() {
    let (app, running) = counted();
    assert_eq!(most_at_once(&app.test(), &running).await, 5);
    let (app, running) = counted();
    let client = app.with(tower(ConcurrencyLimitLayer::new(2))).test();
    assert_eq!(most_at_once(&client, &running).await, 2);
}

#[tokio::test(start_paused = true)]
async fn load_is_shed_where_a_service_is_not_ready() {
    use tower::load_shed::{LoadShedLayer, error::Overloaded};
    let (app, _) = counted();
    let stack = ServiceBuilder::new()
        .layer(LoadShedLayer::new())
        .layer(ConcurrencyLimitLayer::new(2));
    let client = app
        .with(tower(stack))
        .map_error::<Overloaded>(|_| Error::unavailable("later"))
        .test();
    let all: Vec<_> = (0..5).map(|_| client.get("/").into_future()).collect();
    let served = futures(all)
        .await
        .iter()
        .filter(|res| res.status() == 200)
        .count();
    assert_eq!(served, 2);
}

/// Its service is no `Clone`, and its buffer spawns a task when the layer is applied, so it could
/// not be built before there is a runtime.
#[test]
fn a_buffered_rate_limit_is_built_inside_the_runtime() {
    let stack = ServiceBuilder::new()
        .buffer(8)
        .layer(RateLimitLayer::new(100, Duration::from_secs(1)));
    let client = hello().with(tower(stack)).test();
    client.get("/").send().assert_status(200);
    client.get("/").send().assert_status(200);
}

#[test]
fn the_error_of_a_handler_is_typed_outside_of_layers() {
    async fn look(req: Request, next: Next) -> Response {
        let mut res = next.run(req).await;
        let cause = res
            .error()
            .and_then(|error| error.downcast_ref::<std::num::ParseIntError>());
        let cause = cause.map(ToString::to_string);
        res.set_header("x-cause", cause.unwrap_or_default());
        res
    }
    let fail = async || -> Result<String> { Ok("x".parse::<u8>()?.to_string()) };
    let layers = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(CorsLayer::permissive());
    let client = App::new()
        .with(look)
        .with(tower(layers))
        .get("/", fail)
        .test();
    let res = client.get("/").send();
    res.assert_status(500)
        .assert_header("x-cause", "invalid digit found in string");
    assert!(res.error().is_some());
}

#[test]
fn end_hooks_from_inside_count_what_is_sent_outside() {
    let ends = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = ends.clone();
    let inner = move |req: Request, next: Next| {
        let log = log.clone();
        async move {
            let mut res = next.run(req).await;
            res.on_end(move |outcome| log.lock().unwrap().push(outcome));
            res
        }
    };
    let client = hello()
        .with(tower(CompressionLayer::new()))
        .with(inner)
        .test();
    let res = client.get("/").header("accept-encoding", "gzip").send();
    let bytes = res.bytes().len() as u64;
    assert_eq!(*ends.lock().unwrap(), [Outcome::Sent { bytes }]);
}

#[test]
fn route_parameters_and_state_are_there_behind_layers() {
    async fn show(Path(id): Path<u64>, State(s): State<&'static str>, req: Request) -> String {
        let route = req.route().map(|route| route.path().to_owned());
        format!("{id} {s} {} {}", route.unwrap(), req.uri())
    }
    // A path that a layer changes after the match changes neither.
    let rewrite = tower::util::MapRequestLayer::new(|mut req: http::Request<Body>| {
        *req.uri_mut() = Uri::from_static("/else?where");
        req
    });
    let client = App::new()
        .state("state")
        .with(tower(TraceLayer::new_for_http()))
        .with(tower(rewrite))
        .with(tower(CorsLayer::new()))
        .mount(
            "/in",
            App::new().with(tower(CorsLayer::new())).get("/{id}", show),
        )
        .test();
    client
        .get("/in/7")
        .send()
        .assert_text("7 state /in/{id} /else?where");
}

#[test]
fn a_layer_before_routing_changes_the_match() {
    let lower = tower::util::MapRequestLayer::new(|mut req: http::Request<Body>| {
        *req.uri_mut() = req.uri().path().to_lowercase().parse().unwrap();
        req
    });
    let client = App::new()
        .before_routing(tower(lower))
        .get("/a", async || "found")
        .test();
    client.get("/A").send().assert_text("found");
}

#[test]
fn a_layer_is_named_in_the_table_of_routes() {
    let table = hello().with(tower(CorsLayer::new())).routes().to_string();
    assert!(table.contains("tower(CorsLayer)"), "{table}");
}

/// A handler may take what a layer inserts; the check at start-up cannot know it.
#[test]
fn what_a_layer_inserts_is_local_to_those_inside() {
    use tower_http::add_extension::AddExtensionLayer;
    struct Elsewhere;
    impl Middleware for Elsewhere {
        async fn handle(&self, req: Request, next: Next) -> Response {
            next.run(req).await
        }
        fn provides(&self) -> Vec<cepa::Provided> {
            vec![cepa::Provided::local::<u64>()]
        }
    }
    let show = async |Local(n): Local<u64>| n.to_string();
    let client = App::new()
        .mount("/other", App::new().with(Elsewhere).get("/", async || ""))
        .mount(
            "/",
            App::new()
                .with(tower(AddExtensionLayer::new(7_u64)))
                .get("/", show),
        )
        .test();
    client.get("/").send().assert_text("7");
}

#[test]
fn a_layer_wraps_one_handler_or_nothing_at_all() {
    let stamp = || {
        SetResponseHeaderLayer::overriding(http::header::SERVER, HeaderValue::from_static("onion"))
    };
    let client = App::new()
        .get("/one", (async || "").with(tower(stamp())))
        .get("/other", async || "")
        .with_if(false, tower(stamp()))
        .with(Some(tower(CorsLayer::permissive())).filter(|_| false))
        .test();
    client.get("/one").send().assert_header("server", "onion");
    let res = client.get("/other").send();
    assert_eq!((res.header("server"), res.header("vary")), (None, None));
}
