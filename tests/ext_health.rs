//! `/livez` and `/readyz`: whose checks they ask, what they say, and when they ask again.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use cepa::health::{Health, HealthCheck};
use cepa::prelude::*;
use cepa::testing::check_extension;

/// A check that counts how often it is asked, and fails while told to.
#[derive(Clone, Default)]
struct Probe {
    asked: Arc<AtomicUsize>,
    fails: Arc<AtomicBool>,
}

impl Probe {
    fn check(&self, name: &str) -> HealthCheck {
        let probe = self.clone();
        HealthCheck::new(name, move || {
            let probe = probe.clone();
            async move {
                probe.asked.fetch_add(1, Relaxed);
                match probe.fails.load(Relaxed) {
                    true => Err(Error::internal("password `onion` refused")),
                    false => Ok(()),
                }
            }
        })
    }
}

/// An extension with a check of its own.
struct Cache(Probe);

impl Extension for Cache {
    fn install(self, app: App) -> App {
        app.contribute(self.0.check("cache"))
    }
}

#[test]
fn checks_are_found_whatever_the_order_and_however_deep() {
    let probe = Probe::default();
    let apps = [
        App::new().plug(Cache(probe.clone())).plug(Health::new()),
        App::new().plug(Health::new()).plug(Cache(probe.clone())),
        App::new().plug(Health::new()).mount(
            "/a",
            App::new().mount("/b", App::new().plug(Cache(probe.clone()))),
        ),
        App::new()
            .host("h.test", App::new().plug(Cache(probe.clone())))
            .plug(Health::new()),
    ];
    for app in apps {
        let wanted = json!({ "status": "pass", "checks": { "cache": { "status": "pass" } } });
        app.test()
            .get("/readyz")
            .send()
            .assert_status(200)
            .assert_json(&wanted);
    }
    let inner = App::new().plug(Health::new());
    let client = App::new().mount("/inner", inner).plug(Cache(probe)).test();
    client.get("/inner/readyz").send().assert_contains("cache");
    client.get("/readyz").send().assert_status(404);
}

#[test]
fn a_failing_check_is_503_without_its_cause() {
    let (one, two) = (Probe::default(), Probe::default());
    two.fails.store(true, Relaxed);
    let app = App::new()
        .contribute(one.check("one"))
        .contribute(two.check("two"))
        .plug(Health::new());
    let client = app.test();
    let res = client.get("/readyz").send();
    let wanted = json!({
        "status": "fail",
        "checks": { "one": { "status": "pass" }, "two": { "status": "fail" } },
    });
    res.assert_status(503)
        .assert_json(&wanted)
        .assert_header("cache-control", "no-store");
    assert!(
        res.error().is_none(),
        "a probe is no error to log each time"
    );
    client
        .get("/livez")
        .send()
        .assert_status(200)
        .assert_header("cache-control", "no-store");
    client
        .request(Method::HEAD, "/readyz")
        .send()
        .assert_status(503);
}

#[test]
fn details_are_shown_where_asked_for() {
    let probe = Probe::default();
    probe.fails.store(true, Relaxed);
    let health = Health::new().with_details();
    let client = App::new().contribute(probe.check("db")).plug(health).test();
    client
        .get("/readyz")
        .send()
        .assert_contains("password `onion` refused");
}

