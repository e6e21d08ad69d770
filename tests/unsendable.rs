//! Responses that cannot be sent as a handler or middleware made them: a 500 with a sentence.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::net::Shutdown;
use std::sync::{Arc, Mutex};

use cepa::prelude::*;
use cepa::{ErrorContext, Server};

mod wire;

type Said = Arc<Mutex<Vec<String>>>;

/// An app that keeps what was said of its errors, with a header of its middleware around.
fn app(said: &Said) -> App {
    let said = Arc::clone(said);
    App::new()
        .with(async |req: Request, next: Next| {
            let mut res = next.run(req).await;
            res.set_header("x-seen", res.status().as_str());
            res
        })
        .observe_errors(move |error: &Error, _: &ErrorContext| {
            said.lock().unwrap().push(error.to_string());
        })
}

fn over_a_socket(app: App, target: &str) -> String {
    let server = wire::Running::start(Server::new(app));
    let mut client = server.connect();
    client.send(format!("GET {target} HTTP/1.1\r\nhost: x\r\n\r\n"));
    client.stream.shutdown(Shutdown::Write).unwrap();
    client.read_all()
}

#[test]
fn a_status_that_announces_a_response_is_an_error() {
    let said = Said::default();
    let app = || {
        app(&said)
            .get("/100", async || StatusCode::CONTINUE)
            .get("/103", async || (StatusCode::EARLY_HINTS, "hints"))
            .get("/101", async || StatusCode::SWITCHING_PROTOCOLS)
            .get("/named", async || {
                (
                    StatusCode::SWITCHING_PROTOCOLS,
                    [("upgrade", "x"), ("connection", "upgrade")],
                    "",
                )
            })
    };
    let client = app().test();
    let rows = [
        (
            "/100",
            "100 is no response but announces one: return a status from 200 on",
        ),
        (
            "/103",
            "103 is no response but announces one: return a status from 200 on",
        ),
        (
            "/101",
            "a 101 without `Upgrade` header is no response: take an `Upgrade` and return what its \
             `accept` gives",
        ),
    ];
    for (path, sentence) in rows {
        let res = client.get(path).send();
        res.assert_status(500).assert_header("x-seen", "500");
        res.assert_header("content-type", "application/problem+json");
        assert_eq!(said.lock().unwrap().pop().as_deref(), Some(sentence));
        let answer = over_a_socket(app(), path);
        assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
        assert!(answer.contains("x-seen: 500\r\n"), "{answer}");
        assert!(answer.contains("\"status\":500"), "{answer}");
        said.lock().unwrap().clear();
    }
    client
        .get("/named")
        .send()
        .assert_status(101)
        .assert_header("x-seen", "101");
}

#[test]
fn a_renderer_cannot_announce_a_response_either() {
    let app = App::new()
        .on_error(async |_: &Error, _: &ErrorContext| (StatusCode::CONTINUE, "sorry"))
        .get("/", async || Error::conflict("no"));
    app.test()
        .get("/")
        .send()
        .assert_status(409)
        .assert_text("sorry");
}

/// What sets these headers, the wrong ones first.
const LENGTHS: [(&str, &str, bool); 5] = [
    ("3", "hello", false),
    ("six", "hello", false),
    ("+5", "hello", false),
    ("5", "", false),
    ("5", "hello", true),
];

#[test]
fn a_length_of_ones_own_that_is_wrong_is_an_error() {
    let said = Said::default();
    for (length, body, fits) in LENGTHS {
        let app = || {
            app(&said).get(
                "/",
                move || async move { ([("content-length", length)], body) },
            )
        };
        let wanted = if fits { 200 } else { 500 };
        let res = app().test().get("/").send();
        res.assert_status(wanted)
            .assert_header("x-seen", if fits { "200" } else { "500" });
        let answer = over_a_socket(app(), "/");
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {wanted} ")),
            "{answer}"
        );
        let sentence = format!(
            "the response says `content-length: {length}` and its body has {} bytes: leave the header \
             out, it is set by itself",
            body.len()
        );
        let said = std::mem::take(&mut *said.lock().unwrap());
        assert_eq!(said, vec![sentence; if fits { 0 } else { 2 }], "{length}");
        if fits {
            assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
        }
    }
}

#[test]
fn a_wrong_length_of_a_middleware_is_an_error_too() {
    async fn miscount(req: Request, next: Next) -> Response {
        next.run(req).await.with_header("content-length", "3")
    }
    let app = App::new().with(miscount).get("/", async || "hello");
    let answer = over_a_socket(app, "/");
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(answer.contains("\"status\":500"), "{answer}");
}

#[test]
fn lengths_of_what_is_not_sent_are_believed() {
    let app = || {
        App::new()
            .get("/", async || ([("content-length", "3")], ""))
            .get("/same", async || {
                (StatusCode::NOT_MODIFIED, [("content-length", "3")], "")
            })
            .get("/stream", async || {
                let body = Body::from_reader(&b"abc"[..]);
                ([("content-length", "3")], body)
            })
    };
    let server = wire::Running::start(Server::new(app()));
    let mut client = server.connect();
    client.send("HEAD / HTTP/1.1\r\nhost: x\r\n\r\n");
    client.stream.shutdown(Shutdown::Write).unwrap();
    let answer = client.read_all();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("content-length: 3"), "{answer}");
    assert!(over_a_socket(app(), "/same").starts_with("HTTP/1.1 304 "));
    assert!(over_a_socket(app(), "/stream").ends_with("\r\n\r\nabc"));
}
