//! Event streams in process: what is written, when comments come, how a stop ends them.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;

use cepa::prelude::*;
use cepa::{BodyError, Event, IntoEvent, LastEventId, Sse};
use tokio::time::Instant;

/// A stream of these items, each there at once, and then what `End` says.
struct Items<T>(std::vec::IntoIter<T>, End);

#[derive(Clone, Copy, PartialEq)]
enum End {
    Ends,
    Waits,
}

impl<T: Unpin> futures_core::Stream for Items<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        match self.0.next() {
            None if self.1 == End::Waits => Poll::Pending,
            item => Poll::Ready(item),
        }
    }
}

fn items<T>(items: impl IntoIterator<Item = T>, end: End) -> Items<T> {
    Items(items.into_iter().collect::<Vec<_>>().into_iter(), end)
}

/// An app that answers once, with this stream.
fn once(sse: Sse) -> App {
    let sse = Mutex::new(Some(sse));
    App::new().get("/", move || {
        let sse = sse.lock().unwrap().take().unwrap();
        async move { sse }
    })
}

fn of<T: IntoEvent + Send + Unpin + 'static>(events: impl IntoIterator<Item = T>) -> App {
    once(Sse::new(items(events, End::Ends)))
}

#[test]
fn events_are_written_in_their_fields() {
    let two_lines = "data: a\ndata: b\n\n";
    let rows = [
        (Event::data("a"), "data: a\n\n"),
        (Event::data(""), "data: \n\n"),
        (Event::data(" a: b"), "data:  a: b\n\n"),
        (Event::data("a\nb"), two_lines),
        (Event::data("a\rb"), two_lines),
        (Event::data("a\r\nb"), two_lines),
        (Event::data("a\n\rb"), "data: a\ndata: \ndata: b\n\n"),
        (Event::data("a\r\n"), "data: a\ndata: \n\n"),
        (Event::data("\n\n"), "data: \ndata: \ndata: \n\n"),
        (
            Event::data("a\n\nevent: x"),
            "data: a\ndata: \ndata: event: x\n\n",
        ),
        (Event::data("é\u{2028}\0"), "data: é\u{2028}\0\n\n"),
        (
            Event::json(&json!({"a": "b\n"})),
            "data: {\"a\":\"b\\n\"}\n\n",
        ),
        (Event::comment("a\r\nid: 1"), ": a\n: id: 1\n\n"),
        (Event::data("a").with_comment("b"), "data: a\n: b\n\n"),
        (
            Event::data("a").with_event("b").with_id(1),
            "data: a\nevent: b\nid: 1\n\n",
        ),
        (Event::new().with_id(""), "id: \n\n"),
        (
            Event::new().with_retry(Duration::from_millis(1500)),
            "retry: 1500\n\n",
        ),
        (Event::new(), ""),
    ];
    for (event, text) in rows {
        let res = of([event.clone()]).test().get("/").send();
        assert_eq!(res.text(), text, "{event:?}");
    }
}

#[test]
fn the_head_says_that_it_is_a_stream_of_events() {
    let res = of([Event::data("a")]).test().get("/").send();
    res.assert_status(200)
        .assert_header("content-type", "text/event-stream")
        .assert_header("cache-control", "no-cache")
        .assert_header("x-accel-buffering", "no");
}

/// What a browser makes of an event (HTML, 9.2.6).
#[derive(Debug, Default, PartialEq)]
struct Seen {
    data: String,
    event: String,
    id: String,
}

fn parse(text: &str) -> Vec<Seen> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (mut seen, mut open) = (Vec::new(), Seen::default());
    for line in text.split_terminator('\n') {
        if line.is_empty() {
            let id = open.id.clone();
            let mut done = std::mem::replace(
                &mut open,
                Seen {
                    id,
                    ..Seen::default()
                },
            );
            if done.data.pop().is_some() {
                seen.push(done);
            }
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => open.data += &format!("{value}\n"),
            "event" => value.clone_into(&mut open.event),
            "id" if !value.contains('\0') => value.clone_into(&mut open.id),
            "" | "id" => {}
            other => panic!("the field `{other}` was forged"),
        }
    }
    seen
}

/// A small generator of numbers (xorshift), the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn text(&mut self, parts: &[&str]) -> String {
        let count = self.below(8);
        (0..count).map(|_| parts[self.below(parts.len())]).collect()
    }
}

#[test]
fn no_text_forges_a_line() {
    let parts = [
        "\n", "\r", "\r\n", "data: ", "id: x", "event:", ":", " ", "\0", "é", "a",
    ];
    let plain = [" ", ":", "a", "data:", "é", "\u{85}", "\u{2028}"];
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut id = String::new();
    let (mut events, mut wanted) = (Vec::new(), Vec::new());
    for _ in 0..20_000 {
        let (data, event) = (random.text(&parts), random.text(&plain));
        let mut sent = Event::comment(random.text(&parts)).with_event(&event);
        if random.below(3) == 0 {
            id = random.text(&plain);
            sent = sent.with_id(&id);
        }
        // Data that is added last stands behind all else.
        let lines = Event::data(&data).with_event(&event).with_id(&id);
        events.extend([sent, lines]);
        let data = data.replace("\r\n", "\n").replace('\r', "\n");
        let id = id.clone();
        wanted.push(Seen { data, event, id });
    }
    let res = of(events).test().get("/").send();
    assert_eq!(parse(res.text()), wanted);
}

