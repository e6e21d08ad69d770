//! The log of a server in a process of its own: what others send begins no line, and floods nothing.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use cepa::Server;
use cepa::prelude::*;

const PATIENCE: Duration = Duration::from_secs(20);
/// Set where this executable is started to be the server.
const SERVES: &str = "CEPA_TEST_LOGS";

/// A stream of one item.
struct Once<T>(Option<T>);

impl<T: Unpin> futures_core::Stream for Once<T> {
    type Item = T;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<T>> {
        std::task::Poll::Ready(self.0.take())
    }
}

fn full() -> Error {
    let disk = std::io::Error::other("the disk is full");
    Error::from(std::io::Error::other(disk))
}

#[test]
#[ignore = "does nothing unless another test starts it"]
fn serves() {
    let Some(mode) = std::env::var_os(SERVES) else {
        return;
    };
    let late = cepa::Timeout::new(Duration::from_millis(1));
    let app = App::new()
        .with(Logger::new())
        .get("/", async || "hi")
        .get("/files/{name}", async |Path(name): Path<String>| {
            Err::<String, _>(Error::internal(format!("there is no file {name}")))
        })
        .get("/export", async || {
            cepa::Stream(Once(Some(Err::<Bytes, _>(full()))))
        })
        .get("/events", async || {
            let event = cepa::Event::data("a").with_id("1\nevent: x");
            cepa::Sse::new(Once(Some(event)))
        })
        .get("/late", std::future::pending::<()>.with(late))
        .get("/unwrap", async || -> String {
            let missing = std::env::var("CEPA_TEST_NEVER_SET").ok();
            missing.expect("it is there") // the panic
        })
        .get("/blocking", async || {
            cepa::blocking(|| -> String { panic!("on a thread of its own") }).await
        })
        .get(
            "/panic/{text}",
            async |Path(text): Path<String>| -> String {
                std::panic::resume_unwind(Box::new(text))
            },
        )
        .get("/id", async |mut req: Request| {
            let id = req.query().replace("%0a", "\n");
            req.set_id(id);
            Err::<String, _>(Error::internal("after the id was set"))
        });
    async fn draw(error: &Error, _: &ErrorContext) -> Result<&'static str> {
        match error.status().as_u16() {
            409 => Err(Error::bad_request("no template of this name")),
            _ => panic!("out of paint"),
        }
    }
    let shop = App::new()
        .on_error(draw)
        .get("/", async || Error::conflict("sold out"));
    let server = Server::new(app.mount("/shop", shop));
    let server = match mode.to_str().unwrap() {
        #[cfg(feature = "tls")]
        "tls" => {
            let certificate = include_bytes!("certificates/one.pem");
            let key = include_bytes!("certificates/one.key.pem");
            server.tls("127.0.0.1:0", cepa::Tls::pem(certificate, key))
        }
        #[cfg(feature = "proxy-protocol")]
        "proxy" => server.tcp("127.0.0.1:0").with_proxy_protocol(["loopback"]),
        _ => server.tcp("127.0.0.1:0"),
    };
    let ended = server.run();
    std::process::exit(i32::from(ended.is_err()));
}

/// The process of a server, killed when it is dropped.
struct Process {
    child: Child,
    addr: SocketAddr,
    lines: mpsc::Receiver<String>,
}

