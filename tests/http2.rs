//! HTTP/2 over real sockets: the streams of one connection, their limits, their end.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]
#![cfg(feature = "http2")]

mod wire;

use std::io::Read as _;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use cepa::prelude::*;
use cepa::{Outcome, Server, Stream};
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, SendStream};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use wire::Running;

const PATIENCE: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);

/// A client of one connection.
struct Peer {
    send: SendRequest<Bytes>,
    ping: h2::PingPong,
    connection: JoinHandle<Result<(), h2::Error>>,
}

type Whole = Result<(u16, String), h2::Error>;

/// Fails a test that hangs.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it happens in time")
}

async fn connect(server: &Running) -> Peer {
    let socket = TcpStream::connect(server.addr).await.unwrap();
    let (send, mut connection) = h2::client::handshake(socket).await.unwrap();
    let ping = connection.ping_pong().unwrap();
    let connection = tokio::spawn(connection);
    Peer {
        send,
        ping,
        connection,
    }
}

impl Peer {
    /// Begins a request; the first stream waits for the server's settings.
    async fn begin(
        &mut self,
        method: &str,
        path: &str,
        ends: bool,
    ) -> Result<(ResponseFuture, SendStream<Bytes>), h2::Error> {
        let uri = format!("http://localhost{path}");
        let req = http::Request::builder().method(method).uri(uri);
        self.send(req.body(()).unwrap(), ends).await
    }

    async fn send(
        &mut self,
        req: http::Request<()>,
        ends: bool,
    ) -> Result<(ResponseFuture, SendStream<Bytes>), h2::Error> {
        let mut send = soon(self.send.clone().ready()).await?;
        send.send_request(req, ends)
    }

    async fn get(&mut self, path: &str) -> Whole {
        let (res, _) = self.begin("GET", path, true).await?;
        whole(res).await
    }

    /// Until the server has seen everything that was sent before.
    async fn ping(&mut self) -> Result<(), h2::Error> {
        soon(self.ping.ping(h2::Ping::opaque())).await.map(drop)
    }
}

/// All of a response.
async fn whole(res: ResponseFuture) -> Whole {
    let (head, mut body) = soon(res).await?.into_parts();
    let mut all = Vec::new();
    while let Some(chunk) = soon(body.data()).await {
        let chunk = chunk?;
        all.extend_from_slice(&chunk);
        body.flow_control().release_capacity(chunk.len())?;
    }
    Ok((head.status.as_u16(), String::from_utf8(all).unwrap()))
}

/// Says when a handler began, holds it until told, and says when it was dropped.
#[derive(Clone, Default)]
struct Gate {
    begun: Arc<Notify>,
    go: Arc<Notify>,
    dropped: Arc<Notify>,
}