#[tokio::test]
async fn an_event_that_no_client_could_read_is_an_error() {
    let unwritable = std::collections::BTreeMap::from([((1, 2), 3)]);
    let bad = [
        (Event::data("a").with_id("1\n2"), "`id`"),
        (Event::data("a").with_id("1\r"), "`id`"),
        (Event::data("a").with_id("\0"), "`id`"),
        (Event::data("a").with_event("x\r\nid: 2"), "`event`"),
        (Event::json(&unwritable), "as JSON"),
    ];
    for (event, why) in bad {
        let (events, _sse) = Sse::channel(4);
        for refused in [
            events.send(event.clone()).await,
            events.try_send(event.clone()),
        ] {
            let refused = refused.unwrap_err().to_string();
            assert!(
                refused.contains(why) && refused.contains("tests/sse.rs"),
                "{refused}"
            );
        }
        // What was there before is sent, nothing of it, and nothing after.
        let app = of([Event::data("1"), event, Event::data("2")]);
        let mut body = app.test().get("/").response().await.take_body();
        assert_eq!(body.chunk().await.unwrap().unwrap(), "data: 1\n\n");
        let broken = body.chunk().await.unwrap();
        assert!(matches!(broken, Err(BodyError::Source(_))), "{broken:?}");
        assert!(body.chunk().await.is_none());
    }
}

