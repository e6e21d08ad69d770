//! What the server refuses before the app sees it, in raw bytes.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod wire;

use cepa::Server;
use cepa::prelude::*;
use wire::{Running, head};

fn app() -> App {
    App::new()
        .get("/", async || "hi")
        .post("/", async |body: Bytes| body.len().to_string())
        .post("/big", big)
}

async fn big(mut req: Request) -> Result<String> {
    req.set_body_limit(4_000_000);
    let body: Bytes = req.extract_body().await?;
    Ok(body.len().to_string())
}

fn ask(server: &Running, bytes: impl AsRef<[u8]>) -> String {
    let mut client = server.connect();
    client.send(bytes);
    // The server may have refused and ended it already.
    let _ = client.stream.shutdown(std::net::Shutdown::Write);
    client.read_all()
}

#[test]
fn heads_are_answered_or_refused() {
    let long = "a".repeat(9_000);
    let headers = |count| (0..count).fold(String::new(), |all, i| all + &format!("h{i}: v\r\n"));
    let rows: Vec<(String, &str)> = vec![
        ("GET / HTTP/1.1\r\nhost: x\r\n\r\n".into(), "200"),
        ("GET / HTTP/1.1\r\nhost: [::1]:80\r\n\r\n".into(), "200"),
        ("GET / HTTP/1.0\r\n\r\n".into(), "200"),
        ("GET http://x/ HTTP/1.1\r\nhost: x\r\n\r\n".into(), "200"),
        ("GET / HTTP/1.1\r\n\r\n".into(), "400"),
        ("GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n".into(), "400"),
        ("GET / HTTP/1.1\r\nhost: a b\r\n\r\n".into(), "400"),
        ("GET / HTTP/1.1\r\nhost: user@a\r\n\r\n".into(), "400"),
        ("GET / HTTP/1.1\r\nhost:\r\n\r\n".into(), "400"),
        ("GET / HTTP/1.1\r\nhost: a:port\r\n\r\n".into(), "400"),
        ("GET http://x/ HTTP/1.1\r\nhost: a b\r\n\r\n".into(), "400"),
        ("GET / HTTP/1.1\r\nhost : x\r\n\r\n".into(), "400"),
        ("GET / HTTP/1.1\r\n host: x\r\n\r\n".into(), "400"),
        ("GET / HTTP/3.7\r\nhost: x\r\n\r\n".into(), "400"),
        ("G@T / HTTP/1.1\r\nhost: x\r\n\r\n".into(), "400"),
        (format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n"), "414"),
        (format!("GET /?{long} HTTP/1.1\r\nhost: x\r\n\r\n"), "414"),
        (
            format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", headers(99)),
            "200",
        ),
        (
            format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", headers(100)),
            "431",
        ),
        (
            format!(
                "GET / HTTP/1.1\r\nhost: x\r\na: {}\r\n\r\n",
                "a".repeat(70_000)
            ),
            "431",
        ),
    ];
    let server = Running::start(Server::new(app()));
    for (request, status) in rows {
        let answer = ask(&server, &request);
        let start = &request[..request.len().min(80)];
        let answered = answer.get(9..12).unwrap_or(&answer);
        assert_eq!(answered, status, "{start:?}\n{answer}");
    }
}

#[test]
fn framings_are_understood_or_refused() {
    let post =
        |headers: &str, body: &str| format!("POST / HTTP/1.1\r\nhost: x\r\n{headers}\r\n{body}");
    let rows = [
        (post("content-length: 3\r\n", "abc"), "200"),
        (
            post("transfer-encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"),
            "200",
        ),
        (
            post("transfer-encoding: Chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"),
            "200",
        ),
        (
            post("content-length: 3\r\ncontent-length: 4\r\n", "abc"),
            "400",
        ),
        (post("content-length: -3\r\n", "abc"), "400"),
        (post("content-length: +3\r\n", "abc"), "400"),
        (post("content-length: 3, 3\r\n", "abc"), "400"),
        (post("transfer-encoding: gzip\r\n", "abc"), "400"),
        (
            post("transfer-encoding: gzip, chunked\r\n", "0\r\n\r\n"),
            "400",
        ),
        (
            post("transfer-encoding: chunked, gzip\r\n", "0\r\n\r\n"),
            "400",
        ),
        (
            post(
                "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
                "0\r\n\r\n",
            ),
            "400",
        ),
        (post("transfer-encoding: xchunked\r\n", "0\r\n\r\n"), "400"),
        (
            post("transfer-encoding: chunked\r\n", "zz\r\nabc\r\n0\r\n\r\n"),
            "400",
        ),
        (
            post("transfer-encoding: chunked\r\n", "3\r\nabcd\r\n0\r\n\r\n"),
            "400",
        ),
        (
            "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
            "400",
        ),
    ];
    let server = Running::start(Server::new(app()));
    for (request, status) in rows {
        let answer = ask(&server, &request);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request:?}\n{answer}"
        );
    }
}

