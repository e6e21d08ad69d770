//! Every example is started as a program, asked something over a socket, and stopped.
//!
//! `cargo test` builds the examples before it; where this test is run alone, build them first by
//! `cargo build --examples`.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

#[allow(dead_code, reason = "only the tests in it are run here")]
#[path = "../examples/testing.rs"]
mod testing;

/// A running example. Its log is kept open to the end, since it is written to all along.
struct Example {
    child: Child,
    log: BufReader<ChildStderr>,
    addr: String,
}

impl Example {
    fn start(name: &str) -> Self {
        let mut child = Command::new(program(name))
            .env("ADDR", "127.0.0.1:0")
            .env("SECRET_KEY", "0123456789abcdef0123456789abcdef")
            .stderr(Stdio::piped())
            .spawn()
            .expect("the examples are built: `cargo build --examples`");
        let mut log = BufReader::new(child.stderr.take().expect("stderr is piped"));
        let mut seen = String::new();
        let addr = loop {
            let start = seen.len();
            let read = log.read_line(&mut seen).expect("the log is text");
            assert!(read > 0, "{name} ended before it listened:\n{seen}");
            if let Some((_, addr)) = seen[start..].split_once("listening on http://") {
                break addr.trim().to_owned();
            }
        };
        Self { child, log, addr }
    }

    /// Sends a request and returns the whole answer. Headers and body stand behind the path, as
    /// they are sent: `"POST /a"`, `"content-type: text/plain\r\n"`, `"body"`.
    fn ask(&self, line: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.addr).expect("the example accepts");
        let timeout = Some(Duration::from_secs(30));
        stream.set_read_timeout(timeout).expect("it is not zero");
        let host = if headers.starts_with("host:") {
            ""
        } else {
            "host: localhost\r\n"
        };
        let length = body.len();
        let request = format!(
            "{line} HTTP/1.1\r\n{host}connection: close\r\n\
             content-length: {length}\r\n{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).expect("it is read");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it is answered");
        answer
    }

    #[track_caller]
    fn assert(&self, line: &str, headers: &str, body: &str, status: &str, parts: &[&str]) {
        let answer = self.ask(line, headers, body);
        let start = format!("HTTP/1.1 {status} ");
        assert!(
            answer.starts_with(&start),
            "{line} is not {status}: {answer}"
        );
        for part in parts {
            assert!(answer.contains(part), "{line} lacks {part}: {answer}");
        }
    }

    #[track_caller]
    fn assert_get(&self, path: &str, status: &str, parts: &[&str]) {
        self.assert(&format!("GET {path}"), "", "", status, parts);
    }

    #[track_caller]
    fn assert_json(&self, line: &str, body: &str, status: &str, parts: &[&str]) {
        let headers = "content-type: application/json\r\n";
        self.assert(line, headers, body, status, parts);
    }

    /// Asks the program to end as a supervisor does, and returns the rest of its log.
    fn stop(mut self) -> String {
        let kill = format!("kill -TERM {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status();
        assert!(sent.expect("there is a shell").success());
        let mut log = String::new();
        self.log.read_to_string(&mut log).expect("the log is text");
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "it ended with {status}:\n{log}");
        log
    }
}

/// Where a test failed, nothing stays behind.
impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Examples stand beside the folder of the test programs.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let built = test
        .ancestors()
        .nth(2)
        .expect("target/<profile>/deps/<test>");
    built.join("examples").join(name)
}

#[test]
fn hello_greets_and_logs_it() {
    let example = Example::start("hello");
    example.assert_get("/", "200", &["\r\n\r\nHello, World!"]);
    assert!(example.stop().contains("GET / 200 13 B"));
}

