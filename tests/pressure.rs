//! Clients that take or send more than they should: what waits for them stays small.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

#[cfg(target_os = "linux")]
mod memory;
mod wire;

use std::io::{Read as _, Write as _};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use cepa::prelude::*;
use cepa::{Outcome, Server, Stream};
#[cfg(target_os = "linux")]
use memory::resident;
use tokio::sync::Notify;
use wire::{Running, head};

const PATIENCE: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);
const CHUNK: usize = 64 * 1024;
/// What the buffers of two sockets may hold, and ours.
const FEW: usize = 16 * 1024 * 1024;
const BIG: usize = 20_000_000;

/// 512 MiB, made as they are asked for.
struct Endless {
    chunk: Bytes,
    made: Arc<AtomicUsize>,
}

impl futures_core::Stream for Endless {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let made = self.made.fetch_add(CHUNK, Ordering::SeqCst);
        Poll::Ready((made < 512 * 1024 * 1024).then(|| Ok(self.chunk.clone())))
    }
}

/// A server of large things, what it made of them, and how each response ended.
struct Fixture {
    server: Running,
    made: Arc<AtomicUsize>,
    told: mpsc::Receiver<Outcome>,
}

fn start(configure: impl FnOnce(Server) -> Server) -> Fixture {
    let (tell, told) = mpsc::channel();
    let made = Arc::new(AtomicUsize::new(0));
    let (big, chunk) = (Bytes::from(vec![b'x'; BIG]), Bytes::from(vec![b'x'; CHUNK]));
    let (count, asked) = (made.clone(), made.clone());
    let end = move |req: Request, next: Next| {
        let tell = tell.clone();
        async move {
            let mut res = next.run(req).await;
            // Nobody listens once the test is over.
            res.on_end(move |outcome| tell.send(outcome).unwrap_or(()));
            res
        }
    };
    let app = App::new()
        .with(end)
        .get("/big", move || {
            asked.fetch_add(1, Ordering::SeqCst);
            let big = big.clone();
            async move { big }
        })
        .get("/endless", move || {
            let (chunk, made) = (chunk.clone(), count.clone());
            async move { Stream(Endless { chunk, made }) }
        });
    let server = Running::start(configure(Server::new(app)));
    Fixture { server, made, told }
}

/// The connection is let go after its time, so what was made by then is all that ever is.
#[test]
fn a_stream_that_is_not_taken_is_not_made_ahead() {
    let Fixture { server, made, told } = start(|server| server.with_body_timeout(SHORT));
    let mut client = server.connect();
    client.send(head("GET /endless HTTP/1.1"));
    let outcome = told.recv_timeout(PATIENCE).unwrap();
    assert!(
        matches!(outcome, Outcome::Cancelled { bytes } if bytes > 0),
        "{outcome:?}"
    );
    assert!(made.load(Ordering::SeqCst) < FEW, "{made:?}");
    assert!(client.read_all_bytes().len() < FEW);
    server.stop().unwrap();
    assert!(told.try_recv().is_err());
}

