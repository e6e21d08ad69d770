//! An app inside of others: axum, tower's own tools, hyper.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use cepa::prelude::*;
use cepa::{AppService, Outcome, http};
use http_body_util::{BodyExt, Full};
use tower::{Service, ServiceExt};

async fn seen(req: Request) -> String {
    format!("{} {}", req.method(), req.uri())
}

fn app() -> App {
    App::new()
        .get("/", seen)
        .get("/users/{id}", async |Path(id): Path<u64>| id.to_string())
        .post("/echo", async |body: String| body)
        .get("/peer", async |ClientAddr(addr): ClientAddr| {
            addr.to_string()
        })
}

fn service() -> AppService {
    app().build().unwrap()
}

async fn ask<S, B>(service: S, req: http::Request<axum::body::Body>) -> (u16, String)
where
    S: Service<http::Request<axum::body::Body>, Response = http::Response<B>, Error = Infallible>,
    B: http_body_util::BodyExt<Error: std::fmt::Debug>,
{
    let res = service.oneshot(req).await.unwrap();
    let status = res.status().as_u16();
    let bytes = res.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

fn get(path: &str) -> http::Request<axum::body::Body> {
    http::Request::get(path)
        .body(axum::body::Body::empty())
        .unwrap()
}

#[tokio::test]
async fn an_app_is_nested_in_axum_and_is_its_fallback() {
    let router = axum::Router::new()
        .route("/axum", axum::routing::get(async || "axum"))
        .nest_service("/cepa", service())
        .fallback_service(service());
    let rows = [
        ("/axum", 200, "axum"),
        ("/cepa", 200, "GET /"),
        ("/cepa/users/7", 200, "7"),
        ("/users/8", 200, "8"),
    ];
    for (path, status, text) in rows {
        let answer = ask(router.clone(), get(path)).await;
        assert_eq!(answer, (status, text.to_owned()), "{path}");
    }
    assert_eq!(ask(router.clone(), get("/cepa/users/x")).await.0, 400);
    assert_eq!(ask(router.clone(), get("/cepa/no")).await.0, 404);
    let echo = http::Request::post("/cepa/echo")
        .body("hello".into())
        .unwrap();
    assert_eq!(ask(router, echo).await.1, "hello");
}

#[tokio::test]
async fn layers_of_tower_wrap_a_service_from_outside() {
    let wrapped = tower::ServiceBuilder::new()
        .layer(tower_http::trace::TraceLayer::new_for_http())
        .layer(tower_http::compression::CompressionLayer::new())
        .service(service());
    assert_eq!(ask(wrapped, get("/users/7")).await.1, "7");
}

#[tokio::test]
async fn the_peer_is_an_extension_or_given_with_the_connection() {
    let peer = SocketAddr::from(([192, 0, 2, 7], 1234));
    let mut req = get("/peer");
    req.extensions_mut().insert(peer);
    assert_eq!(ask(service(), req).await.1, "192.0.2.7");
    let connected = service().for_connection(Some(peer), false);
    assert_eq!(ask(connected, get("/peer")).await.1, "192.0.2.7");
    assert_eq!(ask(service(), get("/peer")).await.1, "127.0.0.1");
}

/// What is the peer's address for us is it for the service inside of us.
#[tokio::test]
async fn the_peer_is_an_extension_for_services_inside() {
    let show = tower::service_fn(async |req: http::Request<Body>| {
        let peer = req
            .extensions()
            .get::<SocketAddr>()
            .map(ToString::to_string);
        Ok::<_, Infallible>(http::Response::new(Body::from(peer.unwrap_or_default())))
    });
    let app = App::new()
        .mount("/x", cepa::tower::tower_service(show))
        .build()
        .unwrap();
    let peer = SocketAddr::from(([192, 0, 2, 7], 1234));
    assert_eq!(
        ask(app.for_connection(Some(peer), false), get("/x")).await.1,
        "192.0.2.7:1234"
    );
}

fn with_ends() -> (AppService, Arc<Mutex<Vec<Outcome>>>) {
    let ends = Arc::new(Mutex::new(Vec::new()));
    let log = ends.clone();
    let note = move |req: Request, next: Next| {
        let log = log.clone();
        async move {
            let mut res = next.run(req).await;
            res.on_end(move |outcome| log.lock().unwrap().push(outcome));
            res
        }
    };
    (app().with(note).build().unwrap(), ends)
}

#[tokio::test]
async fn end_hooks_are_called_by_the_body_for_other_servers() {
    let (service, ends) = with_ends();
    ask(service.clone(), get("/users/12")).await;
    assert_eq!(*ends.lock().unwrap(), [Outcome::Sent { bytes: 2 }]);
    ends.lock().unwrap().clear();
    drop(service.clone().oneshot(get("/users/12")).await.unwrap());
    assert_eq!(*ends.lock().unwrap(), [Outcome::Cancelled { bytes: 0 }]);
    ends.lock().unwrap().clear();
    let head = http::Request::head("/users/12")
        .body(axum::body::Body::empty())
        .unwrap();
    let res = service.oneshot(head).await.unwrap();
    assert_eq!(res.headers()["content-length"], "2");
    assert!(res.into_body().collect(9).await.unwrap().is_empty());
    assert_eq!(*ends.lock().unwrap(), [Outcome::Sent { bytes: 0 }]);
}

/// hyper's own server serves the service as it is, a handle of its own for each connection.
#[tokio::test]
async fn an_app_is_a_service_of_hyper() {
    use hyper_util::rt::TokioIo;
    let (service, ends) = with_ends();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (socket, peer) = listener.accept().await.unwrap();
        let service = service.for_connection(Some(peer), false);
        let connection = hyper::server::conn::http1::Builder::new();
        connection
            .serve_connection(TokioIo::new(socket), service)
            .await
    });
    let socket = tokio::net::TcpStream::connect(addr).await.unwrap();
    let (mut client, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket))
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let echo = http::Request::post("/echo")
        .header("host", "x")
        .body(Full::new(cepa::Bytes::from("hello")))
        .unwrap();
    let res = client.send_request(echo).await.unwrap();
    assert_eq!(res.headers()["content-length"], "5");
    assert_eq!(res.into_body().collect().await.unwrap().to_bytes(), "hello");
    let peer = http::Request::get("/peer")
        .header("host", "x")
        .body(Full::default())
        .unwrap();
    let res = client.send_request(peer).await.unwrap();
    assert_eq!(
        res.into_body().collect().await.unwrap().to_bytes(),
        "127.0.0.1"
    );
    drop(client);
    connection.await.unwrap().unwrap();
    server.await.unwrap().unwrap();
    let sent = [Outcome::Sent { bytes: 5 }, Outcome::Sent { bytes: 9 }];
    assert_eq!(*ends.lock().unwrap(), sent);
}

/// Round and round: an app in axum in an app.
#[test]
fn an_app_in_axum_in_an_app_sees_its_own_path() {
    let router = axum::Router::new().nest_service("/b", service());
    let client = App::new()
        .mount("/a", cepa::tower::tower_service(router))
        .test();
    client.get("/a/b/users/7").send().assert_text("7");
    client.get("/a/b").send().assert_text("GET /");
}
