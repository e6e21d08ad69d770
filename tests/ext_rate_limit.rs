//! Rate limits in an app, with the clock stopped: who is let through, and what is answered.

#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use cepa::prelude::*;
use cepa::rate_limit::{Decision, MemoryStore, Quota, RateLimit, RateLimitKey, RateLimitStore};
use cepa::testing::{TestClient, TestResponse};
use tokio::time::advance;

const SECOND: Duration = Duration::from_secs(1);

fn limited(limit: RateLimit) -> App {
    App::new().with(limit).get("/", async || "hello")
}

/// Asks as the client with this address, behind a proxy.
async fn ask(client: &TestClient, addr: &str) -> TestResponse {
    client.get("/").header("x-forwarded-for", addr).await
}

#[tokio::test(start_paused = true)]
async fn a_client_has_its_burst_and_then_the_rate() {
    let client = limited(RateLimit::per_minute(6).with_burst(2)).test();
    for _ in 0..2 {
        client.get("/").await.assert_text("hello");
    }
    let res = client.get("/").await;
    res.assert_status(429).assert_header("retry-after", "10");
    assert_eq!(
        res.error().unwrap().message(),
        "too many requests: try again in 10 seconds"
    );
    advance(9 * SECOND).await;
    client
        .get("/")
        .await
        .assert_status(429)
        .assert_header("retry-after", "1");
    advance(SECOND).await;
    client.get("/").await.assert_text("hello");
    client.get("/").await.assert_status(429);
    advance(60 * SECOND).await;
    for _ in 0..2 {
        client.get("/").await.assert_text("hello");
    }
    client.get("/").await.assert_status(429);
}

#[tokio::test(start_paused = true)]
async fn answers_say_what_is_left() {
    let client = limited(RateLimit::per_minute(3)).test();
    for left in [
        "\"default\";r=2;t=20",
        "\"default\";r=1;t=40",
        "\"default\";r=0;t=60",
    ] {
        let res = client.get("/").await;
        res.assert_header("ratelimit", left);
        res.assert_header("ratelimit-policy", "\"default\";q=3;w=60");
    }
    let res = client.get("/").await;
    res.assert_status(429)
        .assert_header("ratelimit", "\"default\";r=0;t=60");
    res.assert_header("ratelimit-policy", "\"default\";q=3;w=60");
    res.assert_header("content-type", "application/problem+json");
    let silent = limited(RateLimit::per_minute(1).with_headers(false)).test();
    assert_eq!(silent.get("/").await.header("ratelimit"), None);
    let res = silent.get("/").await;
    res.assert_status(429).assert_header("retry-after", "60");
    assert_eq!(res.header("ratelimit-policy"), None);
}

#[tokio::test(start_paused = true)]
async fn a_refused_request_reaches_nothing_inside() {
    let calls = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&calls);
    let handler = move || {
        let seen = Arc::clone(&seen);
        async move { seen.fetch_add(1, Ordering::Relaxed).to_string() }
    };
    let client = App::new()
        .with(RateLimit::per_hour(1))
        .get("/", handler)
        .test();
    client.get("/").await.assert_status(200);
    for path in ["/", "/nothing"] {
        client.get(path).await.assert_status(429);
    }
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn clients_are_told_apart_by_address_and_ipv6_network() {
    let app = limited(RateLimit::per_hour(1)).trust_proxies(["loopback"]);
    let client = app.test();
    let table = [
        ("203.0.113.7", 200),
        ("203.0.113.7", 429),
        ("203.0.113.8", 200),
        ("::ffff:203.0.113.8", 429),
        ("2001:db8:1:2::1", 200),
        ("2001:db8:1:2:ffff::9", 429),
        ("2001:db8:1:3::1", 200),
        // Only the entry of the trusted proxy, the last one, counts.
        ("198.51.100.1, 203.0.113.7", 429),
        ("198.51.100.1", 200),
    ];
    for (addr, status) in table {
        ask(&client, addr).await.assert_status(status);
    }
    let req = client.get("/").header("x-forwarded-for", "203.0.113.9");
    req.header("forwarded", "for=203.0.113.10")
        .await
        .assert_status(400);
}

#[tokio::test(start_paused = true)]
async fn what_a_client_forges_is_not_believed() {
    let client = limited(RateLimit::per_hour(1)).test();
    ask(&client, "203.0.113.7").await.assert_status(200);
    ask(&client, "203.0.113.8").await.assert_status(429);
}

#[tokio::test(start_paused = true)]
async fn a_key_of_ones_own_counts_in_place_of_the_address() {
    let limit = RateLimit::per_hour(1).with_key(|req| req.header("x-account").map(str::to_owned));
    let client = limited(limit).test();
    let table = [("ada", 200), ("bob", 200), ("ada", 429), ("127.0.0.1", 200)];
    for (account, status) in table {
        client
            .get("/")
            .header("x-account", account)
            .await
            .assert_status(status);
    }
    // Without a key it is the address.
    client.get("/").await.assert_status(200);
    client.get("/").await.assert_status(429);
}

#[tokio::test(start_paused = true)]
async fn each_limiter_counts_for_itself_and_the_answer_has_all_of_them() {
    async fn sign_in() -> &'static str {
        "in"
    }
    let client = App::new()
        .with(RateLimit::per_minute(3).with_name("all"))
        .get("/", async || "hello")
        .get(
            "/in",
            sign_in.with(RateLimit::per_hour(1).with_name("sign-in")),
        )
        .test();
    let res = client.get("/in").await;
    let said = res.headers().get_all("ratelimit").iter();
    let said: Vec<_> = said.map(|value| value.to_str().unwrap()).collect();
    assert_eq!(said, ["\"sign-in\";r=0;t=3600", "\"all\";r=2;t=20"]);
    let res = client.get("/in").await;
    res.assert_status(429).assert_header("retry-after", "3600");
    client.get("/").await.assert_status(200);
    client
        .get("/")
        .await
        .assert_status(429)
        .assert_header("retry-after", "20");
}