impl Process {
    fn start(mode: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["serves", "--exact", "--ignored", "--nocapture"])
            .env(SERVES, mode)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stderr.split(b'\n').map_while(Result::ok) {
                drop(send.send(String::from_utf8(line).unwrap()));
            }
        });
        let mut process = Self {
            child,
            addr: ([127, 0, 0, 1], 0).into(),
            lines,
        };
        let line = process.wait_for("listening on http");
        process.addr = line.rsplit('/').next().unwrap().parse().unwrap();
        process
    }

    /// The next line that has this in it.
    fn wait_for(&self, text: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect(text);
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Stops the server; none of the lines up to its end may have this in them.
    #[cfg(any(feature = "tls", feature = "proxy-protocol"))]
    fn assert_silent_about(mut self, text: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        self.child.wait().unwrap();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            assert!(!line.contains(text), "one line is enough: {line}");
        }
    }

    /// What is answered until the server closes, and the client's address.
    fn say(&self, bytes: &[u8]) -> (String, SocketAddr) {
        let mut stream = TcpStream::connect(self.addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        // A reset, because not all was read, is an end as well.
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        (answer, stream.local_addr().unwrap())
    }

    fn get(&self, target: &str) -> String {
        let request = format!("GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        self.say(request.as_bytes()).0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Whoever forges a line of a log can make it say anything.
#[test]
fn nothing_that_is_sent_begins_a_line_of_the_log() {
    let process = Process::start("plain");
    for target in [
        "/files/a%0d%0aerror:%20forged%1b[2J",
        "/panic/a%0aerror:%20forged%1b[2J",
        "/id?a%0aerror:%20forged",
        "/%0aerror:%20forged%1b",
    ] {
        process.get(target);
    }
    assert!(process.get("/").ends_with("hi"));
    let mut lines = Vec::new();
    while !lines
        .last()
        .is_some_and(|line: &String| line.contains("GET / 200"))
    {
        lines.push(process.lines.recv_timeout(PATIENCE).unwrap());
    }
    assert!(
        lines.iter().any(|line| line.contains("forged")),
        "{lines:?}"
    );
    for line in &lines {
        assert!(!line.contains(char::is_control), "{line:?}");
        assert!(!line.starts_with("error: forged"), "{line:?}");
    }
}

/// A line of this crate's sources is of no use to who reads the log, one of the program is.
#[test]
fn an_error_is_logged_with_its_line_if_that_is_the_programs() {
    let process = Process::start("plain");
    process.get("/files/a");
    let line = process.wait_for("GET /files/{name} 500: there is no file a");
    assert!(line.contains("(at tests/log.rs:"), "{line}");
    process.get("/late");
    let line = process.wait_for("GET /late 503: this took too long");
    assert!(!line.contains(" (at "), "{line}");
}

/// With whatever status it fails: else nobody knows why the answer is the default one.
#[test]
fn a_renderer_that_fails_is_logged() {
    let process = Process::start("plain");
    process.get("/shop");
    let line = process.wait_for("`on_error` failed");
    let failed = "GET /shop 500: `on_error` failed: no template of this name (at tests/log.rs:";
    assert!(line.contains(failed), "{line}");
    process.get("/shop/none");
    let line = process.wait_for("`on_error` failed: panicked at tests/log.rs:");
    assert!(line.ends_with(": out of paint"), "{line}");
}

/// By the hook of the server, which leaves the standard one its line.
#[test]
fn a_panic_is_logged_with_its_own_line() {
    let process = Process::start("plain");
    let source = include_str!("log.rs").lines();
    let line = 1 + source
        .take_while(|line| !line.ends_with("// the panic"))
        .count();
    let place = format!("tests/log.rs:{line}:");
    for _ in 0..2 {
        process.get("/unwrap");
        let standard = process.wait_for(" panicked at ");
        assert!(
            standard.starts_with("thread ") && standard.contains(&place),
            "{standard}"
        );
        let own = process.wait_for("GET /unwrap 500: panicked at ");
        assert!(
            own.contains(&place) && own.ends_with(": it is there"),
            "{own}"
        );
        // No panic of before is taken for this one, which no hook sees.
        process.get("/panic/it%20is%20not");
        let own = process.wait_for("GET /panic/{text} 500: ");
        assert!(own.ends_with("500: panicked: it is not"), "{own}");
    }
    process.get("/blocking");
    let own = process.wait_for("GET /blocking 500: panicked at tests/log.rs:");
    assert!(own.ends_with(": on a thread of its own"), "{own}");
}

/// Its head is out by then, so the log is the only one to hear of it.
#[test]
fn why_a_response_was_broken_off_is_logged() {
    let process = Process::start("plain");
    process.get("/export");
    let line = process.wait_for("a response was broken off: ");
    assert!(
        line.contains(": the disk is full (at tests/log.rs:"),
        "{line}"
    );
    process.get("/events");
    let line = process.wait_for("a response was broken off: ");
    let why = "an event cannot be sent: no `id` can have a line break: \"1\\nevent: x\" (at tests/log.rs:";
    assert!(line.contains(why), "{line}");
}

#[cfg(feature = "tls")]
#[test]
fn a_failed_handshake_is_told_once_in_a_while() {
    let process = Process::start("tls");
    let (_, client) = process.say(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    let line = process.wait_for("no TLS connection with ");
    assert!(line.contains(&client.to_string()), "{line}");
    for _ in 0..20 {
        process.say(b"\x1b[2Jerror: x\n\r\n\r\n");
    }
    drop(TcpStream::connect(process.addr));
    process.assert_silent_about("no TLS connection");
}

#[cfg(feature = "proxy-protocol")]
#[test]
fn a_malformed_announcement_is_told_once_in_a_while() {
    let process = Process::start("proxy");
    let (answer, client) = process.say(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    assert_eq!(answer, "");
    let line = process.wait_for("no PROXY protocol header from ");
    assert!(line.contains(&client.to_string()), "{line}");
    for _ in 0..20 {
        process.say(b"PROXY TCP4 error: x\n\x1b[2J\r\n\r\n");
    }
    process.assert_silent_about("no PROXY protocol header");
}
