//! The end: graceful stops, panics, connections at the limit.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cepa::Server;
use cepa::prelude::*;
use tokio::sync::Notify;
use wire::{Running, head};

/// Says when a handler began, and holds it until told.
#[derive(Clone, Default)]
struct Gate {
    begun: Arc<Notify>,
    go: Arc<Notify>,
}

fn gated(gate: &Gate) -> App {
    let gate = gate.clone();
    App::new().get("/", async || "hi").get("/gate", move || {
        let gate = gate.clone();
        async move {
            gate.begun.notify_one();
            gate.go.notified().await;
            "through"
        }
    })
}

fn wait(notify: &Notify) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let waited = async { tokio::time::timeout(Duration::from_secs(20), notify.notified()).await };
    runtime.block_on(waited).expect("it happens");
}

#[test]
fn a_request_in_flight_is_finished_and_idle_connections_are_closed() {
    let gate = Gate::default();
    let server = Running::start(Server::new(gated(&gate)));
    let mut idle = server.connect();
    idle.send(head("GET / HTTP/1.1"));
    assert!(idle.read_response().ends_with("hi"));
    let mut busy = server.connect();
    busy.send(head("GET /gate HTTP/1.1"));
    wait(&gate.begun);
    server.begin_stop();
    assert_eq!(idle.read_all(), "");
    gate.go.notify_one();
    assert!(busy.read_all().ends_with("through"));
    server.stop().unwrap();
}

#[test]
fn what_takes_too_long_is_cut() {
    let gate = Gate::default();
    let short = Duration::from_millis(200);
    let server = Running::start(Server::new(gated(&gate)).with_stop_timeout(short));
    let mut busy = server.connect();
    busy.send(head("GET /gate HTTP/1.1"));
    wait(&gate.begun);
    let start = Instant::now();
    let cut = server.stop().unwrap_err();
    assert!(
        matches!(
            cut,
            RunError::Cut {
                connections: 1,
                tasks: 0
            }
        ),
        "{cut}"
    );
    assert!(start.elapsed() >= short && start.elapsed() < Duration::from_secs(10));
    assert_eq!(busy.read_all(), "");
}

#[test]
fn streams_and_tasks_are_told_and_waited_for() {
    let ended = Arc::new(AtomicUsize::new(0));
    let begun = Arc::new(Notify::new());
    let (count, started, stopped) = (ended.clone(), begun.clone(), ended.clone());
    let app = App::new()
        .get("/", move |req: Request| {
            let (count, started) = (count.clone(), started.clone());
            async move {
                let mut stopping = req.stopping();
                req.spawn(async move {
                    started.notify_one();
                    stopping.wait().await;
                    count.fetch_add(1, Ordering::SeqCst);
                });
            }
        })
        .on_stop(move || async move {
            // The task is over when the hook runs.
            assert_eq!(stopped.fetch_add(10, Ordering::SeqCst), 1);
        });
    let server = Running::start(Server::new(app));
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1"));
    client.read_response();
    wait(&begun);
    server.stop().unwrap();
    assert_eq!(ended.load(Ordering::SeqCst), 11);
}

#[test]
fn a_panic_is_a_500_and_the_connection_lives_on() {
    let app = App::new()
        .get("/", async || "hi")
        .get("/panic", async || -> String { panic!("oops") });
    let server = Running::start(Server::new(app));
    let mut client = server.connect();
    client.send(head("GET /panic HTTP/1.1"));
    let answer = client.read_response();
    assert!(
        answer.starts_with("HTTP/1.1 500 ") && !answer.contains("oops"),
        "{answer}"
    );
    client.send(head("GET / HTTP/1.1"));
    assert!(client.read_response().ends_with("hi"));
}

#[test]
fn above_the_limit_connections_wait_for_a_place() {
    let server =
        Running::start(Server::new(App::new().get("/", async || "hi")).with_connection_limit(1));
    let mut first = server.connect();
    first.send(head("GET / HTTP/1.1"));
    assert!(first.read_response().ends_with("hi"));
    let mut second = server.connect();
    second.send(head("GET / HTTP/1.1"));
    second
        .stream
        .set_read_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    let waiting = std::io::Read::read(&mut second.stream, &mut [0; 1]).unwrap_err();
    assert_eq!(waiting.kind(), std::io::ErrorKind::WouldBlock);
    drop(first);
    second
        .stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    assert!(second.read_response().ends_with("hi"));
}

#[test]
fn a_client_that_goes_away_drops_the_handler() {
    struct Dropped(Arc<Notify>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let (begun, dropped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (start, end) = (begun.clone(), dropped.clone());
    let app = App::new().get("/", move || {
        let (start, guard) = (start.clone(), Dropped(end.clone()));
        async move {
            start.notify_one();
            std::future::pending::<()>().await;
            drop(guard);
        }
    });
    let server = Running::start(Server::new(app));
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1"));
    wait(&begun);
    drop(client);
    wait(&dropped);
}

#[cfg(unix)]
#[test]
fn a_unix_socket_serves_and_is_removed() {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    let path = std::env::temp_dir().join(format!("cepa-{}.sock", std::process::id()));
    // Left behind by a program that was killed: bound once, listened on no more.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let server = Running::start(Server::new(App::new().get("/", async || "hi")).unix(&path));
    let mut stream = UnixStream::connect(&path).unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("hi"), "{answer}");
    server.stop().unwrap();
    assert!(!path.exists());
}

#[test]
fn several_addresses_are_served() {
    let ready = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = ready.local_addr().unwrap();
    let server = Running::start(Server::new(App::new().get("/", async || "hi")).listener(ready));
    for addr in [addr, server.addr] {
        let mut client = server.connect_to(addr);
        client.send(head("GET / HTTP/1.1"));
        assert!(client.read_response().ends_with("hi"));
    }
}

#[tokio::test]
async fn a_start_hook_that_hangs_can_be_stopped() {
    let app = App::new().on_start(async || std::future::pending::<()>().await);
    let server = Server::new(app).tcp("127.0.0.1:0").bind().await.unwrap();
    server.stop_handle().stop();
    let ended = tokio::time::timeout(Duration::from_secs(20), server.serve()).await;
    assert!(matches!(ended, Ok(Err(RunError::Interrupted))), "{ended:?}");
}

#[tokio::test]
async fn a_stop_hook_that_hangs_is_cut() {
    let app = App::new().on_stop(async || std::future::pending::<()>().await);
    let server = Server::new(app)
        .tcp("127.0.0.1:0")
        .with_stop_timeout(Duration::from_millis(100));
    let server = server.bind().await.unwrap();
    server.stop_handle().stop();
    let ended = tokio::time::timeout(Duration::from_secs(20), server.serve()).await;
    assert!(matches!(ended, Ok(Err(RunError::Stop(_)))), "{ended:?}");
}