#[test]
fn options_that_cannot_work_are_build_problems() {
    let table = [
        (RateLimit::per_second(0), "a limit of 0 lets nobody through"),
        (
            RateLimit::per_minute(1).with_burst(0),
            "a burst of 0 lets nobody through",
        ),
        (
            RateLimit::new(1, Duration::ZERO),
            "1 requests in 0ns are no limit",
        ),
        (
            RateLimit::new(9, Duration::from_nanos(8)),
            "9 requests in 8ns are no limit",
        ),
        (
            RateLimit::per_hour(1).with_name(""),
            "`` is no name for a limiter",
        ),
        (
            RateLimit::per_hour(1).with_name("a\"b"),
            "is no name for a limiter",
        ),
        (
            RateLimit::per_hour(1).with_name("a\r\nb"),
            "`a\\r\\nb` is no name for a limiter",
        ),
    ];
    for (limit, sentence) in table {
        let app = App::new().get("/", async || "hello");
        let line = line!() + 1;
        let error = app.with(limit).build().unwrap_err();
        let [problem] = error.problems() else {
            panic!("{error}")
        };
        assert!(problem.message().starts_with("`RateLimit`: "), "{problem}");
        assert!(problem.message().contains(sentence), "{problem}");
        assert_eq!(problem.location().line(), line, "{problem}");
    }
}

#[test]
fn limits_are_told_apart_by_their_names_in_tables_and_times() {
    use cepa::{Mode, ServerTiming};
    let hello = async || "hello";
    let app = App::new()
        .mode(Mode::Development)
        .plug(ServerTiming::new())
        .with(RateLimit::per_minute(9))
        .with(RateLimit::per_minute(9).with_name("all"))
        .get(
            "/",
            hello.with(RateLimit::per_minute(9).with_name("two words")),
        );
    let client = app.test();
    let explained = client.service().explain("GET", "/").to_string();
    let res = client.get("/").send();
    let times = res.header("server-timing").unwrap();
    for (name, token) in [
        ("RateLimit", "RateLimit;"),
        ("RateLimit::all", "RateLimit.all;"),
        ("RateLimit::two words", "RateLimit.two_words;"),
    ] {
        let is_shown = explained.contains(name) && times.contains(token);
        assert!(is_shown, "{name}: {explained}{times}");
    }
}

/// A store as one of several processes would have it: one number per key, the key as text.
#[derive(Default)]
struct Shared {
    paid_at: std::sync::Mutex<std::collections::HashMap<String, tokio::time::Instant>>,
}

impl RateLimitStore for Shared {
    async fn take(&self, key: &RateLimitKey<'_>, quota: &Quota) -> Result<Decision> {
        tokio::task::yield_now().await;
        let now = tokio::time::Instant::now();
        let mut all = self.paid_at.lock().unwrap();
        let paid_at = all.entry(key.to_string()).or_insert(now);
        let (decision, debt) = quota.take(paid_at.saturating_duration_since(now));
        *paid_at = now + debt;
        Ok(decision)
    }
}

#[tokio::test(start_paused = true)]
async fn processes_that_share_a_store_share_the_counts() {
    let store = Arc::new(Shared::default());
    let limit = || RateLimit::per_minute(2).with_store(Arc::clone(&store));
    let (one, two) = (limited(limit()).test(), limited(limit()).test());
    let other = limited(limit().with_name("other")).test();
    one.get("/").await.assert_status(200);
    two.get("/").await.assert_status(200);
    one.get("/")
        .await
        .assert_status(429)
        .assert_header("retry-after", "30");
    two.get("/").await.assert_status(429);
    other.get("/").await.assert_status(200);
    advance(30 * SECOND).await;
    two.get("/").await.assert_status(200);
    one.get("/").await.assert_status(429);
    let mut keys: Vec<_> = store.paid_at.lock().unwrap().keys().cloned().collect();
    keys.sort();
    assert_eq!(keys, ["default:127.0.0.1", "other:127.0.0.1"]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_lets_nobody_through() {
    struct Down;
    impl RateLimitStore for Down {
        async fn take(&self, _: &RateLimitKey<'_>, _: &Quota) -> Result<Decision> {
            Err(Error::unavailable("the counts cannot be reached"))
        }
    }
    let client = limited(RateLimit::per_minute(2).with_store(Down)).test();
    client.get("/").await.assert_status(503);
}

#[tokio::test(start_paused = true)]
async fn a_flood_from_many_networks_does_not_let_one_of_them_through_twice() {
    let limit = RateLimit::per_hour(1).with_store(MemoryStore::with_capacity(1));
    let client = limited(limit).trust_proxies(["loopback"]).test();
    ask(&client, "203.0.113.7").await.assert_status(200);
    let mut passed = 0;
    for number in 0..3_000 {
        let addr = format!("2001:db8:0:{number:x}::1");
        passed += u32::from(ask(&client, &addr).await.status() == StatusCode::OK);
    }
    assert!(passed < 1_024, "{passed}: as many as there are slots");
    ask(&client, "203.0.113.7").await.assert_status(429);
}
