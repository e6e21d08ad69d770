//! Layers and services behind this crate's own server, on real sockets.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use cepa::prelude::*;
use cepa::tower::{tower, tower_service};
use cepa::{BoundServer, Outcome, Server, http};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower_http::services::ServeDir;
use tower_http::trace::TraceLayer;

type Ends = Arc<Mutex<Vec<Outcome>>>;

/// Serves the app, and notes how its responses ended.
async fn serve(app: App) -> (SocketAddr, Ends) {
    let ends = Ends::default();
    let log = ends.clone();
    let note = move |req: Request, next: Next| {
        let log = log.clone();
        async move {
            let mut res = next.run(req).await;
            res.on_end(move |outcome| log.lock().unwrap().push(outcome));
            res
        }
    };
    let app = App::new().with(note).mount("/", app);
    let server: BoundServer = Server::new(app).tcp("127.0.0.1:0").bind().await.unwrap();
    let addr = server.local_addrs()[0];
    tokio::spawn(server.serve());
    (addr, ends)
}

async fn ask(addr: SocketAddr, req: http::request::Builder) -> (u16, cepa::Bytes) {
    let socket = tokio::net::TcpStream::connect(addr).await.unwrap();
    let (mut client, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket))
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let req = req
        .header("host", "x")
        .body(Full::<cepa::Bytes>::default())
        .unwrap();
    let res = client.send_request(req).await.unwrap();
    let status = res.status().as_u16();
    let body = res.into_body().collect().await.unwrap().to_bytes();
    drop(client);
    connection.await.unwrap().unwrap();
    (status, body)
}

#[tokio::test]
async fn a_file_of_a_folder_is_sent_to_its_end() {
    let dir = std::env::temp_dir().join(format!("cepa-served-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let content = "0123456789".repeat(100_000);
    std::fs::write(dir.join("a.txt"), &content).unwrap();
    let (addr, ends) = serve(App::new().mount("/x", tower_service(ServeDir::new(&dir)))).await;
    let (status, body) = ask(addr, http::Request::get("/x/a.txt")).await;
    assert_eq!((status, body.len()), (200, content.len()));
    assert_eq!(*ends.lock().unwrap(), [Outcome::Sent { bytes: 1_000_000 }]);
    ends.lock().unwrap().clear();
    ask(addr, http::Request::head("/x/a.txt")).await;
    assert_eq!(*ends.lock().unwrap(), [Outcome::Sent { bytes: 0 }]);
    std::fs::remove_dir_all(&dir).unwrap();
}

#[tokio::test]
async fn the_peer_of_a_connection_is_known_to_layers_and_services() {
    fn peer(extensions: &http::Extensions) -> String {
        extensions.get::<SocketAddr>().unwrap().ip().to_string()
    }
    let seen = axum::Router::new().route(
        "/",
        axum::routing::get(async |req: axum::extract::Request| peer(req.extensions())),
    );
    let tell = tower::util::MapRequestLayer::new(|mut req: http::Request<Body>| {
        let peer = peer(req.extensions()).parse().unwrap();
        req.headers_mut().insert("x-peer", peer);
        req
    });
    let app = App::new()
        .with(tower(tell))
        .get("/", async |req: Request| {
            req.header("x-peer").unwrap().to_owned()
        })
        .mount("/axum", tower_service(seen));
    let (addr, _) = serve(app).await;
    for path in ["/", "/axum"] {
        assert_eq!(ask(addr, http::Request::get(path)).await.1, "127.0.0.1");
    }
}

/// The connection is handed over among the extensions, through layers, to a service.
#[tokio::test]
async fn a_mounted_service_upgrades_its_connection() {
    let echo = async |mut req: axum::extract::Request| {
        let upgrade = hyper::upgrade::on(&mut req);
        tokio::spawn(async move {
            let mut io = TokioIo::new(upgrade.await.unwrap());
            let mut bytes = [0; 5];
            io.read_exact(&mut bytes).await.unwrap();
            io.write_all(&bytes.map(|byte| byte.to_ascii_uppercase()))
                .await
                .unwrap();
        });
        (
            StatusCode::SWITCHING_PROTOCOLS,
            [("connection", "upgrade"), ("upgrade", "shout")],
        )
    };
    let router = axum::Router::new().route("/", axum::routing::get(echo));
    let layer = tower(TraceLayer::new_for_http());
    let (addr, _) = serve(App::new().with(layer).mount("/x", tower_service(router))).await;
    let mut socket = tokio::net::TcpStream::connect(addr).await.unwrap();
    let head = "GET /x HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: shout\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(socket.read_u8().await.unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "));
    socket.write_all(b"hello").await.unwrap();
    let mut shouted = [0; 5];
    socket.read_exact(&mut shouted).await.unwrap();
    assert_eq!(&shouted, b"HELLO");
}