/// RFC 9112, 6.3: the transfer coding wins and the connection is closed, so what a proxy that
/// believed the length takes for a second request is never read as one.
#[test]
fn a_length_beside_a_transfer_coding_never_splits_a_request() {
    let server = Running::start(Server::new(app()));
    let smuggled = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
    for order in [
        "content-length: 44\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 44",
    ] {
        let answer = ask(
            &server,
            format!("POST / HTTP/1.1\r\nhost: x\r\n{order}\r\n\r\n{smuggled}"),
        );
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
        assert!(!answer.contains("404"), "{answer}");
    }
}

/// RFC 9112, 2.2 allows a server to take a bare LF for a line end; a request is one either way.
#[test]
fn a_bare_line_feed_never_splits_a_request() {
    let server = Running::start(Server::new(app()));
    let rows = [
        ("GET / HTTP/1.1\nhost: x\n\n", 1),
        (
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 39\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n1234",
            1,
        ),
        (
            "GET / HTTP/1.1\r\nhost: x\r\na: b\nGET /smuggled HTTP/1.1\r\n\r\n",
            1,
        ),
    ];
    for (request, answers) in rows {
        let answer = ask(&server, request);
        assert_eq!(
            answer.matches("HTTP/1.1 ").count(),
            answers,
            "{request:?}\n{answer}"
        );
    }
}

#[test]
fn hosts_beside_the_allowed_ones_are_misdirected() {
    let server = Running::start(Server::new(app()).with_allowed_hosts(["example.com"]));
    let request = |host: &str| format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n");
    for (host, status) in [("Example.com:8080", "200"), ("evil.example", "421")] {
        let answer = ask(&server, request(host));
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{host}: {answer:?}"
        );
    }
}

#[test]
fn a_body_larger_than_its_limit_is_refused_before_it_is_sent() {
    let server = Running::start(Server::new(app()).with_body_limit(1_000_000));
    let post = |path: &str, length: usize| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let mut client = server.connect();
    client.send(post("/", 1_000_001));
    assert!(client.read_response().starts_with("HTTP/1.1 413 "));

    let mut client = server.connect();
    client.send(post("/big", 3_000_000));
    client.send(vec![b'x'; 3_000_000]);
    assert!(client.read_response().starts_with("HTTP/1.1 100 "));
    assert!(client.read_response().ends_with("\r\n\r\n3000000"));
}

#[test]
fn a_chunked_body_larger_than_its_limit_is_a_413() {
    let server = Running::start(Server::new(app()).with_body_limit(10));
    let answer = ask(
        &server,
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\nabcdef\r\n0\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[test]
fn refused_requests_pass_the_outermost_middleware() {
    async fn mark(req: Request, next: Next) -> Response {
        let mut res = next.run(req).await;
        res.set_header("x-seen", "yes");
        res
    }
    let server = Running::start(Server::new(app().with(mark)));
    let answer = ask(&server, "GET / HTTP/1.1\r\n\r\n");
    assert!(
        answer.starts_with("HTTP/1.1 400 ") && answer.contains("x-seen: yes"),
        "{answer}"
    );
}

#[test]
fn responses_say_who_serves_them_unless_told_not_to() {
    let server = Running::start(Server::new(app()));
    let answer = ask(&server, head("GET / HTTP/1.1"));
    assert!(
        answer.contains("server: cepa") && answer.contains("date: "),
        "{answer}"
    );
    let server = Running::start(Server::new(app()).with_server_header(false));
    assert!(!ask(&server, head("GET / HTTP/1.1")).contains("server:"));
}

/// A finished response is not held back by what follows it in the read buffer.
#[test]
fn an_answer_is_sent_while_the_next_request_is_half_there() {
    let server = Running::start(Server::new(app()));
    let rows = [
        (head("GET / HTTP/1.1") + "GET / HT", "hi"),
        (head("GET / HTTP/1.1") + "\r\n", "hi"),
        (
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc\r\n".to_owned(),
            "3",
        ),
    ];
    for (request, body) in rows {
        let mut client = server.connect();
        client.send(&request);
        assert!(client.read_response().ends_with(body), "{request:?}");
    }
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let server = Running::start(Server::new(app()));
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1").repeat(40));
    for _ in 0..40 {
        assert!(client.read_response().ends_with("hi"));
    }
}
