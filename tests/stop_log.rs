//! What a stop that cuts leaves in the log: a line for each request, and the right numbers. Read from
//! the standard error of a process of its own: this test program, which runs a test as a child.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod wire;

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use cepa::Server;
use cepa::prelude::*;
use tokio::sync::Semaphore;
use wire::{Running, head};

/// Says to a test that it is the child.
const CHILD: &str = "CEPA_TEST_CHILD";

/// The lines that a test of this file writes to stderr as a child.
#[track_caller]
fn log_of(test: &str) -> Vec<String> {
    let done = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    let log = String::from_utf8(done.stderr).unwrap();
    log.lines().map(str::to_owned).collect()
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Never answers, or never ends; one more permit each time one begins.
fn app(begun: &Arc<Semaphore>) -> App {
    let (hangs, streams) = (Arc::clone(begun), Arc::clone(begun));
    App::new()
        .with(Logger::new())
        .get("/", async || "hi")
        .get("/hang/{n}", move || {
            let begun = Arc::clone(&hangs);
            async move {
                begun.add_permits(1);
                std::future::pending::<()>().await;
            }
        })
        .get("/stream", move || {
            let begun = Arc::clone(&streams);
            async move {
                begun.add_permits(1);
                let (_, never) = tokio::io::duplex(1);
                Body::from_reader(tokio::io::AsyncReadExt::chain(&b"abc"[..], Endless(never)))
            }
        })
        .on_stop(async || cepa::log::info("the stop hook"))
}

struct Endless<T>(T);

impl<T> tokio::io::AsyncRead for Endless<T> {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Pending
    }
}

fn wait(begun: &Semaphore, count: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let waited = async {
        tokio::time::timeout(Duration::from_secs(20), begun.acquire_many(count))
            .await
            .is_ok()
    };
    assert!(runtime.block_on(waited), "they begin");
}

/// All of it is said, before the last line, which is the stop hook's.
#[track_caller]
fn check(log: &[String], wanted: &[&str]) {
    assert_eq!(
        log.last().map(String::as_str),
        Some("the stop hook"),
        "{log:#?}"
    );
    for wanted in wanted {
        let lines = log.iter().filter(|line| line.contains(wanted));
        assert_eq!(lines.count(), 1, "{wanted}: {log:#?}");
    }
    let cancelled = log.iter().filter(|line| line.contains(" cancelled"));
    assert_eq!(cancelled.count(), wanted.len() - 1, "{log:#?}");
}

const SHORT: Duration = Duration::from_millis(200);

#[test]
fn requests_that_are_cut_have_their_lines_before_the_stop_hooks() {
    if is_child() {
        let begun = Arc::new(Semaphore::new(0));
        let server = Running::start(Server::new(app(&begun)).with_stop_timeout(SHORT));
        let mut idle = server.connect();
        idle.send(head("GET / HTTP/1.1"));
        idle.read_response();
        let (mut hangs, mut streams) = (server.connect(), server.connect());
        hangs.send(head("GET /hang/1 HTTP/1.1"));
        streams.send(head("GET /stream HTTP/1.1"));
        wait(&begun, 2);
        server.stop().unwrap_err();
        return;
    }
    let log = log_of("requests_that_are_cut_have_their_lines_before_the_stop_hooks");
    let wanted = [
        "the stop cut 2 connections and 0 tasks",
        "GET /hang/1 - ",
        "GET /stream 200 3 B ",
    ];
    check(&log, &wanted);
}

#[cfg(feature = "http2")]
#[test]
fn streams_of_http2_that_are_cut_have_their_lines_before_the_stop_hooks() {
    if is_child() {
        let begun = Arc::new(Semaphore::new(0));
        let server = Running::start(Server::new(app(&begun)).with_stop_timeout(SHORT));
        let addr = server.addr;
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let socket = tokio::net::TcpStream::connect(addr).await.unwrap();
            let (mut client, connection) = h2::client::handshake(socket).await.unwrap();
            tokio::spawn(connection);
            let mut open = Vec::new();
            for path in ["/hang/1", "/hang/2", "/stream"] {
                let uri = format!("http://{addr}{path}");
                let req = http::Request::get(uri).body(()).unwrap();
                client = client.ready().await.unwrap();
                open.push(client.send_request(req, true).unwrap());
            }
            drop(begun.acquire_many(3).await.unwrap());
            tokio::task::spawn_blocking(move || server.stop().unwrap_err())
                .await
                .unwrap();
            drop(open);
        });
        return;
    }
    let log = log_of("streams_of_http2_that_are_cut_have_their_lines_before_the_stop_hooks");
    let wanted = [
        "the stop cut 1 connection and 0 tasks",
        "GET /hang/1 - ",
        "GET /hang/2 - ",
        "GET /stream 200 3 B ",
    ];
    check(&log, &wanted);
}
