//! The lines of `Logger`, read from the standard error of a process of its own: this test program,
//! which runs one of its tests as a child.

use std::process::Command;
use std::time::Duration;

use cepa::http::Request as HttpRequest;
use cepa::prelude::*;
use cepa::{RequestId, Stream};

use crate::problems;

/// Says to a test that it is the child.
const CHILD: &str = "CEPA_TEST_CHILD";

/// The lines that a test of this file writes to stderr as a child.
#[track_caller]
fn log_of(test: &str) -> Vec<String> {
    let done = Command::new(std::env::current_exe().unwrap())
        .args([&format!("logger::{test}"), "--exact", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    let log = String::from_utf8(done.stderr).unwrap();
    // What ends a line at any reader of it.
    let lines = log.split([
        '\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}',
    ]);
    let lines = lines.filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// The line without its time, which is a number with a unit.
fn timeless(line: &str) -> String {
    let words = line.split(' ').filter(|word| {
        let number = word.trim_end_matches(['n', 'µ', 'm', 's']);
        !(number.len() < word.len() && number.parse::<f64>().is_ok())
    });
    words.collect::<Vec<_>>().join(" ")
}

async fn named(mut req: Request, next: Next) -> Response {
    if let Some(id) = req.header("x-name").map(str::to_owned) {
        req.set_id(id.replace("LF", "\n"));
    }
    next.run(req).await
}

struct Failing(u8);

impl futures_core::Stream for Failing {
    type Item = Result<&'static str, &'static str>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.0 += 1;
        std::task::Poll::Ready(Some(if self.0 == 1 {
            Ok("some")
        } else {
            Err("source")
        }))
    }
}

fn app(logger: Logger) -> App {
    App::new()
        .with(named)
        .with(logger)
        .get("/", async || "hello")
        .get("/users/{id}", async || "user")
        .get("/reset/{token}", async || "")
        .get("/health", async || "ok")
        .get("/stuck", async || std::future::pending::<()>().await)
        .get("/failing", async || Stream(Failing(0)))
}

/// Asks and reads the whole answer, as far as it goes.
async fn ask(service: &cepa::AppService, path: &str, name: &str) {
    let req = HttpRequest::get(path).header("x-name", name);
    let res = service.answer(req.body("").unwrap());
    let _ = tokio::time::timeout(Duration::from_millis(5), res).await;
}

const PATHS: [&str; 6] = [
    "/",
    "/?a=1&token=hidden&b=%0A2",
    "/users/42",
    "/reset/hidden",
    "/health",
    "/none",
];

#[test]
fn lines_say_what_was_asked_and_answered() {
    if is_child() {
        let client = app(Logger::new().with_skip("/health")).test();
        for path in PATHS {
            client.get(path).header("x-name", "it").send();
        }
        client.post("/").body("ignored").send().assert_status(405);
        return;
    }
    let log = log_of("lines_say_what_was_asked_and_answered");
    let log: Vec<String> = log.iter().map(|line| timeless(line)).collect();
    let missing = log[4].split(' ').nth(2).unwrap();
    assert_eq!(missing, "404", "{log:#?}");
    let lines = [
        "GET / 200 5 B id=it",
        "GET /?a=1&token=***&b=%0A2 200 5 B id=it",
        "GET /users/42 200 4 B route=/users/{id} id=it",
        "GET /reset/{token} 200 0 B id=it",
    ];
    assert_eq!(log[..4], lines);
    assert!(log[5].starts_with("POST / 405 "), "{log:#?}");
    assert_eq!(log.len(), 6, "{log:#?}");
    assert!(!log.concat().contains("hidden"), "{log:#?}");
}

/// The token of a link in a mail sets a password, however the link was written.
#[test]
fn no_line_has_the_token_of_a_link() {
    let paths = ["/reset/hidden", "/join/hidden", "/verify/hidden"];
    if is_child() {
        let slash = cepa::TrailingSlash::Redirect;
        let link = async |Path(token): Path<String>| -> Result<String> {
            (token.len() > 99).then_some(token).or_not_found("no link")
        };
        let client = App::new()
            .with(Logger::new())
            .trailing_slash(slash)
            .get("/reset/{token}", link)
            .get("/join/{token}", async || -> String { panic!("on purpose") })
            .get("/verify/{token}", async || "")
            .test();
        for path in paths {
            client.get(path).send();
            client.put(path).send().assert_status(405);
            client.request(Method::OPTIONS, path).send();
            let slashed = format!("{path}/");
            client.get(&slashed).send().assert_status(308);
            client.get("/").header("referer", slashed).send();
        }
        return;
    }
    let log = log_of("no_line_has_the_token_of_a_link").join("\n");
    assert!(!log.contains("hidden"), "{log}");
    for line in ["GET", "PUT", "OPTIONS"] {
        for path in paths {
            let line = format!("{line} {} ", path.replace("hidden", "{token}"));
            assert!(log.contains(&line), "{line}: {log}");
        }
    }
}

#[test]
fn lines_say_how_a_response_ended() {
    if is_child() {
        let client = app(Logger::new()).test();
        let service = client.service().clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            ask(&service, "/stuck", "client-gone").await;
            ask(&service, "/", "dropped-unsent").await;
        });
        return;
    }
    let log = log_of("lines_say_how_a_response_ended");
    let log: Vec<String> = log.iter().map(|line| timeless(line)).collect();
    let lines = [
        "GET /stuck - 0 B cancelled id=client-gone",
        "GET / 200 0 B cancelled id=dropped-unsent",
    ];
    assert_eq!(log, lines);
}

