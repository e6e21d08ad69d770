//! Each timeout of the server against one slow client, over real sockets.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod wire;

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use cepa::Server;
use cepa::prelude::*;
use wire::{Running, head};

const SHORT: Duration = Duration::from_millis(200);
/// Later than any timeout under test, early enough to fail a test that waits for a default.
const LONG: Duration = Duration::from_secs(5);

fn app() -> App {
    let big = Bytes::from(vec![b'x'; 20_000_000]);
    App::new()
        .get("/", async || "hi")
        .get("/big", move || {
            let big = big.clone();
            async move { big }
        })
        .get("/slow", async || {
            tokio::time::sleep(Duration::from_millis(900)).await;
            "slow"
        })
        .get("/endless", async || cepa::Stream(Chunks(usize::MAX)))
        .get("/chunks", async || cepa::Stream(Chunks(3_000)))
        .post("/", async |body: Bytes| body)
}

/// So many chunks of 1,000 bytes, each ready at once.
struct Chunks(usize);

impl futures_core::Stream for Chunks {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let left = self.0.checked_sub(1);
        self.0 = left.unwrap_or(0);
        Poll::Ready(left.map(|_| Ok(Bytes::from_static(&[b'x'; 1_000]))))
    }
}

fn server() -> Server {
    Server::new(app())
        .with_head_timeout(SHORT)
        .with_body_timeout(SHORT)
        .with_idle_timeout(SHORT * 3)
}

#[test]
fn a_client_that_sends_nothing_is_let_go() {
    let server = Running::start(server());
    let mut client = server.connect();
    let start = Instant::now();
    assert_eq!(client.read_all(), "");
    assert!(
        start.elapsed() >= SHORT && start.elapsed() < LONG,
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_head_that_drips_is_let_go() {
    let server = Running::start(server());
    let mut client = server.connect();
    let start = Instant::now();
    client.send("GET / HTTP/1.1\r\n");
    // Bytes come all the time, the head never ends.
    while client.try_send("a: b\r\n") && start.elapsed() < LONG {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(start.elapsed() < LONG);
}

#[test]
fn a_second_head_that_drips_is_let_go() {
    let server = Running::start(server().with_idle_timeout(LONG * 2));
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1"));
    assert!(client.read_response().ends_with("hi"));
    let start = Instant::now();
    while client.try_send("a") && start.elapsed() < LONG {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(start.elapsed() < LONG);
}

#[test]
fn an_idle_connection_is_kept_for_its_own_time() {
    let server = Running::start(server());
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1"));
    assert!(client.read_response().ends_with("hi"));
    let start = Instant::now();
    assert_eq!(client.read_all(), "");
    assert!(
        start.elapsed() >= SHORT * 3 && start.elapsed() < LONG,
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_body_that_stalls_is_a_408() {
    let server = Running::start(server());
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n12345");
    let answer = client.read_all();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[test]
fn a_slow_handler_is_not_cut() {
    let server = Running::start(server());
    let mut client = server.connect();
    client.send(head("GET /slow HTTP/1.1"));
    assert!(client.read_response().ends_with("slow"));
}

#[test]
fn a_body_that_comes_slowly_is_read_to_its_end() {
    let server = Running::start(server());
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n");
    for _ in 0..10 {
        std::thread::sleep(SHORT / 4);
        client.send("a");
    }
    assert!(client.read_response().ends_with("aaaaaaaaaa"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_client_that_takes_no_bytes_is_let_go() {
    let server = Running::start(server());
    let mut client = server.connect();
    client.send(head("GET /big HTTP/1.1"));
    server.wait_for_connections(0);
    // What the sockets had buffered comes, and then the end, short of the whole.
    assert!(client.read_all_bytes().len() < 20_000_000);
}

#[cfg(feature = "http2")]
#[test]
fn an_http2_client_that_asks_nothing_is_let_go() {
    let server = Running::start(server());
    let mut client = server.connect();
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
    let start = Instant::now();
    client.read_all_bytes();
    assert!(start.elapsed() < LONG);
}

/// So many chunks use up the runtime's budget for a turn, and the timer is looked at all the same.
#[cfg(target_os = "linux")]
#[test]
fn a_client_that_takes_no_bytes_of_an_endless_stream_is_let_go() {
    let server = Running::start(server());
    let mut client = server.connect();
    client.send(head("GET /endless HTTP/1.1"));
    server.wait_for_connections(0);
}

#[test]
fn a_connection_that_was_busy_is_told_of_the_stop() {
    let server = Running::start(Server::new(app()));
    let mut client = server.connect();
    client.send(head("GET /chunks HTTP/1.1"));
    let mut bytes = 0;
    let mut buffer = [0; 65_536];
    while bytes < 3_000_000 {
        bytes += std::io::Read::read(&mut client.stream, &mut buffer).unwrap();
    }
    let start = Instant::now();
    server.stop().unwrap();
    assert!(start.elapsed() < LONG, "{:?}", start.elapsed());
}
