//! Requests sent before the one in front of them is answered: what is ready goes out.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod wire;

use std::io::Read as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use cepa::prelude::*;
use cepa::{Server, Stream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use wire::{Client, Running, head};

type Chunk = Result<&'static str>;

struct Chunks(UnboundedReceiver<Chunk>);

impl futures_core::Stream for Chunks {
    type Item = Chunk;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Chunk>> {
        self.0.poll_recv(cx)
    }
}

const LARGE: usize = 200_000;

/// A server whose `/stream` sends what goes into the channel, once.
fn start() -> (Running, UnboundedSender<Chunk>) {
    let (sender, receiver) = unbounded_channel();
    let receiver = Arc::new(Mutex::new(Some(receiver)));
    let stream = move || {
        let receiver = receiver.lock().unwrap().take().unwrap();
        async move { Stream(Chunks(receiver)) }
    };
    let app = App::new()
        .get("/", async || "at once")
        .get("/large", async || vec![b'x'; LARGE])
        .post("/", async |text: String| text)
        .get("/stream", stream);
    (Running::start(Server::new(app)), sender)
}

fn read_until(client: &mut Client, end: &str) -> String {
    let (mut text, mut byte) = (Vec::new(), [0]);
    while !text.ends_with(end.as_bytes()) {
        assert_eq!(client.stream.read(&mut byte).unwrap(), 1);
        text.push(byte[0]);
    }
    String::from_utf8(text).unwrap()
}

#[test]
fn an_answer_does_not_wait_for_the_one_behind_it() {
    let (server, sender) = start();
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1") + &head("GET /stream HTTP/1.1"));
    assert!(client.read_response().ends_with("at once"));
    sender.send(Ok("later")).unwrap();
    assert!(read_until(&mut client, "later\r\n").contains("chunked"));
}

#[test]
fn chunks_go_out_while_a_request_waits_behind_them() {
    let (server, sender) = start();
    let mut client = server.connect();
    client.send(head("GET /stream HTTP/1.1") + &head("GET / HTTP/1.1"));
    read_until(&mut client, "\r\n\r\n");
    for chunk in ["one", "two", "three"] {
        sender.send(Ok(chunk)).unwrap();
        read_until(&mut client, &format!("{chunk}\r\n"));
    }
    drop(sender);
    read_until(&mut client, "0\r\n\r\n");
    assert!(client.read_response().ends_with("at once"));
}

#[test]
fn an_answer_does_not_wait_for_the_body_of_the_next_request() {
    let (server, _sender) = start();
    let mut client = server.connect();
    let post = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\n";
    client.send(head("GET / HTTP/1.1") + post + "ab");
    assert!(client.read_response().ends_with("at once"));
    client.send("cd");
    assert!(client.read_response().ends_with("abcd"));
}

#[test]
fn what_was_answered_before_a_body_that_fails_is_sent() {
    let (server, sender) = start();
    sender.send(Ok("begun")).unwrap();
    sender.send(Err(Error::internal("broken"))).unwrap();
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1") + &head("GET /stream HTTP/1.1") + &head("GET / HTTP/1.1"));
    assert!(client.read_all().contains("at once"));
}

#[test]
fn small_and_large_answers_keep_their_order_and_their_bytes() {
    let (server, _sender) = start();
    let mut client = server.connect();
    let requests = head("GET / HTTP/1.1") + &head("GET /large HTTP/1.1");
    client.send(requests.repeat(20));
    for _ in 0..20 {
        assert!(client.read_response().ends_with("at once"));
        let large = client.read_response();
        let (_, body) = large.split_once("\r\n\r\n").unwrap();
        assert!(body.len() == LARGE && body.bytes().all(|byte| byte == b'x'));
    }
}

/// A client may say with its requests that no more will follow.
#[test]
fn requests_sent_with_the_end_of_the_stream_are_answered() {
    let (server, _sender) = start();
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1").repeat(40));
    client.stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(client.read_all().matches("at once").count(), 40);
}