#[tokio::test]
async fn an_error_of_the_stream_breaks_it_off() {
    let app = of([Ok(Event::data("1")), Err("lost"), Ok(Event::data("2"))]);
    let mut body = app.test().get("/").response().await.take_body();
    assert_eq!(body.chunk().await.unwrap().unwrap(), "data: 1\n\n");
    assert!(matches!(
        body.chunk().await,
        Some(Err(BodyError::Source(_)))
    ));
    assert!(body.chunk().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_comment_breaks_the_silence_each_15_seconds() {
    let (events, sse) = Sse::channel(4);
    let client = once(sse).test();
    let mut body = client.get("/").response().await.take_body();
    let start = Instant::now();
    let secs = || start.elapsed().as_secs();
    for end in [15, 30, 45] {
        assert_eq!(body.chunk().await.unwrap().unwrap(), ":\n\n");
        assert_eq!(secs(), end);
    }
    tokio::time::advance(Duration::from_secs(10)).await;
    events.send(Event::data("a")).await.unwrap();
    assert_eq!(body.chunk().await.unwrap().unwrap(), "data: a\n\n");
    // Fifteen seconds from there.
    assert_eq!(body.chunk().await.unwrap().unwrap(), ":\n\n");
    assert_eq!(secs(), 70);
    drop(events);
    assert!(body.chunk().await.is_none());
    assert_eq!(secs(), 70);
}

#[tokio::test(start_paused = true)]
async fn the_time_of_silence_is_a_choice() {
    let rows = [
        (Some(Duration::from_secs(60)), Some(60)),
        (Some(Duration::ZERO), Some(1)),
        (Some(Duration::MAX), None),
        (None, None),
    ];
    for (chosen, wanted) in rows {
        let sse = Sse::new(items([Event::data("a")], End::Waits)).with_keep_alive(chosen);
        let client = once(sse).test();
        let mut body = client.get("/").response().await.take_body();
        let start = Instant::now();
        assert_eq!(body.chunk().await.unwrap().unwrap(), "data: a\n\n");
        let day = Duration::from_secs(24 * 60 * 60);
        let comment = tokio::time::timeout(day, body.chunk()).await.ok();
        let came = comment.map(|_| start.elapsed().as_secs());
        assert_eq!(came, wanted, "{chosen:?}");
    }
}

#[tokio::test]
async fn a_stop_ends_the_stream_after_what_is_there() {
    for farewell in [
        None,
        Some(Event::data("bye").with_retry(Duration::from_secs(1))),
    ] {
        let mut sse = Sse::new(items([Event::data("a"), Event::data("b")], End::Waits));
        let mut wanted = "data: a\n\ndata: b\n\n".to_owned();
        if let Some(farewell) = farewell {
            sse = sse.with_farewell(farewell);
            wanted += "data: bye\nretry: 1000\n\n";
        }
        let client = once(sse).test();
        let body = client.get("/").response().await.take_body();
        client.service().stop().await.unwrap();
        assert_eq!(body.collect(1000).await.unwrap(), wanted);
    }
}

#[tokio::test]
async fn a_stop_is_noticed_while_nothing_happens() {
    let (events, sse) = Sse::channel(4);
    let client = once(sse.with_farewell(Event::data("bye"))).test();
    let mut body = client.get("/").response().await.take_body();
    let sender = tokio::spawn(async move {
        events.send(Event::data("a")).await.unwrap();
        events.closed().await;
        events.send(Event::data("b")).await.unwrap_err().to_string()
    });
    assert_eq!(body.chunk().await.unwrap().unwrap(), "data: a\n\n");
    let rest = tokio::spawn(body.collect(1000));
    tokio::task::yield_now().await;
    client.service().stop().await.unwrap();
    assert_eq!(rest.await.unwrap().unwrap(), "data: bye\n\n");
    assert!(sender.await.unwrap().contains("is over"));
}

/// Most layers of `tower` do no more with a response than this.
#[tokio::test]
async fn a_stop_is_noticed_through_another_type_of_response() {
    async fn through(req: Request, next: Next) -> Response {
        let (res, rest) = next.run(req).await.into_http();
        Response::from_http(res.map(Body::wrap), rest)
    }
    let (_events, sse) = Sse::channel(4);
    let client = once(sse).with(through).test();
    let body = client.get("/").response().await.take_body();
    client.service().stop().await.unwrap();
    assert_eq!(body.collect(1000).await.unwrap(), "");
}

#[tokio::test]
async fn a_slow_client_holds_the_sender_back() {
    let (events, sse) = Sse::channel(2);
    let client = once(sse).test();
    let mut body = client.get("/").response().await.take_body();
    events.try_send(Event::data("1")).unwrap();
    events.send(Event::data("2")).await.unwrap();
    let full = events.try_send(Event::data("3")).unwrap_err().to_string();
    assert!(full.contains("too far behind"), "{full}");
    let sender = events.clone();
    let waiting = tokio::spawn(async move { sender.send(Event::data("4")).await });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    // Those that are there come in one piece.
    let piece = body.chunk().await.unwrap().unwrap();
    assert!(piece.starts_with(b"data: 1\n\ndata: 2\n\n"), "{piece:?}");
    waiting.await.unwrap().unwrap();
    assert!(!events.is_closed());
    drop(body);
    assert!(events.is_closed() && events.send(Event::data("5")).await.is_err());
}

#[test]
fn no_capacity_is_too_small_or_too_large() {
    for capacity in [0, usize::MAX] {
        let (events, sse) = Sse::channel(capacity);
        events.try_send(Event::data("a")).unwrap();
        drop(events);
        once(sse).test().get("/").send().assert_text("data: a\n\n");
    }
}

/// A source that never waits must neither fill the memory nor keep others from their turn.
#[tokio::test]
async fn a_stream_without_end_is_sent_in_pieces() {
    struct Endless;
    impl futures_core::Stream for Endless {
        type Item = Event;
        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Event>> {
            Poll::Ready(Some(Event::data("x".repeat(100))))
        }
    }
    let client = once(Sse::new(Endless)).test();
    let mut body = client.get("/").response().await.take_body();
    for _ in 0..10 {
        let piece = body.chunk().await.unwrap().unwrap();
        assert!(piece.len() < 20_000, "{}", piece.len());
    }
    client.service().stop().await.unwrap();
    let rest = body.collect(2 << 20).await.unwrap();
    assert!(rest.len() < (1 << 20) + 20_000, "{}", rest.len());
}

/// Those that were sent to a client that is behind, and fill more than one piece.
#[tokio::test]
async fn a_stop_drops_no_event_that_the_channel_took() {
    let (events, sse) = Sse::channel(16);
    let client = once(sse.with_farewell(Event::data("bye"))).test();
    let body = client.get("/").response().await.take_body();
    for _ in 0..16 {
        events.send(Event::data("x".repeat(10_000))).await.unwrap();
    }
    client.service().stop().await.unwrap();
    let text = body.collect(1 << 20).await.unwrap();
    assert_eq!(text.len(), 16 * 10_008 + "data: bye\n\n".len());
    assert!(text.ends_with(b"data: bye\n\n") && events.is_closed());
}

#[test]
fn head_drops_the_stream() {
    let (events, sse) = Sse::channel(1);
    let client = once(sse).test();
    let res = client.request(Method::HEAD, "/").send();
    res.assert_header("content-type", "text/event-stream");
    assert!(res.bytes().is_empty() && events.is_closed());
}

#[test]
fn the_last_id_is_that_of_the_header() {
    let optional = async |last: Option<LastEventId>| format!("{:?}", last.map(|last| last.0));
    let app = App::new()
        .get("/", optional)
        .get("/must", async |LastEventId(id): LastEventId| id);
    let client = app.test();
    let utf8 = http_value("é".as_bytes());
    for (sent, seen) in [(http_value(b"a 1"), "a 1"), (utf8, "é")] {
        let res = client.get("/").header("last-event-id", sent.clone()).send();
        res.assert_text(&format!("Some({seen:?})"));
        client
            .get("/must")
            .header("last-event-id", sent)
            .send()
            .assert_text(seen);
    }
    client.get("/").send().assert_text("None");
    client
        .get("/")
        .header("last-event-id", "")
        .send()
        .assert_text("None");
    client.get("/must").send().assert_status(400);
    let latin1 = http_value(b"\xe9");
    client
        .get("/")
        .header("last-event-id", latin1)
        .send()
        .assert_status(400);
}

fn http_value(bytes: &[u8]) -> cepa::HeaderValue {
    cepa::HeaderValue::from_bytes(bytes).unwrap()
}
