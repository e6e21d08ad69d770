//! The command of the page, run by a shell: the same request arrives again.

use std::process::Command;
use std::sync::{Arc, Mutex};

use cepa::prelude::*;
use cepa::{Mode, Server};

use super::unescaped;
use super::wire::Running;

/// What arrived: the request line, the headers, the body.
type Arrived = Arc<Mutex<Vec<(String, Vec<(String, Vec<u8>)>, Bytes)>>>;

fn server(arrived: &Arrived) -> Running {
    async fn note(State(arrived): State<Arrived>, mut req: Request) -> Result<()> {
        let line = format!("{} {}", req.method(), req.uri());
        let headers = req.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
        let headers = headers.collect();
        let body = req.buffer_body(10_000).await?;
        arrived.lock().unwrap().push((line, headers, body));
        Err(Error::conflict("again"))
    }
    let app = App::new()
        .mode(Mode::Development)
        .state(Arc::clone(arrived));
    Running::start(Server::new(app.fallback(note)))
}

/// The command on a page.
fn command(answer: &str) -> String {
    let (_, rest) = answer.split_once("<h2>Repeat it</h2><pre><code>").unwrap();
    unescaped(rest.split_once("</code></pre>").unwrap().0)
}

fn are_there<const N: usize>(programs: [&str; N]) -> bool {
    let missing = |program: &&str| Command::new(program).arg("--version").output().is_err();
    let missing = programs.into_iter().find(missing);
    if let Some(program) = missing {
        eprintln!("skipped, since there is no {program}");
    }
    missing.is_none()
}

#[test]
fn it_sends_the_same_request_again() {
    if !are_there(["bash", "curl"]) {
        return;
    }
    let arrived = Arrived::default();
    let server = server(&arrived);
    let form = "content-type: application/x-www-form-urlencoded\r\ncontent-length: ";
    let body = "name=it%27s+%24%28id%29&more='`&@\"";
    let rows: [(&str, String); 9] = [
        ("GET /a?b=c&d='$(id)'`id`;!x HTTP/1.1", String::new()),
        (
            "GET /a/../b/./{x}[1-3]?y={1,2}&z=[a] HTTP/1.1",
            String::new(),
        ),
        ("DELETE /users/7 HTTP/1.1", String::new()),
        ("PRO'PFIND / HTTP/1.1", String::new()),
        (
            "GET / HTTP/1.1",
            "x-a: it's \"$HOME\" `id` \\ !\r\nx-b:\r\nx-c: a\tb\r\nx-d: é\r\nx-f: a\t'b'\\\r\n"
                .to_owned(),
        ),
        (
            "GET / HTTP/1.1",
            "x-a: 1\r\nx-a: 2\r\nx-e: @/etc/hostname\r\naccept-encoding: gzip\r\n".to_owned(),
        ),
        (
            "POST /form HTTP/1.1",
            format!("{form}{}\r\n\r\n{body}", body.len()),
        ),
        // A form with a button alone.
        ("POST /form HTTP/1.1", format!("{form}0\r\n\r\n")),
        ("OPTIONS * HTTP/1.1", String::new()),
    ];
    for (line, rest) in rows {
        let mut client = server.connect();
        let host = server.addr;
        let (headers, body) = rest.split_once("\r\n\r\n").unwrap_or((rest.trim_end(), ""));
        let headers = if headers.is_empty() {
            String::new()
        } else {
            format!("{headers}\r\n")
        };
        client.send(format!(
            "{line}\r\nhost: {host}\r\nuser-agent: me\r\naccept: text/html\r\n{headers}\r\n{body}"
        ));
        let answer = client.read_response();
        let command = command(&answer);
        let repeated = Command::new("bash")
            .args(["-c", &command])
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&repeated.stdout);
        assert!(told.starts_with("HTTP/1.1 409"), "{command}\n{repeated:?}");
        let mut arrived = std::mem::take(&mut *arrived.lock().unwrap());
        assert_eq!(arrived.len(), 2, "{command}");
        for (_, headers, _) in &mut arrived {
            headers.retain(|(name, _)| name != "accept-encoding");
            headers.sort();
        }
        assert_eq!(arrived[0], arrived[1], "{command}");
    }
}

#[test]
fn it_says_what_it_lacks() {
    let server = server(&Arrived::default());
    let ask = |head: &str, body: &str| {
        let mut client = server.connect();
        client.send(format!(
            "{head}\r\nhost: localhost\r\naccept: text/html\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ));
        client.read_response()
    };
    let answer = ask("POST / HTTP/1.1\r\ncontent-type: application/json", "{}");
    assert!(
        command(&answer).ends_with("--data-binary @body"),
        "{answer}"
    );
    assert!(
        answer.contains("The body is not kept: put it into a file"),
        "{answer}"
    );
    let answer = ask(
        &format!("GET / HTTP/1.1\r\nx-long: {}", "a".repeat(2_000)),
        "",
    );
    assert!(!command(&answer).contains("aaa"), "{answer}");
    assert!(
        answer.contains("Headers that are too long for it are left out: 1."),
        "{answer}"
    );
    // Quotes take more room on the page than elsewhere.
    for target in ["a".repeat(6_000), format!("?a={}", "'".repeat(600))] {
        let answer = ask(&format!("GET /{target} HTTP/1.1"), "");
        assert!(
            answer.contains("The request is too long for a command."),
            "{answer}"
        );
    }
}