#[tokio::test(start_paused = true)]
async fn a_check_that_takes_too_long_or_panics_fails_and_the_others_run_beside_it() {
    let slow = |name| {
        HealthCheck::new(name, async || {
            tokio::time::sleep(Duration::from_secs(60)).await
        })
    };
    let client = App::new()
        .plug(Health::new().with_details())
        .contribute(slow("slow"))
        .contribute(slow("slower").with_timeout(Duration::from_secs(3)))
        .contribute(HealthCheck::new("broken", async || -> Result<()> {
            panic!("oh")
        }))
        .contribute(HealthCheck::new("fine", async || ()))
        .test();
    let start = tokio::time::Instant::now();
    let res = client.get("/readyz").await;
    assert_eq!(start.elapsed(), Duration::from_secs(3));
    res.assert_status(503)
        .assert_contains("no answer in 2s")
        .assert_contains("no answer in 3s")
        .assert_contains("it panicked, or it blocks its thread")
        .assert_contains(r#""fine":{"error":null,"status":"pass""#);
}

#[tokio::test(start_paused = true)]
async fn a_result_is_given_again_for_a_second_and_asked_for_once_by_many() {
    let probe = Probe::default();
    let client = App::new()
        .plug(Health::new())
        .contribute(probe.check("db"))
        .test();
    client.get("/readyz").await.assert_status(200);
    probe.fails.store(true, Relaxed);
    client.get("/readyz").await.assert_status(200);
    assert_eq!(probe.asked.load(Relaxed), 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    client.get("/readyz").await.assert_status(503);
    assert_eq!(probe.asked.load(Relaxed), 2);
}

/// A prober with less patience than the check would otherwise cut each run short: nothing would be
/// kept, nothing logged, and the database asked anew each time.
#[tokio::test(start_paused = true)]
async fn checks_run_to_their_end_where_who_asked_goes_away() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let slow = HealthCheck::new("slow", move || {
        counter.fetch_add(1, Relaxed);
        tokio::time::sleep(Duration::from_secs(1))
    });
    let health = Health::new().with_max_age(Duration::from_secs(60));
    let client = App::new().plug(health).contribute(slow).test();
    for _ in 0..3 {
        let impatient = tokio::time::timeout(Duration::from_millis(300), client.get("/readyz"));
        assert!(impatient.await.is_err(), "it takes a second");
    }
    client.get("/readyz").await.assert_status(200);
    assert_eq!(asked.load(Relaxed), 1);
}

#[test]
fn each_request_asks_anew_where_the_age_is_zero() {
    let probe = Probe::default();
    let health = Health::new().with_max_age(Duration::ZERO);
    let client = App::new().plug(health).contribute(probe.check("db")).test();
    client.get("/readyz").send().assert_status(200);
    probe.fails.store(true, Relaxed);
    client.get("/readyz").send().assert_status(503);
    probe.fails.store(false, Relaxed);
    client.get("/readyz").send().assert_status(200);
}

#[test]
fn the_longest_times_are_fine() {
    let patient = HealthCheck::new("db", async || ()).with_timeout(Duration::MAX);
    let health = Health::new().with_max_age(Duration::MAX);
    let client = App::new().plug(health).contribute(patient).test();
    client.get("/readyz").send().assert_status(200);
    client.get("/readyz").send().assert_status(200);
}

#[test]
fn a_stopping_server_is_not_ready_and_still_alive() {
    let client = App::new().plug(Health::new()).test();
    client.get("/readyz").send().assert_status(200);
    client.stop();
    let wanted = json!({ "status": "fail", "stopping": true });
    client
        .get("/readyz")
        .send()
        .assert_status(503)
        .assert_json(&wanted);
    client.get("/livez").send().assert_status(200);
}

#[test]
fn checks_that_cannot_work_are_build_errors() {
    let named = |name: &str| HealthCheck::new(name, async || ());
    let rows = [
        (
            App::new().contribute(named("db")).contribute(named("db")),
            "two health checks are named `db`",
        ),
        (App::new().contribute(named("")), "has no name"),
        (
            App::new().contribute(named("db").with_timeout(Duration::ZERO)),
            "never passes",
        ),
        (App::new().get("/livez", async || ""), "/livez"),
        (App::new().plug(Health::new()), "plugged already"),
    ];
    for (app, wanted) in rows {
        let error = app.plug(Health::new()).build().unwrap_err().to_string();
        assert!(error.contains(wanted) && error.contains(file!()), "{error}");
    }
    let error = App::new()
        .plug(Health::new().with_ready_path("ready"))
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("write `/ready`"), "{error}");
}

#[test]
fn who_contributes_a_check_works_without_anyone_who_asks() {
    check_extension(|| Cache(Probe::default()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_blocks_its_thread_holds_nobody_up() {
    let (release, blocked) = std::sync::mpsc::channel::<()>();
    let blocked = Arc::new(std::sync::Mutex::new(blocked));
    let blocking = HealthCheck::new("blocks", move || {
        let blocked = Arc::clone(&blocked);
        async move {
            let _ = blocked.lock().unwrap().recv();
        }
    });
    let client = App::new()
        .plug(Health::new())
        .contribute(blocking.with_timeout(Duration::from_millis(50)))
        .contribute(HealthCheck::new("fine", async || ()).with_timeout(Duration::from_millis(50)))
        .test();
    let wanted = json!({
        "status": "fail",
        "checks": { "blocks": { "status": "fail" }, "fine": { "status": "pass" } },
    });
    client
        .get("/readyz")
        .await
        .assert_status(503)
        .assert_json(&wanted);
    drop(release);
}
