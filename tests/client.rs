//! The test client: what it sends, what it keeps, and what its failures say.

#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use cepa::prelude::*;
use cepa::testing::TestClient;
use serde::Serialize;

/// An app that answers with the request's cookies, and sets what the query says.
fn cookies() -> TestClient {
    let echo = async |req: Request| {
        let mut res = req
            .header("cookie")
            .unwrap_or("none")
            .to_owned()
            .into_response();
        for cookie in req.query().split('&').filter(|cookie| !cookie.is_empty()) {
            res.append_header("set-cookie", cookie.replace("%20", " "));
        }
        res
    };
    App::new().get("/", echo).test()
}

#[test]
fn cookies_are_kept_and_sent_with_later_requests() {
    let client = cookies();
    client
        .get("/?b=2&a=1;%20HttpOnly;%20Secure;%20Path=/")
        .send()
        .assert_text("none");
    client
        .get("/?a=3;%20Max-Age=60")
        .send()
        .assert_text("a=1; b=2");
    client.get("/").send().assert_text("a=3; b=2");
    client
        .get("/")
        .cookie("c", "4")
        .send()
        .assert_text("a=3; b=2; c=4");
    client.get("/").send().assert_text("a=3; b=2; c=4");
    // Another client is another browser.
    cookies().get("/").send().assert_text("none");
}

/// Max-Age goes before Expires (RFC 6265, 5.3).
#[test]
fn cookies_that_are_over_are_forgotten() {
    let past = "Expires=Thu,%2001%20Jan%201970%2000:00:00%20GMT";
    let future = "Expires=Fri,%2031%20Dec%209999%2023:59:59%20GMT";
    let rows = [
        ("Max-Age=0".to_owned(), "none"),
        ("max-age=-1".to_owned(), "none"),
        (past.to_owned(), "none"),
        (format!("{future};%20Max-Age=0"), "none"),
        (format!("Max-Age=60;%20{past}"), "a=new"),
        (format!("{past};%20Max-Age=60"), "a=new"),
        (future.to_owned(), "a=new"),
        ("Max-Age=soon".to_owned(), "a=new"),
        ("Expires=tomorrow".to_owned(), "a=new"),
    ];
    for (attributes, wanted) in rows {
        let client = cookies();
        client.get("/?a=old").send();
        client
            .get(format!("/?a=new;%20{attributes}"))
            .send()
            .assert_text("a=old");
        assert_eq!(client.get("/").send().text(), wanted, "{attributes}");
    }
}

#[test]
fn bodies_are_sent_with_their_type() {
    #[derive(Serialize)]
    struct Login {
        user: &'static str,
        tags: Vec<&'static str>,
    }
    async fn echo(headers: HeaderMap, method: Method, body: String) -> String {
        let kind = headers
            .get("content-type")
            .map_or("none", |kind| kind.to_str().unwrap());
        format!("{method} {kind} {body}")
    }
    let login = Login {
        user: "a b",
        tags: vec!["x", "y"],
    };
    let client = App::new().any("/", echo).test();
    let json = "PUT application/json {\"user\":\"a b\",\"tags\":[\"x\",\"y\"]}";
    client.put("/").json(&login).send().assert_text(json);
    let form = "PATCH application/x-www-form-urlencoded user=a+b&tags=x&tags=y";
    client.patch("/").form(&login).send().assert_text(form);
    let pairs = "POST application/x-www-form-urlencoded a=1&b=2";
    client
        .post("/")
        .form(&[("a", 1), ("b", 2)])
        .send()
        .assert_text(pairs);
    client
        .delete("/")
        .body("text")
        .send()
        .assert_text("DELETE none text");
    client
        .post("/")
        .body(vec![b'x'])
        .header("content-type", "a/b")
        .send()
        .assert_text("POST a/b x");
    client.get("/").send().assert_text("GET none ");
    let brew = Method::from_bytes(b"BREW").unwrap();
    client.request(brew, "/").send().assert_text("BREW none ");
    let res = client
        .post("/")
        .json("x")
        .header("content-type", "application/x+json")
        .send();
    res.assert_text("POST application/x+json \"x\"");
}

/// A stream that ends after two pieces.
struct Two(u8);

impl futures_core::Stream for Two {
    type Item = Result<&'static [u8], &'static str>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0 += 1;
        Poll::Ready((self.0 <= 2).then_some(Ok(b"piece ")))
    }
}