struct Dropped(Arc<Notify>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

fn app(gate: &Gate) -> App {
    let gate = gate.clone();
    App::new()
        .get("/", async |Host(host): Host| host)
        .get("/panic", async || -> String { panic!("on purpose") })
        .post("/", async |body: Bytes| body.len().to_string())
        .get("/gate", move || {
            let (gate, guard) = (gate.clone(), Dropped(gate.dropped.clone()));
            async move {
                gate.begun.notify_one();
                gate.go.notified().await;
                drop(guard);
                "through"
            }
        })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_panic_in_one_stream_leaves_the_others_alone() {
    let gate = Gate::default();
    let server = Running::start(Server::new(app(&gate)));
    let mut peer = connect(&server).await;
    let (held, _) = peer.begin("GET", "/gate", true).await.unwrap();
    soon(gate.begun.notified()).await;
    let (status, body) = peer.get("/panic").await.unwrap();
    assert_eq!(status, 500);
    assert!(!body.contains("on purpose"), "{body}");
    assert_eq!(peer.get("/").await.unwrap(), (200, "localhost".into()));
    gate.go.notify_one();
    assert_eq!(whole(held).await.unwrap(), (200, "through".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_reset_stream_drops_its_handler_and_no_other() {
    let gate = Gate::default();
    let server = Running::start(Server::new(app(&gate)));
    let mut peer = connect(&server).await;
    let (left, mut request) = peer.begin("GET", "/gate", true).await.unwrap();
    soon(gate.begun.notified()).await;
    request.send_reset(Reason::CANCEL);
    soon(gate.dropped.notified()).await;
    assert_eq!(left.await.unwrap_err().reason(), Some(Reason::CANCEL));
    let (held, _) = peer.begin("GET", "/gate", true).await.unwrap();
    soon(gate.begun.notified()).await;
    gate.go.notify_one();
    assert_eq!(whole(held).await.unwrap(), (200, "through".into()));
}

/// A stream whose items the test sends.
struct Items(tokio::sync::mpsc::UnboundedReceiver<&'static str>);

impl futures_core::Stream for Items {
    type Item = Result<Bytes, Error>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let item = self.0.poll_recv(cx);
        item.map(|item| item.map(|item| Ok(Bytes::from(item))))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_client_that_leaves_a_streamed_response_cancels_it_once() {
    let (tell, told) = mpsc::channel();
    let (open, mut opened) = tokio::sync::mpsc::unbounded_channel();
    let end = move |req: Request, next: Next| {
        let tell = tell.clone();
        async move {
            let mut res = next.run(req).await;
            res.on_end(move |outcome| tell.send(outcome).unwrap());
            res
        }
    };
    let app = App::new().with(end).get("/", move || {
        let (send, items) = tokio::sync::mpsc::unbounded_channel();
        open.send(send).unwrap();
        async { Stream(Items(items)) }
    });
    let server = Running::start(Server::new(app));
    for reset in [true, false] {
        let mut peer = connect(&server).await;
        let (res, mut request) = peer.begin("GET", "/", true).await.unwrap();
        let items = soon(opened.recv()).await.unwrap();
        items.send("one").unwrap();
        let mut res = soon(res).await.unwrap();
        let one = soon(res.body_mut().data()).await.unwrap().unwrap();
        assert_eq!(&one[..], b"one");
        if reset {
            request.send_reset(Reason::CANCEL);
        } else {
            peer.connection.abort();
        }
        soon(items.closed()).await;
        assert_eq!(
            told.recv_timeout(PATIENCE).unwrap(),
            Outcome::Cancelled { bytes: 3 }
        );
    }
    server.stop().unwrap();
    assert!(told.try_recv().is_err());
}

/// Neither pings nor the bodies of other streams count as bytes of this one.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_body_that_stalls_is_a_408_whatever_else_comes() {
    let gate = Gate::default();
    let server = Running::start(Server::new(app(&gate)).with_body_timeout(SHORT));
    let mut peer = connect(&server).await;
    let (stalled, mut request) = peer.begin("POST", "/", false).await.unwrap();
    request
        .send_data(Bytes::from_static(b"half"), false)
        .unwrap();
    let (flowing, mut flow) = peer.begin("POST", "/", false).await.unwrap();
    let start = Instant::now();
    let mut bytes = 0;
    let stalled = tokio::spawn(whole(stalled));
    while !stalled.is_finished() && start.elapsed() < PATIENCE / 4 {
        flow.send_data(Bytes::from_static(b"x"), false).unwrap();
        bytes += 1;
        peer.ping().await.unwrap();
        tokio::time::sleep(SHORT / 10).await;
    }
    assert!(start.elapsed() >= SHORT && stalled.is_finished());
    assert_eq!(stalled.await.unwrap().unwrap().0, 408);
    flow.send_data(Bytes::new(), true).unwrap();
    assert_eq!(whole(flowing).await.unwrap(), (200, bytes.to_string()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_body_larger_than_its_limit_is_a_413() {
    let server = Running::start(Server::new(app(&Gate::default())).with_body_limit(1_000));
    let mut peer = connect(&server).await;
    let told = http::Request::post("http://localhost/").header("content-length", 1_001);
    let (res, _open) = peer.send(told.body(()).unwrap(), false).await.unwrap();
    assert_eq!(whole(res).await.unwrap().0, 413);
    let (res, mut body) = peer.begin("POST", "/", false).await.unwrap();
    body.send_data(vec![b'x'; 600].into(), false).unwrap();
    body.send_data(vec![b'x'; 600].into(), false).unwrap();
    assert_eq!(whole(res).await.unwrap().0, 413);
    let (res, mut body) = peer.begin("POST", "/", false).await.unwrap();
    body.send_data(vec![b'x'; 1_000].into(), true).unwrap();
    assert_eq!(whole(res).await.unwrap(), (200, "1000".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_graceful_stop_finishes_the_streams_in_flight_and_takes_no_more() {
    let gate = Gate::default();
    let server = Running::start(Server::new(app(&gate)));
    let mut peer = connect(&server).await;
    let (held, _) = peer.begin("GET", "/gate", true).await.unwrap();
    soon(gate.begun.notified()).await;
    server.begin_stop();
    // The client learns of it by GOAWAY and opens no more streams.
    let start = Instant::now();
    let refused = loop {
        assert!(start.elapsed() < PATIENCE);
        match peer.get("/").await {
            Ok(answer) => assert_eq!(answer.0, 200),
            Err(error) => break error,
        }
    };
    assert!(refused.is_go_away() && refused.is_remote(), "{refused:?}");
    assert_eq!(refused.reason(), Some(Reason::NO_ERROR));
    gate.go.notify_one();
    assert_eq!(whole(held).await.unwrap(), (200, "through".into()));
    drop(peer.send);
    soon(peer.connection).await.unwrap().unwrap();
    server.stop().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_limit_of_streams_is_announced() {
    let server = || Server::new(app(&Gate::default()));
    for (server, limit) in [(server(), 100), (server().with_stream_limit(7), 7)] {
        let server = Running::start(server);
        let mut peer = connect(&server).await;
        assert_eq!(peer.get("/").await.unwrap().0, 200);
        assert_eq!(peer.send.current_max_send_streams(), limit);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn pings_do_not_keep_an_idle_connection_open() {
    let server = Server::new(app(&Gate::default())).with_idle_timeout(SHORT);
    let server = Running::start(server);
    let mut peer = connect(&server).await;
    assert_eq!(peer.get("/").await.unwrap().0, 200);
    let start = Instant::now();
    while peer.ping().await.is_ok() {
        assert!(start.elapsed() < PATIENCE / 4, "still open");
        tokio::time::sleep(SHORT / 10).await;
    }
    assert!(start.elapsed() >= SHORT, "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_host_is_named_once_and_well() {
    let server = Running::start(Server::new(app(&Gate::default())));
    let mut peer = connect(&server).await;
    // `:authority`, `Host`, the status.
    let rows = [
        (Some("localhost:80"), None, 200),
        (Some("localhost"), Some("localhost"), 200),
        (Some("localhost"), Some("LOCALHOST"), 200),
        (None, Some("localhost"), 200),
        (None, None, 400),
        (Some("user@localhost"), None, 400),
        (Some("a!b"), None, 400),
        (Some("localhost"), Some("a b"), 400),
        (Some("localhost"), Some("other"), 400),
        (None, Some(""), 400),
    ];
    for (authority, host, status) in rows {
        let mut req = http::Request::get(match authority {
            Some(authority) => format!("http://{authority}/"),
            None => "/".to_owned(),
        });
        if authority.is_none() {
            // Only what is passed on from HTTP/1.1 may come without one.
            req = req.version(http::Version::HTTP_11);
        }
        if let Some(host) = host {
            req = req.header("host", host);
        }
        let (res, _) = peer.send(req.body(()).unwrap(), true).await.unwrap();
        let answer = whole(res).await.unwrap();
        assert_eq!(answer.0, status, "{authority:?} {host:?}: {}", answer.1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn heads_above_a_limit_are_a_431() {
    let server = Running::start(Server::new(app(&Gate::default())).with_head_limit(8 * 1024));
    let mut peer = connect(&server).await;
    // Headers, bytes in each, the status.
    for (count, bytes, status) in [(100, 1, 200), (101, 1, 431), (1, 9_000, 431)] {
        let mut req = http::Request::get("http://localhost/");
        for number in 0..count {
            req = req.header(format!("h{number}"), "v".repeat(bytes));
        }
        let (res, _) = peer.send(req.body(()).unwrap(), true).await.unwrap();
        assert_eq!(whole(res).await.unwrap().0, status, "{count} x {bytes}");
    }
    assert_eq!(peer.get("/").await.unwrap().0, 200);

    let server = Running::start(Server::new(app(&Gate::default())));
    let mut peer = connect(&server).await;
    let path = format!("/{}", "a".repeat(9_000));
    assert_eq!(peer.get(&path).await.unwrap().0, 414);
}

/// A client that writes and reads bare frames (RFC 9113, 4.1).
struct Raw(wire::Client);

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A request for a path that is no longer than 127 bytes.
fn request(stream: u32, path: &str) -> Vec<u8> {
    let length = |text: &str| u8::try_from(text.len()).unwrap();
    // `GET` and `http` of the static table, literal `:path` and `:authority` (RFC 7541, 6).
    let mut head = vec![0x82, 0x86, 0x04, length(path)];
    head.extend(path.bytes());
    head.extend([0x01, 9]);
    head.extend(b"localhost");
    let (end_stream, end_headers) = (1, 4);
    frame(HEADERS, end_stream | end_headers, stream, &head)
}

impl Raw {
    fn connect(server: &Running) -> Self {
        let mut client = server.connect();
        client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        client.send(frame(SETTINGS, 0, 0, &[]));
        Self(client)
    }

    /// Reads up to a frame of this kind: its stream and its payload.
    fn read(&mut self, kind: u8) -> (u32, Vec<u8>) {
        loop {
            let mut start = [0; 9];
            self.0.stream.read_exact(&mut start).unwrap();
            let length = u32::from_be_bytes([0, start[0], start[1], start[2]]);
            let mut payload = vec![0; length as usize];
            self.0.stream.read_exact(&mut payload).unwrap();
            if start[3] == kind {
                let stream = u32::from_be_bytes([start[5], start[6], start[7], start[8]]);
                return (stream, payload);
            }
        }
    }
}

#[test]
fn streams_above_the_limit_are_refused() {
    let server = Server::new(app(&Gate::default())).with_stream_limit(1);
    let server = Running::start(server);
    let mut client = Raw::connect(&server);
    client.0.send(request(1, "/gate"));
    client.0.send(request(3, "/"));
    let (stream, reason) = client.read(RST_STREAM);
    // REFUSED_STREAM (RFC 9113, 7): it may be asked again.
    assert_eq!((stream, &reason[..]), (3, &[0, 0, 0, 7][..]));
}

/// A thousand requests, each reset at once: the attack known as rapid reset.
#[test]
fn rapid_resets_end_their_connection_and_no_other() {
    let server = Running::start(Server::new(app(&Gate::default())));
    let mut other = server.connect();
    let mut client = Raw::connect(&server);
    let mut bytes = Vec::new();
    for stream in (1..2_000).step_by(2) {
        bytes.extend(request(stream, "/"));
        bytes.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
    }
    client.0.send(bytes);
    let (_, payload) = client.read(GOAWAY);
    // ENHANCE_YOUR_CALM (RFC 9113, 7).
    assert_eq!(payload[4..8], [0, 0, 0, 0xb]);
    client.0.read_all_bytes();
    other.send(wire::head("GET / HTTP/1.1"));
    assert!(other.read_response().ends_with("localhost"));
    server.stop().unwrap();
}

/// Such a client may be behind a link that is gone; its connection carries nothing.
#[test]
fn a_client_that_does_not_answer_holds_no_stop_up() {
    let server = Server::new(app(&Gate::default())).with_head_timeout(SHORT);
    let server = Running::start(server.with_stop_timeout(PATIENCE));
    let mut client = Raw::connect(&server);
    client.0.send(request(1, "/"));
    client.read(HEADERS);
    let start = Instant::now();
    server.stop().unwrap();
    assert!(start.elapsed() < PATIENCE / 2, "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn options_of_the_server_as_a_whole_are_a_204() {
    let server = Running::start(Server::new(app(&Gate::default())));
    let mut client = server.connect();
    client.send(wire::head("OPTIONS * HTTP/1.1"));
    let answer = client.read_response();
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    assert!(answer.contains("\r\nallow: GET, "), "{answer}");
    client.send(wire::head("GET * HTTP/1.1"));
    assert!(!client.read_response().starts_with("HTTP/1.1 2"));
}
