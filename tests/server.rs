//! The server from start to stop: addresses, hooks, connections and bodies, over real sockets.

#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod wire;

use std::io::{Read as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use cepa::prelude::*;
use cepa::{Outcome, Server, Stream};
use wire::{Client, Running, head};

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn run_inside_a_runtime_names_listen() {
    let error = App::new().run("127.0.0.1:0").unwrap_err();
    assert!(matches!(error, RunError::InsideRuntime));
    assert!(error.to_string().contains(".listen("), "{error}");
    assert_eq!(format!("{error:?}"), error.to_string());
}

#[tokio::test]
async fn an_address_that_cannot_be_listened_on_is_told_in_a_sentence() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap();
    let error = App::new().listen(addr).await.unwrap_err();
    assert!(matches!(error, RunError::Bind { .. }));
    let text = error.to_string();
    assert!(text.starts_with(&format!("{addr} is in use: ")), "{text}");
    for text in [
        "localhost",
        "127.0.0.1",
        "127.0.0.1:70000",
        "no such host.invalid:80",
        "",
    ] {
        let error = App::new().listen(text).await.unwrap_err();
        assert!(matches!(error, RunError::Address { .. }), "{text}: {error}");
        let start = format!("`{text}` is no address to listen on, such as 127.0.0.1:3000: ");
        assert!(error.to_string().starts_with(&start), "{error}");
    }
    let error = App::new().listen(&[][..]).await.unwrap_err();
    let text = error.to_string();
    assert!(text.ends_with(": the name has no address"), "{text}");
    let error = App::new().listen(("a b\n", 80)).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with(r#"`("a b\n", 80)` is no address"#),
        "{text}"
    );
    // 192.0.2.0/24 is for documentation (RFC 5737), so no machine has it.
    let error = App::new().listen("192.0.2.1:80").await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("192.0.2.1:80 is no address of this machine"),
        "{error}"
    );
    // Problems of the app come first.
    let error = App::new()
        .get("x", async || "")
        .listen(addr)
        .await
        .unwrap_err();
    assert!(matches!(error, RunError::Build(_)));
}