#[test]
fn streams_are_sent_and_answered_piece_by_piece() {
    let reverse = async |body: Body| cepa::Stream(body);
    let count = async |mut body: Body| -> Result<String> {
        let mut pieces = 0;
        while body.chunk().await.transpose()?.is_some() {
            pieces += 1;
        }
        Ok(pieces.to_string())
    };
    let client = App::new().post("/", count).put("/", reverse).test();
    client
        .post("/")
        .body(Body::from_stream(Two(0)))
        .send()
        .assert_text("2");
    client
        .put("/")
        .body(Body::from_stream(Two(0)))
        .send()
        .assert_text("piece piece ");
}

#[test]
fn heads_are_as_a_browser_sends_them() {
    let echo = async |req: Request| {
        let host = req.host().unwrap_or("none");
        format!("{host} {} {:?}", req.uri(), req.header("x-a"))
    };
    let client = App::new().get("/{*rest}", echo).test();
    client
        .get("/a%20b?c=d")
        .send()
        .assert_text("localhost /a%20b?c=d None");
    let res = client
        .get("/a")
        .header("X-A", "1")
        .header("x-a", "2")
        .header("host", "b.test")
        .send();
    res.assert_text("b.test /a Some(\"2\")");
    assert_eq!(format!("{:?}", client.get("/a")), "TestRequest(GET /a)");
}

#[tokio::test(start_paused = true)]
async fn a_request_is_awaited_under_a_paused_clock() {
    let wait = async || {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        "an hour later"
    };
    let client = App::new().get("/", wait).test();
    let start = tokio::time::Instant::now();
    let (one, two) = tokio::join!(client.get("/"), client.get("/"));
    one.assert_text("an hour later");
    two.assert_text("an hour later");
    assert_eq!(start.elapsed().as_secs(), 3600);
}

#[tokio::test]
async fn the_head_of_a_response_is_there_before_its_body() {
    let client = App::new().get("/", async || cepa::Stream(Two(0))).test();
    let mut res = client.get("/").response().await;
    assert_eq!(res.status(), 200);
    let mut body = res.take_body();
    assert_eq!(body.chunk().await.unwrap().unwrap(), "piece ");
    assert_eq!(body.collect(100).await.unwrap(), "piece ");
}

#[test]
fn an_answer_is_read_in_the_form_one_wants() {
    let client = App::new()
        .get("/", async || {
            (StatusCode::CREATED, [("x-a", "1")], Json(json!({"n": 7})))
        })
        .get("/error", async || {
            Err::<(), _>(Error::conflict("no").with_source(std::fmt::Error))
        })
        .test();
    let res = client.get("/").send();
    assert_eq!(
        (res.status(), res.header("x-a")),
        (StatusCode::CREATED, Some("1"))
    );
    assert_eq!(res.headers()["content-type"], "application/json");
    assert_eq!(
        (res.text(), &res.bytes()[..]),
        ("{\"n\":7}", &b"{\"n\":7}"[..])
    );
    assert_eq!(res.json::<std::collections::HashMap<String, u8>>()["n"], 7);
    assert!(res.error().is_none());
    res.assert_status(201)
        .assert_header("x-a", "1")
        .assert_contains("7")
        .assert_json(&json!({"n": 7}));
    let res = client.get("/error").send();
    let error = res.error().unwrap();
    assert!(error.downcast_ref::<std::fmt::Error>().is_some());
}

/// What a panic says.
fn panic_of<T>(act: impl FnOnce() -> T) -> String {
    let panic = catch_unwind(AssertUnwindSafe(act))
        .err()
        .expect("it panics");
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => (*panic.downcast::<&str>().unwrap()).to_owned(),
    }
}

#[test]
fn a_failed_assertion_shows_what_was_asked_and_answered() {
    let client = App::new()
        .get("/text", async || ([("x-a", "1")], "the body"))
        .get("/error", async || {
            Err::<(), _>(Error::internal("the reason"))
        })
        .test();
    let res = client.get("/text?q=1").send();
    let panics = [
        (
            panic_of(|| res.assert_status(404)),
            "should have the status 404",
        ),
        (
            panic_of(|| res.assert_header("x-a", "2")),
            "should have `x-a: 2`",
        ),
        (
            panic_of(|| res.assert_header("x-b", "1")),
            "should have `x-b: 1`",
        ),
        (
            panic_of(|| res.assert_text("the")),
            "should have the body\nthe",
        ),
        (
            panic_of(|| res.assert_contains("nobody")),
            "should have in its body\nnobody",
        ),
        (
            panic_of(|| res.assert_json(&json!(1))),
            "is not the expected JSON",
        ),
        (panic_of(|| res.json::<u8>()), "is not the expected JSON"),
    ];
    for (panic, wanted) in panics {
        for text in ["GET /text?q=1", "200 OK", "x-a: 1", "the body", wanted] {
            assert!(panic.contains(text), "{panic}");
        }
    }
    // For developers, the reason that no client is shown.
    let panic = panic_of(|| client.get("/error").send().assert_status(200).status());
    for text in [
        "GET /error",
        "500 Internal Server Error",
        "the reason",
        file!(),
    ] {
        assert!(panic.contains(text), "{panic}");
    }
}

