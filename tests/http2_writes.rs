//! HTTP/2 over real sockets: responses whose client takes nothing, or little, of one stream.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]
#![cfg(feature = "http2")]

mod wire;

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use cepa::prelude::*;
use cepa::{Outcome, Server};
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, RecvStream};
use tokio::sync::Notify;
use wire::Running;

const PATIENCE: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);
const LARGE: usize = 300_000;

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it happens in time")
}

/// A server with a short time for writes, and what became of its responses.
fn server(go: &Arc<Notify>) -> (Running, mpsc::Receiver<(String, Outcome)>) {
    let (tell, told) = mpsc::channel();
    let end = move |req: Request, next: Next| {
        let tell = tell.clone();
        async move {
            let path = req.path().to_owned();
            let mut res = next.run(req).await;
            res.on_end(move |outcome| drop(tell.send((path, outcome))));
            res
        }
    };
    let go = Arc::clone(go);
    let app = App::new()
        .with(end)
        .get("/small", async || "small")
        .get("/large", async || vec![b'x'; LARGE])
        .get("/slow", move || {
            let go = Arc::clone(&go);
            async move {
                go.notified().await;
                "slow"
            }
        });
    let server = Server::new(app).with_body_timeout(SHORT);
    (Running::start(server), told)
}

/// A client whose streams may take this many bytes before it says more.
async fn connect(server: &Running, window: u32) -> SendRequest<Bytes> {
    let socket = tokio::net::TcpStream::connect(server.addr).await.unwrap();
    let mut builder = h2::client::Builder::new();
    let (send, connection) = builder
        .initial_window_size(window)
        .initial_connection_window_size(1 << 30)
        .handshake(socket)
        .await
        .unwrap();
    tokio::spawn(connection);
    send
}

async fn begin(send: &SendRequest<Bytes>, path: &str) -> ResponseFuture {
    let mut send = soon(send.clone().ready()).await.unwrap();
    let req = http::Request::get(format!("http://localhost{path}"));
    send.send_request(req.body(()).unwrap(), true).unwrap().0
}

async fn body(send: &SendRequest<Bytes>, path: &str) -> RecvStream {
    let res = soon(begin(send, path).await).await.unwrap();
    res.into_body()
}

/// Reads to the end and makes room for more as it goes.
async fn drain(body: &mut RecvStream) -> Result<usize, h2::Error> {
    let mut all = 0;
    while let Some(bytes) = soon(body.data()).await {
        let count = bytes?.len();
        all += count;
        body.flow_control().release_capacity(count)?;
    }
    Ok(all)
}

/// Such a client would hold the response's memory for as long as it likes.
#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_stream_is_reset_beside_a_slow_handler_and_a_flowing_stream() {
    let go = Arc::new(Notify::new());
    let (server, told) = server(&go);
    let send = connect(&server, 20_000).await;
    let slow = begin(&send, "/slow").await;
    let start = Instant::now();
    let mut stalled = body(&send, "/large").await;
    // Another stream of the same connection flows all the while.
    let flowing = async {
        let mut rounds = 0;
        loop {
            assert_eq!(
                drain(&mut body(&send, "/large").await).await.unwrap(),
                LARGE
            );
            rounds += 1;
            tokio::time::sleep(SHORT / 20).await;
            match told.try_recv() {
                Ok((path, Outcome::Sent { .. })) => assert_eq!(path, "/large"),
                Ok((path, outcome)) => break (path, outcome, rounds),
                Err(_) => {}
            }
            assert!(start.elapsed() < PATIENCE, "it is not reset");
        }
    };
    let (path, outcome, rounds) = flowing.await;
    assert_eq!(path, "/large");
    assert!(matches!(outcome, Outcome::Cancelled { .. }), "{outcome:?}");
    assert!(
        start.elapsed() >= SHORT && rounds > 3,
        "{:?}",
        start.elapsed()
    );
    let reset = drain(&mut stalled).await.unwrap_err();
    assert!(reset.is_reset() && reset.is_remote(), "{reset:?}");
    assert_eq!(reset.reason(), Some(Reason::CANCEL));
    go.notify_one();
    let mut slow = soon(slow).await.unwrap().into_body();
    assert_eq!(soon(slow.data()).await.unwrap().unwrap(), "slow");
}

/// Its only piece is the last one.
#[tokio::test(flavor = "multi_thread")]
async fn a_small_response_to_a_closed_window_is_reset_too() {
    let (server, told) = server(&Arc::default());
    let send = connect(&server, 0).await;
    let start = Instant::now();
    let mut stalled = body(&send, "/small").await;
    let reset = drain(&mut stalled).await.unwrap_err();
    assert!(reset.is_reset(), "{reset:?}");
    assert!(start.elapsed() >= SHORT);
    let (_, outcome) = told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(outcome, Outcome::Cancelled { bytes: 5 });
}

/// A few bytes at a time are progress, although no piece is taken whole in the time.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_left_alone() {
    let (server, told) = server(&Arc::default());
    let send = connect(&server, 100).await;
    let mut slow = body(&send, "/large").await;
    let start = Instant::now();
    while start.elapsed() < 5 * SHORT {
        let count = soon(slow.data()).await.unwrap().unwrap().len();
        tokio::time::sleep(SHORT / 10).await;
        slow.flow_control().release_capacity(count).unwrap();
    }
    assert!(told.try_recv().is_err());
    // Once it hurries it gets the rest.
    drain(&mut slow).await.unwrap();
}

const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// `GET` of a path shorter than 127 bytes (RFC 7541, 6), by the static table and two literals.
fn request(stream: u32, path: &str) -> Vec<u8> {
    let mut head = vec![0x82, 0x86, 0x04, u8::try_from(path.len()).unwrap()];
    head.extend(path.bytes());
    head.extend(b"\x01\x09localhost");
    frame(1, 1 | 4, stream, &head)
}

/// By bare frames, on a connection whose pings are answered all the while.
#[test]
fn many_streams_with_closed_windows_are_each_reset_once() {
    use std::io::Read as _;

    let (server, told) = server(&Arc::default());
    let mut client = server.connect();
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    // SETTINGS_INITIAL_WINDOW_SIZE of 0 (RFC 9113, 6.5.2).
    client.send(frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]));
    client.send(request(1, "/slow"));
    let streams: Vec<u32> = (0..20).map(|n| 3 + 2 * n).collect();
    for &stream in &streams {
        let path = if stream % 4 == 1 { "/small" } else { "/large" };
        client.send(request(stream, path));
    }
    let start = Instant::now();
    let mut reset = Vec::new();
    while reset.len() < streams.len() {
        client.send(frame(PING, 0, 0, &[0; 8]));
        let mut head = [0; 9];
        client.stream.read_exact(&mut head).unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        client.stream.read_exact(&mut payload).unwrap();
        if head[3] == RST_STREAM {
            assert!(start.elapsed() >= SHORT, "{:?}", start.elapsed());
            assert_eq!(payload, [0, 0, 0, 8], "CANCEL");
            reset.push(u32::from_be_bytes([head[5], head[6], head[7], head[8]]));
        }
        assert!(start.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(2));
    }
    reset.sort_unstable();
    assert_eq!(reset, streams);
    for _ in &streams {
        let (_, outcome) = told.recv_timeout(PATIENCE).unwrap();
        assert!(matches!(outcome, Outcome::Cancelled { .. }), "{outcome:?}");
    }
    drop(client);
}
