//! What `Timeout` cuts off, and what it leaves alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cepa::prelude::*;
use cepa::{Stream, Timeout, TimeoutError};
use tokio::time::{Instant, sleep};

use crate::problems;

const SECOND: Duration = Duration::from_secs(1);

async fn sleeping(Path(millis): Path<u64>) -> &'static str {
    sleep(Duration::from_millis(millis)).await;
    "done"
}

#[tokio::test(start_paused = true)]
async fn a_response_in_time_passes_and_a_late_one_is_a_503_on_time() {
    let client = App::new()
        .with(Timeout::new(SECOND))
        .get("/{millis}", sleeping)
        .test();
    // Milliseconds of the handler, the status, milliseconds until it is there.
    let table = [
        (0, 200, 0),
        (1, 200, 1),
        (999, 200, 999),
        (1001, 503, 1000),
        (3_600_000, 503, 1000),
    ];
    for (millis, status, took) in table {
        let start = Instant::now();
        let res = client.get(format!("/{millis}")).await;
        res.assert_status(status);
        assert_eq!(start.elapsed().as_millis() / 2, took / 2, "{millis}");
    }
    let res = client.get("/2000").await;
    res.assert_header("content-type", "application/problem+json");
    let error = res.error().unwrap().downcast_ref::<TimeoutError>().unwrap();
    assert_eq!(error.after(), SECOND);
    assert_eq!(error.to_string(), "there was no response in 1s");
}

#[tokio::test(start_paused = true)]
async fn what_was_too_late_is_dropped() {
    struct Dropped(Arc<AtomicBool>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let dropped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&dropped);
    let stuck = move || {
        let guard = Dropped(Arc::clone(&flag));
        async move {
            sleep(SECOND * 1000).await;
            drop(guard);
        }
    };
    let client = App::new().with(Timeout::new(SECOND)).get("/", stuck).test();
    client.get("/").await.assert_status(503);
    assert!(dropped.load(Ordering::Relaxed));
}

#[tokio::test(start_paused = true)]
async fn the_body_is_not_included() {
    struct Late(std::pin::Pin<Box<tokio::time::Sleep>>, bool);
    impl futures_core::Stream for Late {
        type Item = Result<&'static str>;
        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Self::Item>> {
            std::task::ready!(self.0.as_mut().poll(cx));
            let first = !std::mem::replace(&mut self.1, true);
            std::task::Poll::Ready(first.then_some(Ok("late")))
        }
    }
    let client = App::new()
        .with(Timeout::new(SECOND))
        .get("/", async || {
            Stream(Late(Box::pin(sleep(SECOND * 60)), false))
        })
        .test();
    client.get("/").await.assert_status(200).assert_text("late");
}

#[tokio::test(start_paused = true)]
async fn the_shortest_of_several_counts() {
    let hour = Timeout::new(SECOND * 3600);
    let client = App::new()
        .with(Timeout::new(SECOND * 5).with_status(StatusCode::GATEWAY_TIMEOUT))
        .get("/short/{millis}", sleeping.with(Timeout::new(SECOND)))
        .get("/long/{millis}", sleeping.with(hour))
        .test();
    client.get("/short/2000").await.assert_status(503);
    client.get("/long/2000").await.assert_status(200);
    client.get("/long/6000").await.assert_status(504);
}

#[test]
fn without_waiting_no_runtime_is_needed_and_the_longest_time_is_fine() {
    let app = App::new()
        .with(Timeout::new(Duration::MAX))
        .get("/", async || "now")
        .get("/later", async || tokio::task::yield_now().await);
    let client = app.test();
    client.get("/").send().assert_text("now");
    client.get("/later").send().assert_status(200);
}

#[test]
fn what_cannot_work_is_refused_at_start_up() {
    let app = App::new()
        .with(Timeout::new(Duration::ZERO))
        .get("/", async || "")
        .get(
            "/b",
            (async || "").with(Timeout::new(SECOND).with_status(StatusCode::OK)),
        )
        .fallback((async || "").with(Timeout::new(Duration::ZERO)));
    let text = problems(app);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[1].contains("timeout.rs:"), "{text}");
    assert!(
        lines[1].contains("`Timeout`: no response is made in no time"),
        "{text}"
    );
    assert!(lines[2].contains("200 is no status of an error"), "{text}");
}
