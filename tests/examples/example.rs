//! An example as a running program, and what it is asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

/// Where the example of that name keeps what it was sent.
pub(crate) const UPLOADS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/uploads");

/// A running example. Its log is kept open to the end, since it is written to all along.
pub(crate) struct Example {
    child: Child,
    log: BufReader<ChildStderr>,
    pub(crate) addr: String,
}

impl Example {
    pub(crate) fn start(name: &str) -> Self {
        Self::start_with(name, &[])
    }

    /// With these variables in its environment.
    pub(crate) fn start_with(name: &str, variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(program(name))
            .env("ADDR", "127.0.0.1:0")
            .env("SECRET_KEY", "0123456789abcdef0123456789abcdef")
            .env("UPLOADS", UPLOADS)
            .envs(variables.iter().copied())
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
    pub(crate) fn ask(&self, line: &str, headers: &str, body: &str) -> String {
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
    pub(crate) fn assert(
        &self,
        line: &str,
        headers: &str,
        body: &str,
        status: &str,
        parts: &[&str],
    ) {
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
    pub(crate) fn assert_get(&self, path: &str, status: &str, parts: &[&str]) {
        self.assert(&format!("GET {path}"), "", "", status, parts);
    }

    #[track_caller]
    pub(crate) fn assert_json(&self, line: &str, body: &str, status: &str, parts: &[&str]) {
        let headers = "content-type: application/json\r\n";
        self.assert(line, headers, body, status, parts);
    }

    /// Asks the program to end as a supervisor does, and returns the rest of its log.
    pub(crate) fn stop(mut self) -> String {
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
pub(crate) fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let built = test
        .ancestors()
        .nth(2)
        .expect("target/<profile>/deps/<test>");
    built.join("examples").join(name)
}
