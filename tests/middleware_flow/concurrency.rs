//! Whom `Concurrency` lets in, in which order, and for how long.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cepa::http::Request as HttpRequest;
use cepa::prelude::*;
use cepa::{AppService, Concurrency};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::Instant;

use crate::problems;

/// What the handler waits for, and who was in it.
#[derive(Clone)]
struct Gate {
    open: Arc<Semaphore>,
    entered: Arc<Mutex<Vec<u32>>>,
}

async fn enter(Path(number): Path<u32>, State(gate): State<Gate>) -> String {
    gate.entered.lock().unwrap().push(number);
    gate.open.acquire().await.unwrap().forget();
    number.to_string()
}

fn start(limit: Concurrency) -> (Gate, AppService) {
    let gate = Gate {
        open: Arc::new(Semaphore::new(0)),
        entered: Arc::default(),
    };
    let app = App::new()
        .state(gate.clone())
        .with(limit)
        .get("/{number}", enter);
    (gate, app.build().unwrap())
}

impl Gate {
    fn entered(&self) -> Vec<u32> {
        self.entered.lock().unwrap().clone()
    }
}

fn get(number: u32) -> HttpRequest<&'static str> {
    HttpRequest::get(format!("/{number}")).body("").unwrap()
}

/// Begins a request and lets it come as far as it can.
async fn ask(service: &AppService, number: u32) -> JoinHandle<Response> {
    let answer = tokio::spawn(service.answer(get(number)));
    for _ in 0..10 {
        yield_now().await;
    }
    answer
}

#[tokio::test(start_paused = true)]
async fn so_many_run_a_few_wait_in_order_and_the_rest_is_turned_away() {
    let (gate, service) = start(Concurrency::new(2).with_queue(2));
    let mut answers = Vec::new();
    for number in 0..4 {
        answers.push(ask(&service, number).await);
    }
    assert_eq!(gate.entered(), [0, 1]);
    let refused = service.answer(get(4)).await;
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.header("retry-after"), Some("5"));
    gate.open.add_permits(4);
    for (number, answer) in answers.into_iter().enumerate() {
        let mut res = answer.await.unwrap();
        assert_eq!(res.status(), 200);
        let body = res.take_body().collect(10).await.unwrap();
        assert_eq!(body, number.to_string());
    }
    assert_eq!(gate.entered(), [0, 1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_permit_is_held_until_the_response_ended() {
    let (gate, service) = start(Concurrency::new(1).with_queue(0));
    gate.open.add_permits(10);
    let res = service.answer(get(0)).await;
    assert_eq!(res.status(), 200);
    assert_eq!(service.answer(get(1)).await.status(), 503);
    drop(res);
    assert_eq!(service.answer(get(2)).await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_in_time() {
    let wait = Duration::from_millis(1500);
    let (gate, service) = start(Concurrency::new(1).with_max_wait(wait));
    let _first = ask(&service, 0).await;
    let begun = Instant::now();
    let res = service.answer(get(1)).await;
    assert_eq!(res.status(), 503);
    assert_eq!(res.header("retry-after"), Some("2"));
    assert!(begun.elapsed() >= wait && begun.elapsed() < wait * 2);
    assert_eq!(gate.entered(), [0]);
}

/// The seconds of its `Retry-After` were more than there is room for.
#[tokio::test]
async fn the_longest_wait_is_fine() {
    let (_gate, service) = start(
        Concurrency::new(1)
            .with_queue(0)
            .with_max_wait(Duration::MAX),
    );
    let _first = ask(&service, 0).await;
    let res = service.answer(get(1)).await;
    let seconds = u64::MAX.to_string();
    assert_eq!(res.header("retry-after"), Some(&*seconds));
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_leaves_the_room_and_the_queue() {
    let (gate, service) = start(Concurrency::new(1).with_queue(1));
    let first = ask(&service, 0).await;
    let second = ask(&service, 1).await;
    assert_eq!(service.answer(get(2)).await.status(), 503);
    second.abort();
    assert!(second.await.is_err());
    let third = ask(&service, 3).await;
    assert_eq!(gate.entered(), [0]);
    first.abort();
    assert!(first.await.is_err());
    gate.open.add_permits(1);
    assert_eq!(third.await.unwrap().status(), 200);
    assert_eq!(gate.entered(), [0, 3]);
}

#[tokio::test(start_paused = true)]
async fn errors_and_panics_give_their_permit_back() {
    let client = App::new()
        .with(Concurrency::new(1).with_queue(0))
        .get("/error", async || Err::<(), _>(Error::conflict("no")))
        .get("/panic", async || -> () { panic!("on purpose") })
        .test();
    for _ in 0..3 {
        client.get("/error").await.assert_status(409);
        client.get("/panic").await.assert_status(500);
        client.get("/none").await.assert_status(404);
    }
}

#[tokio::test(start_paused = true)]
async fn clones_share_one_limit() {
    async fn stuck() {
        std::future::pending().await
    }
    let limit = Concurrency::new(1).with_queue(0);
    let app = App::new()
        .get("/1", stuck.with(limit.clone()))
        .get("/2", stuck.with(limit))
        .get("/free", async || "free");
    let service = app.build().unwrap();
    let _first = ask(&service, 1).await;
    assert_eq!(service.answer(get(2)).await.status(), 503);
}

#[test]
fn a_limit_of_zero_is_refused_at_start_up_and_a_huge_one_is_fine() {
    let text = problems(App::new().with(Concurrency::new(0)).get("/", async || ""));
    assert!(text.contains("concurrency.rs:"), "{text}");
    assert!(
        text.contains("`Concurrency`: no request could pass a limit of 0"),
        "{text}"
    );
    let huge = Concurrency::new(usize::MAX).with_max_wait(Duration::MAX);
    let client = App::new().with(huge).get("/", async || "in").test();
    client.get("/").send().assert_text("in");
}