#[test]
fn a_connection_is_kept_for_further_requests_unless_the_client_closes_it() {
    let app = App::new().get("/{n}", async |Path(n): Path<String>| n);
    let server = Running::start(Server::new(app));
    let mut client = server.connect();
    for n in 0..3 {
        client.send(head(&format!("GET /{n} HTTP/1.1")));
        assert!(client.read_response().ends_with(&format!("\r\n\r\n{n}")));
    }
    // Also behind an error.
    client.send(head("GET /a/b HTTP/1.1"));
    assert!(client.read_response().starts_with("HTTP/1.1 404 "));
    client.send("GET /last HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(client.read_all().ends_with("\r\n\r\nlast"));
    let mut old = server.connect();
    old.send("GET /old HTTP/1.0\r\n\r\n");
    assert!(old.read_all().ends_with("\r\n\r\nold"));
}

#[test]
fn an_answer_to_head_has_a_length_and_no_body() {
    let app = App::new()
        .get("/text", async || "hello")
        .get("/last", async || "the end");
    let server = Running::start(Server::new(app));
    let mut client = server.connect();
    client.send(head("HEAD /text HTTP/1.1") + &head("HEAD /none HTTP/1.1"));
    client.send("GET /last HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let answers = client.read_all();
    let answers: Vec<&str> = answers.split("\r\n\r\n").collect();
    assert!(
        answers[0].starts_with("HTTP/1.1 200 ") && answers[0].contains("\r\ncontent-length: 5")
    );
    assert!(answers[1].starts_with("HTTP/1.1 404 ") && answers[1].contains("\r\ncontent-length: "));
    assert_eq!(answers[3..], ["the end"]);
}

/// Reads until this text came.
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

/// A stream whose items the test sends.
struct Items(tokio::sync::mpsc::UnboundedReceiver<Result<&'static str, &'static str>>);

type Sender = tokio::sync::mpsc::UnboundedSender<Result<&'static str, &'static str>>;

impl futures_core::Stream for Items {
    type Item = Result<Bytes, &'static str>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let item = self.0.poll_recv(cx);
        item.map(|item| item.map(|item| item.map(Bytes::from)))
    }
}

/// A server that streams what the test sends, and tells how that ended.
fn streaming() -> (Running, Sender, mpsc::Receiver<Outcome>) {
    let (send, items) = tokio::sync::mpsc::unbounded_channel();
    let (tell, told) = mpsc::channel();
    let items = Arc::new(Mutex::new(Some(Items(items))));
    let app = App::new().get("/", move || {
        let items = items.lock().unwrap().take().unwrap();
        let tell = tell.clone();
        async move {
            let mut res = Stream(items).into_response();
            res.on_end(move |outcome| tell.send(outcome).unwrap());
            res
        }
    });
    (Running::start(Server::new(app)), send, told)
}

#[test]
fn a_response_is_streamed_as_it_is_made() {
    let (server, items, told) = streaming();
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1"));
    let text = read_until(&mut client, "\r\n\r\n");
    assert!(text.contains("transfer-encoding: chunked"), "{text}");
    for item in ["one", "two"] {
        items.send(Ok(item)).unwrap();
        read_until(&mut client, item);
    }
    assert!(told.try_recv().is_err());
    drop(items);
    read_until(&mut client, "0\r\n\r\n");
    assert_eq!(
        told.recv_timeout(PATIENCE).unwrap(),
        Outcome::Sent { bytes: 6 }
    );
}

#[test]
fn a_response_whose_source_fails_is_broken_off() {
    let (server, items, told) = streaming();
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1"));
    items.send(Ok("one")).unwrap();
    read_until(&mut client, "one");
    items.send(Err("it broke")).unwrap();
    // Without the last chunk, so the client notices.
    let rest = client.read_all();
    assert!(
        !rest.contains("0\r\n\r\n") && !rest.contains("it broke"),
        "{rest:?}"
    );
    assert_eq!(
        told.recv_timeout(PATIENCE).unwrap(),
        Outcome::Failed { bytes: 3 }
    );
}

#[test]
fn a_client_that_leaves_a_stream_cancels_it() {
    let (server, items, told) = streaming();
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1"));
    items.send(Ok("one")).unwrap();
    read_until(&mut client, "one");
    drop(client);
    assert_eq!(
        told.recv_timeout(PATIENCE).unwrap(),
        Outcome::Cancelled { bytes: 3 }
    );
    assert!(items.is_closed());
}

#[test]
fn a_response_that_was_handed_over_was_sent() {
    let (tell, told) = mpsc::channel();
    let end = move |req: Request, next: Next| {
        let tell = tell.clone();
        async move {
            let mut res = next.run(req).await;
            res.on_end(move |outcome| tell.send(outcome).unwrap());
            res
        }
    };
    let app = App::new()
        .with(end)
        .get("/", async || "hello")
        .get("/empty", async || StatusCode::NO_CONTENT);
    let server = Running::start(Server::new(app));
    let mut client = server.connect();
    let rows = [("GET /", 5), ("HEAD /", 0), ("GET /empty", 0)];
    for (line, bytes) in rows {
        client.send(head(&format!("{line} HTTP/1.1")));
        read_until(&mut client, "\r\n\r\n");
        assert_eq!(
            told.recv_timeout(PATIENCE).unwrap(),
            Outcome::Sent { bytes },
            "{line}"
        );
    }
    assert!(told.try_recv().is_err());
}

#[test]
fn a_request_body_is_read_as_it_comes() {
    let (tell, told) = mpsc::channel();
    let app = App::new().post("/", move |mut body: Body| {
        let tell = tell.clone();
        async move {
            let mut all = String::new();
            while let Some(chunk) = body.chunk().await {
                let chunk = chunk?;
                all += std::str::from_utf8(&chunk)?;
                tell.send(all.clone())?;
            }
            Ok::<_, Error>(all)
        }
    });
    let server = Running::start(Server::new(app));
    for framing in ["content-length: 6", "transfer-encoding: chunked"] {
        let chunked = framing.ends_with("chunked");
        let chunk = |text: &str| match chunked {
            true => format!("3\r\n{text}\r\n"),
            false => text.to_owned(),
        };
        let mut client = server.connect();
        client.send(format!("POST / HTTP/1.1\r\nhost: x\r\n{framing}\r\n\r\n"));
        client.send(chunk("one"));
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "one");
        client.send(chunk("two"));
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "onetwo");
        client.send(if chunked { "0\r\n\r\n" } else { "" });
        assert!(client.read_response().ends_with("\r\n\r\nonetwo"));
    }
}