#[test]
fn what_cannot_be_sent_says_so() {
    let client = App::new().get("/", async || cepa::Stream(Broken)).test();
    let rows = [
        (panic_of(|| client.get("a b")), "`a b` is no path"),
        (
            panic_of(|| client.get("/").header("a b", "c")),
            "`a b` is no header name",
        ),
        (
            panic_of(|| client.get("/").header("a", "b\nc")),
            "the value of `a` is not allowed",
        ),
        (
            panic_of(|| client.to("none", &[])),
            "no link to the route `none`",
        ),
        (
            panic_of(|| client.get("/").send()),
            "GET /: the response body broke off",
        ),
    ];
    for (panic, wanted) in rows {
        assert!(panic.contains(wanted), "{panic}");
    }
}

/// A stream that fails.
struct Broken;

impl futures_core::Stream for Broken {
    type Item = Result<Bytes, &'static str>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(Some(Err("on purpose")))
    }
}

#[tokio::test]
async fn send_inside_a_runtime_names_await() {
    let client = App::new().get("/", async || "hi").test();
    assert!(panic_of(|| client.get("/").send()).contains("`.await`"));
    client.get("/").await.assert_text("hi");
}

#[derive(Clone)]
struct Clock(u8);

fn clocks() -> App {
    let show = async |State(clock): State<Clock>| clock.0.to_string();
    let inner = App::new().state(Clock(2)).get("/", show);
    App::new()
        .state(Clock(1))
        .get("/", show)
        .mount("/in", inner)
}

#[test]
fn a_state_is_replaced_by_a_fake_everywhere() {
    let client = clocks().test().replace_state(Clock(7));
    client.get("/").send().assert_text("7");
    client.get("/in").send().assert_text("7");
    let client = clocks().test();
    client.get("/").send().assert_text("1");
    client.get("/in").send().assert_text("2");
    let panic = panic_of(|| client.replace_state(Clock(7)));
    assert!(panic.contains("before the first request"), "{panic}");
    let panic = panic_of(|| clocks().test().replace_state(7_u8));
    assert!(panic.contains("no state of type `u8`"), "{panic}");
}

#[test]
fn a_route_is_asked_by_its_handler_or_its_name() {
    async fn rename(Path(id): Path<u8>, Query(q): Query<Vec<(String, String)>>) -> String {
        format!("{id} {q:?}")
    }
    let client = App::new()
        .mount(
            "/api",
            App::new().put("/users/{id}", rename.named("rename")),
        )
        .test();
    let wanted = "7 [(\"to\", \"b c\")]";
    client
        .to("rename", &[("id", &7), ("to", &"b c")])
        .send()
        .assert_text(wanted);
    async fn any() -> &'static str {
        "any"
    }
    let client = App::new().any("/", any).test();
    client.to(any, &[]).send().assert_text("any");
}

#[test]
fn hooks_run_as_behind_a_server() {
    let count = Arc::new(AtomicUsize::new(0));
    let (start, stop, seen) = (count.clone(), count.clone(), count.clone());
    let client = App::new()
        .on_start(move || async move {
            let _before = start.fetch_add(1, Ordering::SeqCst);
        })
        .on_stop(move || async move {
            let _before = stop.fetch_add(10, Ordering::SeqCst);
        })
        .get("/", move || {
            std::future::ready(seen.load(Ordering::SeqCst).to_string())
        })
        .test();
    assert_eq!(count.load(Ordering::SeqCst), 0);
    client.get("/").send().assert_text("1");
    client.get("/").send().assert_text("1");
    client.stop();
    client.stop();
    assert_eq!(count.load(Ordering::SeqCst), 11);
    let client = App::new()
        .on_start(async || Err::<(), _>("no database"))
        .test();
    let panic = panic_of(|| client.get("/").send());
    assert!(
        panic.contains("a start hook failed: no database"),
        "{panic}"
    );
}

#[tokio::test(start_paused = true)]
async fn no_request_overtakes_a_start_hook() {
    let ready = Arc::new(AtomicUsize::new(0));
    let (hook, seen) = (ready.clone(), ready.clone());
    let client = App::new()
        .on_start(move || async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            hook.store(1, Ordering::SeqCst);
        })
        .get("/", move || {
            std::future::ready(seen.load(Ordering::SeqCst).to_string())
        })
        .test();
    let (one, two) = tokio::join!(client.get("/"), client.get("/"));
    one.assert_text("1");
    two.assert_text("1");
}