#[test]
fn routing_finds_parameters_literals_and_links() {
    let example = Example::start("routing");
    example.assert_get("/", "200", &["Read /posts/2026/hello-world"]);
    example.assert_get("/posts/2026/a%20b", "200", &["a b, written in 2026"]);
    example.assert_get("/posts/latest", "200", &["The latest post"]);
    example.assert_get("/posts/soon/x", "400", &["year"]);
    example.assert_get("/search?q=onions&page=2", "200", &["Page 2", "onions"]);
    example.assert_get("/search", "400", &["missing field"]);
    example.assert_get("/img-7.png", "200", &["Image 7"]);
    example.assert_get("/files/a/b.txt", "200", &["The file a/b.txt"]);
    example.assert_get("/users", "200", &["All users"]);
    example.assert_get("/users/me", "200", &["You"]);
    example.assert("DELETE /users/7", "", "", "204", &[]);
    example.assert(
        "PUT /users/7",
        "",
        "",
        "405",
        &["allow: DELETE, GET, HEAD, OPTIONS"],
    );
    example.assert("TRACE /echo", "", "", "200", &["TRACE"]);
    example.assert_get("/nowhere", "404", &["try /search"]);
    example.stop();
}

#[test]
fn routes_are_printed_explained_and_served() {
    let explain = |args: &[&str]| {
        let output = Command::new(program("routes")).args(args).output();
        String::from_utf8(output.expect("it is built").stderr).expect("it is text")
    };
    let told = explain(&["GET", "/users/7/x"]);
    assert!(told.contains("404") && told.contains("one segment less"));
    let told = explain(&["GET", "http://red.example.com/members/7"]);
    assert!(told.contains("team = \"red\""));
    let example = Example::start("routes");
    example.assert_get("/users/7", "200", &["User 7", "x-version: 1"]);
    example.stop();
}