#[test]
fn a_line_of_json_has_everything() {
    if is_child() {
        let client = app(Logger::new().with_json()).test();
        client
            .get("/users/42?x=%22&sig=hidden")
            .header("x-name", "a\"b\\")
            .send();
        client.get("/none").send();
        return;
    }
    let log = log_of("a_line_of_json_has_everything");
    assert_eq!(log.len(), 2, "{log:#?}");
    let line: Value = serde_json::from_str(&log[0]).unwrap();
    let time = line["time"].as_str().unwrap();
    assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
    assert!(line["duration_ms"].as_f64().unwrap() >= 0.0);
    for (name, value) in [
        ("method", json!("GET")),
        ("path", json!("/users/42")),
        ("query", json!("x=%22&sig=***")),
        ("route", json!("/users/{id}")),
        ("status", json!(200)),
        ("bytes", json!(4)),
        ("outcome", json!("sent")),
        ("request_id", json!("a\"b\\")),
    ] {
        assert_eq!(line[name], value, "{name}");
    }
    assert!(log[0].starts_with("{\"time\":"), "{}", log[0]);
    let line: Value = serde_json::from_str(&log[1]).unwrap();
    assert_eq!(
        (&line["route"], &line["query"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(line["request_id"], Value::Null);
}

/// Paths and ids that would write lines, fields or to the terminal.
const FORGED: [&str; 6] = [
    "/%0AGET%20/forged%20200%205%20B",
    "/%0d%0aGET /forged",
    "/\u{1b}[2J",
    "/a\u{85}GET",
    "/a\u{2028}GET\u{202e}",
    "/\"},{\"forged\":\"",
];

#[test]
fn nothing_that_is_sent_makes_a_line_of_its_own() {
    if is_child() {
        for logger in [Logger::new(), Logger::new().with_json()] {
            let service = App::new()
                .with(named)
                .with(RequestId::new())
                .with(logger)
                .build()
                .unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let runtime = runtime.unwrap();
            for path in FORGED {
                // A path that is no URL's is one in a query, or is sent encoded.
                let path = path.replace(' ', "%20").replace('\u{1b}', "%1b");
                let req = HttpRequest::get(&*path)
                    .header("x-name", "LFforged 1")
                    .body("");
                drop(runtime.block_on(service.answer(req.unwrap())));
                let req = HttpRequest::get(format!("/?{}", path[1..].replace('"', "%22"))).body("");
                drop(runtime.block_on(service.answer(req.unwrap())));
            }
        }
        return;
    }
    let log = log_of("nothing_that_is_sent_makes_a_line_of_its_own");
    assert_eq!(log.len(), FORGED.len() * 4, "{log:#?}");
    let (text, json) = log.split_at(FORGED.len() * 2);
    for line in text {
        let words: Vec<&str> = line.split(' ').collect();
        assert!(
            words[0] == "GET" && words[2] == "404" && words[4] == "B",
            "{line}"
        );
        assert!(
            line.chars()
                .all(|c| c == 'µ' || c == ' ' || c.is_ascii_graphic()),
            "{line}"
        );
    }
    assert!(text[0].ends_with("id=%0Aforged%201"), "{}", text[0]);
    for line in json {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["status"], 404);
        assert_eq!(line.get("forged"), None);
    }
}

#[tokio::test]
async fn a_body_that_fails_is_said_to_have_failed() {
    if is_child() {
        // Only a connection tells a failed body from a dropped one.
        let server = cepa::Server::new(app(Logger::new()))
            .tcp("127.0.0.1:0")
            .bind()
            .await
            .unwrap();
        let addr = server.local_addrs()[0];
        let stop = server.stop_handle();
        let asked = tokio::task::spawn_blocking(move || {
            use std::io::{Read, Write};
            let mut stream = std::net::TcpStream::connect(addr).unwrap();
            stream
                .write_all(b"GET /failing HTTP/1.1\r\nhost: a\r\n\r\n")
                .unwrap();
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            stop.stop();
        });
        server.serve().await.unwrap();
        asked.await.unwrap();
        return;
    }
    let log = log_of("a_body_that_fails_is_said_to_have_failed");
    let line = log
        .iter()
        .map(|line| timeless(line))
        .find(|line| line.contains("/failing"));
    assert_eq!(line.unwrap(), "GET /failing 200 4 B failed");
}

#[test]
fn options_that_cannot_work_are_refused_at_start_up() {
    let text = problems(app(Logger::new().with_skip("health").with_secret("--")));
    assert!(
        text.contains("`Logger`: no request has the path `health`: begin it with `/`"),
        "{text}"
    );
    assert!(text.contains("`Logger`: a secret has no name"), "{text}");
}