/// What is told in the order it happens.
#[derive(Clone, Default)]
struct Order(Arc<Mutex<Vec<&'static str>>>);

impl Order {
    fn tell(&self, what: &'static str) -> impl Future<Output = ()> + Send + use<> {
        let order = self.clone();
        async move { order.0.lock().unwrap().push(what) }
    }

    fn hook(
        &self,
        what: &'static str,
    ) -> impl FnOnce() -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> + Send + use<> {
        let told = self.tell(what);
        move || Box::pin(told)
    }
}

#[test]
fn start_hooks_run_in_order_and_stop_hooks_in_the_reverse() {
    let order = Order::default();
    let state = order.clone();
    let inner = App::new()
        .on_start(order.hook("start 3"))
        .on_stop(order.hook("stop 3"));
    let app = App::new()
        .on_start(order.hook("start 1"))
        .on_stop(order.hook("stop 1"))
        .mount("/in", inner)
        .get("/", move || state.tell("request"))
        .on_stop(order.hook("stop 2"))
        .on_start(order.hook("start 2"));
    let server = Running::start(Server::new(app));
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1"));
    client.read_response();
    server.stop().unwrap();
    let wanted = "start 1, start 2, start 3, request, stop 3, stop 2, stop 1";
    assert_eq!(order.0.lock().unwrap().join(", "), wanted);
}

#[tokio::test]
async fn a_failing_start_hook_ends_it_before_anything_is_accepted() {
    let ran = Arc::new(AtomicBool::new(false));
    let (handler, hook) = (ran.clone(), ran.clone());
    let app = App::new()
        .on_start(async || Err::<(), _>("no database"))
        .on_start(move || async move { hook.store(true, Ordering::SeqCst) })
        .get("/", move || {
            handler.store(true, Ordering::SeqCst);
            std::future::ready("hi")
        });
    let server = Server::new(app).tcp("127.0.0.1:0").bind().await.unwrap();
    let mut stream = std::net::TcpStream::connect(server.local_addrs()[0]).unwrap();
    stream.write_all(head("GET / HTTP/1.1").as_bytes()).unwrap();
    let error = server.serve().await.unwrap_err();
    assert!(matches!(error, RunError::Start(_)));
    assert_eq!(error.to_string(), "a start hook failed: no database");
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    assert_eq!(answer, b"");
    assert!(!ran.load(Ordering::SeqCst));
}

#[test]
fn a_failing_stop_hook_is_told_after_all_of_them_ran() {
    let order = Order::default();
    let app = App::new()
        .on_stop(order.hook("first"))
        .on_stop(async || Err::<(), _>("disk full"))
        .on_stop(async || Err::<(), _>("also this"));
    let error = Running::start(Server::new(app)).stop().unwrap_err();
    assert!(matches!(error, RunError::Stop(_)));
    assert_eq!(error.to_string(), "a stop hook failed: also this");
    assert_eq!(*order.0.lock().unwrap(), ["first"]);
}

/// One frame of HTTP/2 (RFC 9113, 4.1).
#[cfg(feature = "http2")]
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

#[cfg(feature = "http2")]
#[test]
fn http_2_is_spoken_with_prior_knowledge() {
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const SETTINGS: u8 = 4;
    let app = App::new().get("/", async |Host(host): Host, req: Request| {
        format!("{host} {:?} {}", req.version(), req.path())
    });
    let server = Running::start(Server::new(app));
    let mut client = server.connect();
    // The preface in two pieces, so that it cannot be told by the first bytes alone.
    client.send("PRI * HTTP/2.0\r\n");
    client.send("\r\nSM\r\n\r\n");
    client.send(frame(SETTINGS, 0, 0, &[]));
    // `GET`, `/` and `http` of the static table, and a literal `:authority` (RFC 7541, 6).
    let head = [&[0x82, 0x84, 0x86, 0x01, 9][..], b"localhost"].concat();
    let (end_stream, end_headers) = (1, 4);
    client.send(frame(HEADERS, end_stream | end_headers, 1, &head));
    let mut seen = Vec::new();
    let body = loop {
        let mut start = [0; 9];
        client.stream.read_exact(&mut start).unwrap();
        let length = u32::from_be_bytes([0, start[0], start[1], start[2]]);
        let mut payload = vec![0; length as usize];
        client.stream.read_exact(&mut payload).unwrap();
        seen.push(start[3]);
        match start[3] {
            // `:status` 200 of the static table.
            HEADERS => assert_eq!(payload[0], 0x88),
            DATA => break String::from_utf8(payload).unwrap(),
            _ => {}
        }
    };
    assert_eq!(body, "localhost HTTP/2.0 /");
    assert_eq!(seen[0], SETTINGS);
    // It does not answer pings, so that the server would wait for it.
    drop(client);
    server.stop().unwrap();
}

#[test]
fn a_panic_inside_of_a_stream_ends_its_connection_alone() {
    struct Panics;
    impl futures_core::Stream for Panics {
        type Item = Result<Bytes, &'static str>;

        fn poll_next(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Self::Item>> {
            panic!("on purpose")
        }
    }
    let app = App::new()
        .get("/", async || "hi")
        .get("/panic", async || Stream(Panics));
    let server = Running::start(Server::new(app));
    let mut other = server.connect();
    let mut client = server.connect();
    client.send(head("GET /panic HTTP/1.1"));
    assert!(!client.read_all().contains("0\r\n\r\n"));
    other.send(head("GET / HTTP/1.1"));
    assert!(other.read_response().ends_with("hi"));
    server.stop().unwrap();
}