#[cfg(all(feature = "health", feature = "metrics"))]
#[test]
fn observe_shows_health_and_metrics() {
    let example = Example::start("observe");
    example.assert_get("/livez", "200", &["pass"]);
    example.assert_get("/readyz", "200", &[r#""stock":{"status":"pass"}"#]);
    for _ in 0..3 {
        example.assert("POST /orders/leek", "", "", "200", &["one leek"]);
    }
    example.assert_get("/readyz", "503", &[r#""stock":{"status":"fail"}"#]);
    let series = r#"http_requests_total{method="POST",route="/orders/{kind}",status="200"} 3"#;
    let own = ["orders_total{kind=\"leek\"} 3", "stock_sold 3", series];
    example.assert_get("/metrics", "200", &own);
    assert!(
        example
            .stop()
            .contains("health check `stock` fails: sold out")
    );
}

#[cfg(feature = "files")]
#[test]
fn files_are_served_from_a_folder_and_from_the_program() {
    let example = Example::start("files");
    let page = "accept: text/html\r\n";
    example.assert("GET /red/7", page, "", "200", &["<h1>Onions</h1>"]);
    example.assert_get("/docs/", "200", &["routing.md", "structure.md"]);
    let kept = ["cache-control: max-age=3600", "last-modified: "];
    example.assert_get("/docs/routing.md", "200", &kept);
    example.assert_get("/docs/%2e%2e/Cargo.toml", "404", &[]);
    example.assert_get("/api/onions", "200", &["red"]);
    example.stop();
}

#[test]
fn middleware_wraps_and_guards() {
    let example = Example::start("middleware");
    example.assert_get("/", "200", &["server-timing: app;dur="]);
    example.assert_get("/logo", "200", &["cache-control: max-age=3600"]);
    example.assert_get("/secret", "401", &["send your token", "server-timing"]);
    let token = "authorization: Bearer onion\r\n";
    example.assert("GET /secret", token, "", "200", &["Welcome, Ada!"]);
    example.stop();
}

#[test]
fn json_is_taken_and_refused_by_field() {
    let example = Example::start("json");
    let onion = r#"{"items": [{"name": "onion", "price": 40}]}"#;
    example.assert_json("POST /orders", onion, "200", &[r#""total":40"#]);
    let text = r#"{"items": [{"name": "onion", "price": "much"}]}"#;
    example.assert_json("POST /orders", text, "422", &["items[0].price"]);
    let gift = r#"{"items": [], "gift": true}"#;
    example.assert_json("POST /orders", gift, "422", &[r#""field":"note""#]);
    example.assert_json("POST /orders", "{", "400", &["line 1"]);
    example.assert("POST /orders", "", onion, "415", &["application/json"]);
    example.assert_json("POST /echo", "[1]", "202", &[r#"{"you_sent":[1]}"#]);
    example.stop();
}

#[test]
fn state_is_shared_and_inherited() {
    let example = Example::start("state");
    example.assert("POST /visits", "", "", "200", &["Hello! You are number 1."]);
    example.assert(
        "POST /eo/visits",
        "",
        "",
        "200",
        &["Saluton! You are number 2."],
    );
    example.assert("POST /guestbook", "", "Ada", "201", &[]);
    example.assert_get("/guestbook", "200", &[r#"["Ada"]"#]);
    example.stop();
}

#[test]
fn sse_tells_everyone_and_ends_at_a_stop() {
    let example = Example::start("sse");
    example.assert_get("/", "200", &["new EventSource"]);
    for text in ["one", "two\nlines", "three"] {
        example.assert("POST /messages", "", text, "204", &[]);
    }
    let mut stream = TcpStream::connect(&example.addr).expect("the example accepts");
    let timeout = Some(Duration::from_secs(30));
    stream.set_read_timeout(timeout).expect("it is not zero");
    let ask = b"GET /events HTTP/1.1\r\nhost: a\r\nlast-event-id: 1\r\n\r\n";
    stream.write_all(ask).expect("it is read");
    let (mut text, mut piece) = (String::new(), [0; 1024]);
    while !text.contains("id: 3") {
        let count = stream.read(&mut piece).expect("it sends on");
        assert!(count > 0, "it ended after {text}");
        text += &String::from_utf8_lossy(&piece[..count]);
    }
    assert!(text.contains("data: two\ndata: lines\nevent: message\nid: 2\n\n"));
    assert!(!text.contains("data: one"), "{text}");
    example.stop();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).expect("it ends");
    assert!(
        rest.contains("retry: 1000") && rest.ends_with("0\r\n\r\n"),
        "{rest}"
    );
}

#[test]
fn errors_have_their_status_and_hide_their_cause() {
    let example = Example::start("errors");
    example.assert(
        "POST /accounts/7/withdraw/30",
        "",
        "",
        "200",
        &["70 are left"],
    );
    example.assert(
        "POST /accounts/7/withdraw/500",
        "",
        "",
        "409",
        &["not enough money"],
    );
    example.assert(
        "POST /accounts/13/withdraw/5",
        "",
        "",
        "403",
        &["is closed"],
    );
    example.assert_get("/colors/blue", "200", &["#00f"]);
    example.assert_get(
        "/colors/green",
        "404",
        &[r#"{"error":"red and blue are known here"#],
    );
    let answer = example.ask("GET /motto", "", "");
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(!answer.contains("No such file"), "{answer}");
    assert!(example.stop().contains("No such file"));
}

#[test]
fn mount_gives_each_part_its_own_answers() {
    let example = Example::start("mount");
    example.assert_get("/", "200", &["Home"]);
    example.assert_get("/api", "200", &[r#"{"version":1}"#]);
    example.assert_get("/api/nothing", "404", &[r#"{"error":"see /api"}"#]);
    example.assert_get("/nothing", "404", &["<h1>Nothing here</h1>"]);
    example.assert_get(
        "/api/admin",
        "403",
        &[r#"{"error":"send a key in `X-Key`"}"#],
    );
    example.assert(
        "GET /api/admin",
        "x-key: 1\r\n",
        "",
        "200",
        &["The admin's page"],
    );
    example.assert_get("/teams/red/members/7", "200", &["Member 7 of team red"]);
    let host = "host: acme.example.com\r\n";
    example.assert(
        "GET /members/7",
        host,
        "",
        "200",
        &["Member 7 of team acme"],
    );
    example.stop();
}

#[test]
fn testing_runs_as_a_program_too() {
    let example = Example::start("testing");
    example.assert_get("/age/9999", "400", &["that is in the future"]);
    example.stop();
}

#[test]
fn notes_are_made_found_and_deleted() {
    let example = Example::start("notes");
    example.assert_get(
        "/api/notes",
        "200",
        &[r#""title":"Welcome""#, "x-request-id: "],
    );
    let note = r#"{"title": "Onions", "tags": ["food"]}"#;
    let made = ["location: /api/notes/2", r#""id":2"#];
    example.assert_json("POST /api/notes", note, "201", &made);
    example.assert_json("POST /api/notes", note, "409", &["note 2 has this title"]);
    let wrong = r#"{"title": " ", "tags": ["food", "two words"]}"#;
    let fields = [r#""field":"title""#, r#""field":"tags[1]""#, "request_id"];
    example.assert_json("POST /api/notes", wrong, "422", &fields);
    example.assert_get("/api/notes?tag=food&limit=1", "200", &["Onions"]);
    example.assert_get("/api/notes/2", "200", &["Onions"]);
    example.assert("DELETE /api/notes/2", "", "", "403", &["X-Key"]);
    example.assert("DELETE /api/notes/2", "x-key: onion\r\n", "", "204", &[]);
    example.assert_get("/api/notes/2", "404", &["no such note"]);
    example.assert_get("/notes", "404", &["the notes are at /api/notes"]);
    example.stop();
}

#[test]
fn todo_keeps_what_its_suite_sends() {
    let example = Example::start("todo");
    let page = "origin: https://todobackend.com\r\n";
    let preflight = format!("{page}access-control-request-method: PATCH\r\n");
    let methods = "access-control-allow-methods: GET, POST, PATCH, DELETE";
    example.assert("OPTIONS /todos/1", &preflight, "", "204", &[methods]);

    let made = [
        "location: http://localhost/todos/1",
        r#"{"title":"Plant","completed":false,"order":5,"url":"http://localhost/todos/1"}"#,
    ];
    example.assert_json(
        "POST /todos",
        r#"{"title": "Plant", "order": 5}"#,
        "201",
        &made,
    );
    example.assert_json("POST /todos", "{}", "422", &[r#""field":"title""#]);

    let change = r#"{"title": "Water", "completed": true}"#;
    let changed = [r#"{"title":"Water","completed":true,"order":5,"#];
    example.assert_json("PATCH /todos/1", change, "200", &changed);
    example.assert_json(
        "PATCH /todos/1",
        r#"{"order": 9}"#,
        "200",
        &[r#""order":9"#],
    );
    example.assert_json("PATCH /todos/2", change, "404", &["no such todo"]);

    let host = format!("host: onions.example:8080\r\n{page}");
    let listed = [
        "access-control-allow-origin: *",
        r#"[{"title":"Water","completed":true,"order":9,"url":"http://onions.example:8080/todos/1"}]"#,
    ];
    example.assert("GET /todos", &host, "", "200", &listed);
    example.assert_get("/todos/1", "200", &["Water"]);

    example.assert("DELETE /todos/1", page, "", "204", &["access-control"]);
    example.assert("DELETE /todos/1", page, "", "404", &["access-control"]);
    example.assert("DELETE /todos", "", "", "204", &[]);
    example.assert_get("/todos", "200", &["\r\n\r\n[]"]);
    example.stop();
}

#[test]
fn conformance_answers_what_suites_ask() {
    let example = Example::start("conformance");
    example.assert_get("/json", "200", &[r#"{"message":"Hello, World!"}"#]);
    example.assert_get("/mw", "200", &["Hello, World!"]);
    example.assert_json("POST /todos", r#"{"title": "a"}"#, "201", &["/todos/1"]);
    example.assert("PATCH /echo", "", "as sent", "200", &["as sent"]);
    example.assert_get("/hdr?v=a%0db", "500", &[]);
    let event = "data: a\ndata: b\ndata: id: 1\n\n";
    example.assert_get("/sse1?d=a%0db%0D%0Aid:%201", "200", &[event]);
    example.stop();
}

#[cfg(feature = "cookies")]
#[test]
fn cookies_count_visits_and_know_who_signed_in() {
    let example = Example::start("cookies");
    let first = [
        "set-cookie: visits=1; Path=/; SameSite=Lax; HttpOnly",
        "stranger",
    ];
    example.assert_get("/", "200", &first);
    example.assert_get("/club", "401", &["set-cookie: visits=1", "sign in first"]);
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let answer = example.ask("POST /sign-in", form, "name=Ada");
    let signed = answer
        .split("set-cookie: ")
        .find(|it| it.starts_with("name="));
    let signed = signed.and_then(|it| it.split(';').next());
    let sent = format!("cookie: visits=8; {}\r\n", signed.unwrap_or(&answer));
    let known = ["visits=9", "Welcome to the club, Ada"];
    example.assert("GET /club", &sent, "", "200", &known);
    example.assert("GET /club", "cookie: name=Ada\r\n", "", "401", &[]);
    example.stop();
}

#[cfg(feature = "rate-limit")]
#[test]
fn rate_limits_hold_by_address_and_by_account() {
    let example = Example::start("rate_limit");
    for left in ["r=2", "r=1", "r=0"] {
        let said = format!("ratelimit: \"sign-in\";{left};");
        example.assert("POST /sign-in", "", "", "200", &["You are in", &said]);
    }
    let refused = ["retry-after: ", "too many requests: try again in"];
    example.assert("POST /sign-in", "", "", "429", &refused);
    let ask = |key: &str, status: &str, part: &str| {
        let key = format!("x-key: {key}\r\n");
        example.assert("GET /reports", &key, "", status, &[part]);
    };
    ask("onion", "200", "for Ada");
    ask("onion", "200", "for Ada");
    ask("onion", "429", "\"reports\";r=0");
    ask("leek", "200", "for Bob");
    ask("garlic", "403", "not known");
    example.stop();
}

#[cfg(all(feature = "cookies", feature = "rate-limit"))]
#[test]
fn middleware_tour_shows_each_middleware_at_work() {
    let example = Example::start("middleware_tour");
    let known = "x-request-id: tour-1\r\ncookie: visits=6\r\n";
    let parts = [
        "Visit <b>7</b>",
        "set-cookie: visits=7",
        r#"ratelimit: "default";r="#,
        "x-content-type-options: nosniff",
        "script-src 'nonce-",
        "vary: origin",
        "x-request-id: tour-1",
    ];
    example.assert("GET /", known, "", "200", &parts);
    example.assert_get("//notes/../slow", "308", &["location: /slow"]);
    example.assert_get("/slow", "503", &["x-request-id: ", "nosniff"]);
    example.assert("POST /notes", "", &"x".repeat(1025), "413", &["nosniff"]);
    let evil = "origin: https://evil.example\r\n";
    example.assert("POST /notes", evil, "onions", "403", &["another origin"]);

    let partner = "origin: https://partner.example\r\n";
    let allowed = "access-control-allow-origin: https://partner.example";
    let preflight = format!("{partner}access-control-request-method: DELETE\r\n");
    example.assert("OPTIONS /notes/7", &preflight, "", "204", &[allowed]);
    let instead = format!("{partner}x-http-method-override: DELETE\r\n");
    let parts = ["Deleted note 7", allowed];
    example.assert("POST /notes/7", &instead, "", "200", &parts);

    example.assert("GET /", "host: evil.example\r\n", "", "421", &[]);
    for _ in 0..3 {
        example.assert("POST /sign-in", "", "", "200", &["You are in"]);
    }
    example.assert("POST /sign-in", "", "", "429", &["retry-after: "]);
    assert!(example.stop().contains("GET / 200 94 B"));
}
