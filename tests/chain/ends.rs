//! The end of a request: what `on_end` is told, and what a disconnect drops.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cepa::prelude::*;
use cepa::{Outcome, Stream};
use tokio::sync::Notify;

/// The outcomes that were told, each hook adding one.
#[derive(Clone, Default)]
struct Ends(Arc<Mutex<Vec<Outcome>>>);

impl Ends {
    fn take(&self) -> Vec<Outcome> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

async fn watch(State(ends): State<Ends>, req: Request, next: Next) -> Response {
    let mut res = next.run(req).await;
    res.on_end(move |outcome| ends.0.lock().unwrap().push(outcome));
    res
}

/// Chunks of a body, then its end or the failure of its source.
struct Chunks(Vec<Result<&'static str, &'static str>>);

impl futures_core::Stream for Chunks {
    type Item = Result<Bytes, &'static str>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let next = (!self.0.is_empty()).then(|| self.0.remove(0));
        std::task::Poll::Ready(next.map(|chunk| chunk.map(Bytes::from)))
    }
}

#[test]
fn on_end_tells_once_what_was_sent() {
    let ends = Ends::default();
    let chunks = || Stream(Chunks(vec![Ok("one"), Ok("two")]));
    let client = App::new()
        .state(ends.clone())
        .with(watch)
        .with(watch)
        .get("/text", async || "hello")
        .get("/empty", async || ())
        .get("/stream", move || async move { chunks() })
        .get("/error", async || Err::<(), _>(Error::not_found("no")))
        .get("/panic", async || -> () { panic!("on purpose") })
        .test();
    for path in ["/text", "/empty", "/stream", "/error", "/panic", "/none"] {
        let res = client.get(path).send();
        let bytes = res.bytes().len() as u64;
        assert_eq!(ends.take(), [Outcome::Sent { bytes }; 2], "{path}");
    }
    client.request(Method::HEAD, "/text").send();
    assert_eq!(ends.take(), [Outcome::Sent { bytes: 0 }; 2]);
}

#[test]
fn a_response_that_is_thrown_away_was_cancelled() {
    async fn replace(req: Request, next: Next) -> Response {
        drop(next.run(req).await);
        "another".into_response()
    }
    let ends = Ends::default();
    let client = App::new()
        .state(ends.clone())
        .with(replace)
        .with(watch)
        .get("/", async || "hello")
        .test();
    client.get("/").send().assert_text("another");
    assert_eq!(ends.take(), [Outcome::Cancelled { bytes: 0 }]);
}

/// A permit or a gauge of someone else must not hang on it.
#[test]
fn a_hook_that_panics_keeps_no_other_from_being_told() {
    async fn panics(req: Request, next: Next) -> Response {
        let mut res = next.run(req).await;
        res.on_end(|_| panic!("on purpose"));
        res
    }
    async fn throw_away(req: Request, next: Next) -> Response {
        let res = next.run(req).await;
        assert_eq!(res.status(), 404, "it is dropped while this unwinds");
        res
    }
    let ends = Ends::default();
    let client = App::new()
        .state(ends.clone())
        .with(throw_away)
        .with(watch)
        .with(panics)
        .with(watch)
        .get("/", async || "hello")
        .test();
    let bytes = client.get("/none").send().bytes().len() as u64;
    assert_eq!(ends.take(), [Outcome::Sent { bytes }; 2]);
    client.get("/").send().assert_status(500);
    assert_eq!(ends.take(), [Outcome::Cancelled { bytes: 0 }; 2]);
}

#[test]
fn a_body_that_is_replaced_keeps_the_hooks() {
    async fn louder(req: Request, next: Next) -> Response {
        let mut res = next.run(req).await;
        let body = res.take_body().collect(100).await.unwrap();
        res.set_body(body.to_ascii_uppercase());
        res
    }
    let ends = Ends::default();
    let client = App::new()
        .state(ends.clone())
        .with(louder)
        .with(watch)
        .get("/", async || "hello")
        .get("/bad", async || {
            let mut res = "hello".into_response();
            res.set_header("x", "\n");
            res
        })
        .test();
    client.get("/").send().assert_text("HELLO");
    assert_eq!(ends.take(), [Outcome::Sent { bytes: 5 }]);
    let bytes = client.get("/bad").send().assert_status(500).bytes().len() as u64;
    assert_eq!(ends.take(), [Outcome::Sent { bytes }]);
}

/// Counts when it is dropped.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a handler tells of itself while it waits.
#[derive(Clone, Default)]
struct Work {
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
    finished: Arc<Notify>,
    dropped: Arc<AtomicUsize>,
}

async fn work(State(work): State<Work>) -> &'static str {
    let _dropped = Dropped(work.dropped.clone());
    work.begun.notify_one();
    work.go_on.notified().await;
    work.finished.notify_one();
    "done"
}

#[tokio::test]
async fn a_disconnect_drops_the_future_of_the_handler() {
    let state = Work::default();
    let client = App::new().state(state.clone()).get("/", work).test();
    let mut asked = Box::pin(client.get("/").response());
    tokio::select! {
        _ = &mut asked => panic!("the handler waits"),
        () = state.begun.notified() => {}
    }
    assert_eq!(state.dropped.load(Ordering::Relaxed), 0);
    drop(asked);
    assert_eq!(state.dropped.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn finish_on_disconnect_runs_the_handler_to_its_end() {
    async fn inner(State(work): State<Work>, req: Request, next: Next) -> Response {
        let res = next.run(req).await;
        work.finished.notify_one();
        res
    }
    let state = Work::default();
    let app = App::new().state(state.clone());
    let client = app.get("/", work.finish_on_disconnect().with(inner)).test();
    let mut asked = Box::pin(client.get("/").response());
    tokio::select! {
        _ = &mut asked => panic!("the handler waits"),
        () = state.begun.notified() => {}
    }
    drop(asked);
    assert_eq!(state.dropped.load(Ordering::Relaxed), 0);
    state.go_on.notify_one();
    state.finished.notified().await;
    assert_eq!(state.dropped.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn finish_on_disconnect_changes_nothing_for_who_stays() {
    let state = Work::default();
    state.go_on.notify_one();
    let client = App::new()
        .state(state.clone())
        .get("/", work.finish_on_disconnect())
        .get(
            "/panic",
            (async || -> () { panic!("on purpose") }).finish_on_disconnect(),
        )
        .test();
    client.get("/").await.assert_text("done");
    client.get("/panic").await.assert_status(500);
}

#[tokio::test]
async fn the_hooks_of_an_unread_response_are_told_of_the_cancellation() {
    let ends = Ends::default();
    let app = App::new().state(ends.clone()).with(watch);
    let client = app.get("/", async || "hello").test();
    let res = client.get("/").response().await;
    assert_eq!(ends.take(), []);
    drop(res);
    assert_eq!(ends.take(), [Outcome::Cancelled { bytes: 0 }]);
}

#[tokio::test]
async fn a_spawned_task_is_waited_for_and_told_to_stop() {
    async fn start(State(work): State<Work>, req: Request) {
        let mut stopping = req.stopping();
        req.spawn(async move {
            work.begun.notify_one();
            stopping.wait().await;
            work.finished.notify_one();
        });
    }
    let state = Work::default();
    let client = App::new().state(state.clone()).get("/", start).test();
    client.get("/").await.assert_status(200);
    state.begun.notified().await;
    client.service().stop().await.unwrap();
    tokio::select! {
        biased;
        () = state.finished.notified() => {}
        () = std::future::ready(()) => panic!("the task still ran when the app had stopped"),
    }
}