/// Neither the idle timeout nor the body timeout is for the whole of a response.
#[test]
fn a_large_response_may_be_taken_slowly() {
    let Fixture { server, .. } = start(|server| {
        let server = server.with_idle_timeout(SHORT);
        server.with_body_timeout(SHORT)
    });
    let mut client = server.connect();
    client.send("GET /big HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let start = Instant::now();
    let mut bytes = vec![0; 256 * 1024];
    let mut taken = 0;
    loop {
        let count = client.stream.read(&mut bytes).unwrap();
        if count == 0 {
            break;
        }
        taken += count;
        std::thread::sleep(SHORT / 20);
    }
    assert!(taken > BIG && start.elapsed() > SHORT * 2, "{taken} bytes");
}

#[cfg(target_os = "linux")]
fn many_take_nothing(count: usize, allowed: usize) {
    let Fixture { server, made, .. } = start(|server| server);
    let before = resident();
    let clients: Vec<_> = (0..count)
        .map(|_| {
            let mut client = server.connect();
            client.send(head("GET /big HTTP/1.1"));
            client
        })
        .collect();
    let start = Instant::now();
    while made.load(Ordering::SeqCst) < clients.len() {
        assert!(start.elapsed() < PATIENCE, "{made:?} responses");
        std::thread::sleep(SHORT / 20);
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < allowed, "{} KiB", grown / 1024);
}

/// Both ends are in this process, so the number fits a limit of 1,024 descriptors.
#[cfg(target_os = "linux")]
#[test]
fn clients_that_take_nothing_hold_little() {
    many_take_nothing(400, 64 * 1024 * 1024);
}

/// `sh -c 'ulimit -n 12000; cargo test --release --test pressure -- --ignored'`
#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs 12,000 descriptors and gigabytes of socket buffers"]
fn thousands_of_clients_that_take_nothing_hold_little() {
    many_take_nothing(5_000, 512 * 1024 * 1024);
}

/// A handler that reads a piece of the body and then waits; it says what it was sent.
fn reluctant(go: &Arc<Notify>) -> App {
    let go = go.clone();
    App::new().post("/", move |mut body: Body| {
        let go = go.clone();
        async move {
            body.chunk().await;
            go.notified().await;
            "enough"
        }
    })
}

#[test]
fn a_client_that_sends_faster_than_is_read_is_held_back() {
    let go = Arc::new(Notify::new());
    let server = Running::start(Server::new(reluctant(&go)));
    let mut client = server.connect();
    let length = 512 * 1024 * 1024;
    client.send(format!(
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n"
    ));
    client.stream.set_write_timeout(Some(SHORT)).unwrap();
    let mut sent = 0;
    let held = loop {
        match client.stream.write(&[b'x'; CHUNK]) {
            Ok(count) => sent += count,
            Err(error) => break error,
        }
        assert!(sent < FEW, "{sent} bytes");
    };
    assert_eq!(held.kind(), std::io::ErrorKind::WouldBlock);
    go.notify_one();
    assert!(client.read_response().ends_with("enough"));
}

#[cfg(feature = "http2")]
mod http2 {
    use h2::client::{ResponseFuture, SendRequest};
    use tokio::net::TcpStream;

    use super::*;

    async fn soon<T>(future: impl Future<Output = T>) -> T {
        tokio::time::timeout(PATIENCE, future)
            .await
            .expect("it happens in time")
    }

    async fn connect(server: &Running) -> SendRequest<Bytes> {
        let socket = TcpStream::connect(server.addr).await.unwrap();
        let (send, connection) = h2::client::handshake(socket).await.unwrap();
        tokio::spawn(connection);
        send
    }

    async fn ask(send: SendRequest<Bytes>, path: &str) -> ResponseFuture {
        let req = http::Request::get(format!("http://localhost{path}"));
        let mut send = send.ready().await.unwrap();
        send.send_request(req.body(()).unwrap(), true).unwrap().0
    }

    /// By a window that stays shut, though the socket is read (RFC 9113, 6.9).
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_response_that_is_not_taken_is_not_made_ahead() {
        for path in ["/endless", "/big"] {
            let Fixture { server, made, told } = start(|server| server.with_body_timeout(SHORT));
            let res = ask(connect(&server).await, path).await;
            let mut res = soon(res).await.unwrap();
            let begun = Instant::now();
            let outcome = told.recv_timeout(PATIENCE).unwrap();
            let few = matches!(outcome, Outcome::Cancelled { bytes } if bytes < 1_000_000);
            assert!(few, "{path}: {outcome:?}");
            assert!(begun.elapsed() < PATIENCE / 2);
            assert!(made.load(Ordering::SeqCst) < 1_000_000, "{made:?}");
            // The window's worth of bytes came, then the end.
            while soon(res.body_mut().data())
                .await
                .is_some_and(|data| data.is_ok())
            {}
            server.stop().unwrap();
            assert!(told.try_recv().is_err());
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_large_response_may_be_taken_slowly() {
        let Fixture { server, told, .. } = start(|server| {
            let server = server.with_idle_timeout(SHORT);
            server.with_body_timeout(SHORT)
        });
        let send = connect(&server).await;
        let mut res = soon(ask(send.clone(), "/big").await).await.unwrap();
        let start = Instant::now();
        let (mut taken, mut held) = (0, 0);
        while taken < BIG {
            let data = soon(res.body_mut().data()).await.unwrap().unwrap();
            taken += data.len();
            held += data.len();
            if start.elapsed() > SHORT * 2 || held > 32 * 1024 {
                let flow = res.body_mut().flow_control();
                flow.release_capacity(std::mem::take(&mut held)).unwrap();
            }
            if start.elapsed() < SHORT * 2 {
                tokio::time::sleep(SHORT / 20).await;
            }
        }
        let outcome = told.recv_timeout(PATIENCE).unwrap();
        assert_eq!(outcome, Outcome::Sent { bytes: BIG as u64 });
        assert!(start.elapsed() > SHORT * 2);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_client_that_sends_faster_than_is_read_is_held_back() {
        let go = Arc::new(Notify::new());
        let server = Running::start(Server::new(reluctant(&go)));
        let mut send = connect(&server).await.ready().await.unwrap();
        let req = http::Request::post("http://localhost/").body(()).unwrap();
        let (res, mut body) = send.send_request(req, false).unwrap();
        let mut sent = 0;
        loop {
            body.reserve_capacity(CHUNK);
            let window = std::future::poll_fn(|cx| body.poll_capacity(cx));
            let Ok(window) = tokio::time::timeout(SHORT, window).await else {
                break;
            };
            let size = window.unwrap().unwrap();
            body.send_data(vec![b'x'; size].into(), false).unwrap();
            sent += size;
            assert!(sent < FEW, "{sent} bytes");
        }
        go.notify_one();
        assert_eq!(soon(res).await.unwrap().status(), 200);
    }
}
