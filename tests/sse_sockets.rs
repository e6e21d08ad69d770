//! Event streams over sockets: clients that go away, and servers that stop.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod wire;

use std::io::{Read, Write};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use cepa::prelude::*;
use cepa::{Event, EventSender, Ndjson, Server, Sse, Stream};
use wire::{Client, Running, head};

/// Nothing here takes longer, except when it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A stream that never has an item, and tells when it is dropped.
struct Silent(mpsc::Sender<()>);

impl futures_core::Stream for Silent {
    type Item = Result<Event>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Pending
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        // Nobody may listen any more where a test is over.
        let _ = self.0.send(());
    }
}

/// The same as a stream of bytes and of values.
struct SilentBytes(#[allow(dead_code, reason = "it tells when it is dropped")] Silent);

impl futures_core::Stream for SilentBytes {
    type Item = Result<&'static str>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Pending
    }
}

fn read_until(client: &mut Client, wanted: &str) -> String {
    let mut text = String::new();
    let mut bytes = [0; 1024];
    while !text.contains(wanted) {
        let count = client.stream.read(&mut bytes).unwrap();
        assert!(count > 0, "closed after {text:?}");
        text += std::str::from_utf8(&bytes[..count]).unwrap();
    }
    text
}

#[test]
fn a_client_that_goes_away_drops_a_stream_that_never_says_anything() {
    let (tell, told) = mpsc::channel();
    let silent = move || Silent(tell.clone());
    let (bytes, lines, patient) = (silent.clone(), silent.clone(), silent.clone());
    let sse = move || {
        let sse = Sse::new(silent()).with_keep_alive(None);
        async { sse }
    };
    let kept = move || {
        let sse = Sse::new(patient());
        async { sse }
    };
    let bytes = move || {
        let stream = Stream(SilentBytes(bytes()));
        async { stream }
    };
    let lines = move || {
        let lines = Ndjson(SilentBytes(lines()));
        async { lines }
    };
    let app = App::new()
        .get("/sse", sse)
        .get("/kept", kept)
        .get("/bytes", bytes)
        .get("/lines", lines);
    let server = Running::start(Server::new(app));
    for path in ["/sse", "/kept", "/bytes", "/lines"] {
        let mut client = server.connect();
        client.send(head(&format!("GET {path} HTTP/1.1")));
        // The head comes before the first item, so that a browser knows that it is connected.
        read_until(&mut client, "\r\n\r\n");
        assert!(told.try_recv().is_err(), "{path} is dropped too early");
        let start = Instant::now();
        drop(client);
        told.recv_timeout(PATIENCE).expect("the stream is dropped");
        let took = start.elapsed();
        assert!(took < Duration::from_secs(5), "{path} took {took:?}");
    }
}

/// A socket that is closed while bytes are on their way to it is reset, not ended.
#[test]
fn a_client_that_goes_away_in_the_middle_stops_the_sender() {
    let (tell, told) = mpsc::channel();
    let app = App::new().get("/", move |req: Request| {
        let (events, sse) = Sse::channel(4);
        let tell = tell.clone();
        req.spawn(async move {
            while events.send(Event::data("x".repeat(1000))).await.is_ok() {}
            tell.send(()).unwrap();
        });
        async { sse }
    });
    let server = Running::start(Server::new(app));
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1"));
    read_until(&mut client, "data: x");
    drop(client);
    told.recv_timeout(PATIENCE).expect("the sender is told");
}

#[test]
fn a_graceful_stop_ends_streams_cleanly() {
    let begun: Arc<Mutex<Vec<EventSender>>> = Arc::default();
    let keep = Arc::clone(&begun);
    let app = App::new().get("/", move || {
        let (events, sse) = Sse::channel(4);
        events.try_send(Event::data("hello")).unwrap();
        keep.lock().unwrap().push(events);
        async { sse.with_farewell(Event::data("bye")) }
    });
    let server = Running::start(Server::new(app).with_stop_timeout(PATIENCE));
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1"));
    read_until(&mut client, "data: hello\n\n");
    server.begin_stop();
    let rest = client.read_all();
    // The last chunk, so the client knows that it has all.
    assert!(
        rest.contains("data: bye\n\n") && rest.ends_with("0\r\n\r\n"),
        "{rest:?}"
    );
    server.stop().unwrap();
    assert!(begun.lock().unwrap()[0].is_closed());
}

/// Those that keep streams have to read; the body timeout is for those who do not.
#[test]
fn a_client_that_takes_nothing_is_cut_and_its_stream_dropped() {
    let (tell, told) = mpsc::channel();
    let app = App::new().get("/", move |req: Request| {
        let (events, sse) = Sse::channel(4);
        let tell = tell.clone();
        req.spawn(async move {
            while events.send(Event::data("x".repeat(30_000))).await.is_ok() {}
            tell.send(()).unwrap();
        });
        async { sse }
    });
    let server = Server::new(app).with_body_timeout(Duration::from_millis(300));
    let server = Running::start(server);
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1"));
    told.recv_timeout(PATIENCE).expect("the sender is told");
}

/// A client may close its sending half once it has asked; here that is going away.
#[test]
fn a_closed_half_is_a_client_that_left() {
    let (tell, told) = mpsc::channel();
    let app = App::new().get("/", move || {
        let sse = Sse::new(Silent(tell.clone()));
        async { sse }
    });
    let server = Running::start(Server::new(app));
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1"));
    read_until(&mut client, "\r\n\r\n");
    client.stream.flush().unwrap();
    client.stream.shutdown(Shutdown::Write).unwrap();
    told.recv_timeout(PATIENCE).expect("the stream is dropped");
}
