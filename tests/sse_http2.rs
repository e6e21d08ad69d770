//! Event streams over HTTP/2: one of several streams is left, and all end with the server.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]
#![cfg(feature = "http2")]

mod wire;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cepa::prelude::*;
use cepa::{Event, EventSender, Server, Sse};
use h2::client::SendRequest;
use tokio::net::TcpStream;
use wire::Running;

const PATIENCE: Duration = Duration::from_secs(20);

/// Fails a test that hangs.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it happens in time")
}

/// A server whose event streams say hello, and their senders.
fn serving() -> (Running, Arc<Mutex<Vec<EventSender>>>) {
    let senders: Arc<Mutex<Vec<EventSender>>> = Arc::default();
    let keep = Arc::clone(&senders);
    let app = App::new().get("/", move || {
        let (events, sse) = Sse::channel(4);
        events.try_send(Event::data("hello")).unwrap();
        keep.lock().unwrap().push(events);
        async { sse.with_farewell(Event::data("bye")) }
    });
    let server = Server::new(app).with_stop_timeout(PATIENCE);
    (Running::start(server), senders)
}

/// On a thread of its own, since this one runs the client.
async fn stop(server: Running) {
    let stopped = tokio::task::spawn_blocking(|| server.stop());
    soon(stopped).await.unwrap().unwrap();
}

async fn listen(send: &SendRequest<Bytes>) -> h2::RecvStream {
    let mut send = soon(send.clone().ready()).await.unwrap();
    let req = http::Request::get("http://localhost/").body(()).unwrap();
    let (res, _) = send.send_request(req, true).unwrap();
    let mut body = soon(res).await.unwrap().into_body();
    let first = soon(body.data()).await.unwrap().unwrap();
    assert_eq!(first, "data: hello\n\n");
    body
}

#[tokio::test]
async fn a_stream_that_is_reset_is_dropped_and_the_others_go_on() {
    let (server, senders) = serving();
    let socket = TcpStream::connect(server.addr).await.unwrap();
    let (send, connection) = h2::client::handshake(socket).await.unwrap();
    tokio::spawn(connection);
    let left = listen(&send).await;
    let mut other = listen(&send).await;
    let [first, second] = senders.lock().unwrap().clone().try_into().unwrap();
    drop(left);
    soon(first.closed()).await;
    second.send(Event::data("still here")).await.unwrap();
    let event = soon(other.data()).await.unwrap().unwrap();
    assert_eq!(event, "data: still here\n\n");
    drop((other, send));
    stop(server).await;
}

#[tokio::test]
async fn a_graceful_stop_ends_each_stream_cleanly() {
    let (server, senders) = serving();
    let socket = TcpStream::connect(server.addr).await.unwrap();
    let (send, connection) = h2::client::handshake(socket).await.unwrap();
    tokio::spawn(connection);
    let mut streams = [listen(&send).await, listen(&send).await];
    server.begin_stop();
    for body in &mut streams {
        let event = soon(body.data()).await.unwrap().unwrap();
        assert_eq!(event, "data: bye\n\n");
        // A frame that ends the stream, not a reset.
        while let Some(rest) = soon(body.data()).await {
            assert_eq!(rest.unwrap(), "");
        }
        assert!(body.is_end_stream());
    }
    let [first, second] = senders.lock().unwrap().clone().try_into().unwrap();
    soon(first.closed()).await;
    soon(second.closed()).await;
    drop((streams, send));
    stop(server).await;
}
