//! A server in a process of its own: signals under load, and a shortage of descriptors.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]
#![cfg(target_os = "linux")]

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use cepa::prelude::*;
use cepa::{Outcome, Server};

const PATIENCE: Duration = Duration::from_secs(20);
/// Set where this executable is started to be the server.
const SERVES: &str = "CEPA_TEST_SERVES";

const STOP_TIMEOUT: &str = "CEPA_TEST_STOP_TIMEOUT";

/// The server of the other tests, in the process that they start.
#[test]
#[ignore = "does nothing unless another test starts it"]
fn serves() {
    if std::env::var_os(SERVES).is_none() {
        return;
    }
    let sent = Arc::new(AtomicUsize::new(0));
    let (count, total) = (sent.clone(), sent);
    let counted = move |req: Request, next: Next| {
        let count = count.clone();
        async move {
            let mut res = next.run(req).await;
            res.on_end(move |outcome| {
                assert!(matches!(outcome, Outcome::Sent { .. }), "{outcome:?}");
                count.fetch_add(1, Ordering::SeqCst);
            });
            res
        }
    };
    let large = Bytes::from(vec![b'x'; 300_000]);
    let app = App::new()
        .with(counted)
        .get("/", async || "hi")
        .get("/large", move || std::future::ready(large.clone()))
        .get("/stuck", async || {
            eprintln!("stuck");
            std::future::pending::<()>().await;
        })
        .get("/blocked", async || {
            eprintln!("stuck");
            cepa::blocking(|| std::thread::sleep(Duration::from_secs(3_600))).await
        })
        .get("/hogged", async || {
            eprintln!("stuck");
            std::thread::sleep(Duration::from_secs(3_600));
        })
        .on_stop(move || async move { eprintln!("sent {}", total.load(Ordering::SeqCst)) });
    let mut server = Server::new(app).tcp("127.0.0.1:0");
    if let Ok(seconds) = std::env::var(STOP_TIMEOUT) {
        server = server.with_stop_timeout(Duration::from_secs(seconds.parse().unwrap()));
    }
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
    /// Starts it behind a line of shell, such as one that sets a limit.
    fn start(shell: &str) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", &format!("{shell} exec \"$0\" \"$@\"")])
            .arg(std::env::current_exe().unwrap())
            .args(["serves", "--exact", "--ignored", "--nocapture"])
            .env(SERVES, "yes")
            // With threads to spare where the machine has one processor.
            .env("TOKIO_WORKER_THREADS", "4")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                drop(send.send(line));
            }
        });
        let mut process = Self {
            child,
            addr: ([127, 0, 0, 1], 0).into(),
            lines,
        };
        let line = process.wait_for("listening on http://");
        process.addr = line.rsplit('/').next().unwrap().parse().unwrap();
        process
    }

    /// The next line on stderr that has this in it.
    fn wait_for(&self, text: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect(text);
            if line.contains(text) {
                return line;
            }
        }
    }

    fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
    }

    fn wait(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn descriptors(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.child.id());
        std::fs::read_dir(folder).unwrap().count()
    }

    /// Time on a processor, in hundredths of a second (`man proc`).
    fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields = stat.rsplit(") ").next().unwrap().split(' ');
        let [user, system] = [11, 12].map(|at| fields.clone().nth(at).unwrap());
        user.parse::<u64>().unwrap() + system.parse::<u64>().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Whether a request was answered, all of it; not, if the connection ended before the answer.
fn ask(stream: &mut TcpStream, path: &str) -> bool {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    if stream.write_all(request.as_bytes()).is_err() {
        return false;
    }
    let (mut answer, mut bytes) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let count = match stream.read(&mut bytes) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
            Err(error) => panic!("{path}: {error}"),
        };
        if count == 0 {
            assert!(answer.is_empty(), "cut off after {} bytes", answer.len());
            return false;
        }
        answer.extend_from_slice(&bytes[..count]);
        if is_whole(&answer) {
            return true;
        }
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return false;
    };
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap();
    answer.len() - end - 4 == length.parse::<usize>().unwrap()
}

/// 64 clients ask without a pause; the server is told to stop. What it answered they all have.
fn stop_under_load() {
    let mut process = Process::start("");
    let answered = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..64)
        .map(|number| {
            let (mut stream, answered) = (process.connect(), answered.clone());
            let path = if number % 8 == 0 { "/large" } else { "/" };
            std::thread::spawn(move || {
                while ask(&mut stream, path) {
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    let start = Instant::now();
    while answered.load(Ordering::SeqCst) < 2_000 {
        assert!(start.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(1));
    }
    process.terminate();
    for client in clients {
        client.join().unwrap();
    }
    let sent = process.wait_for("sent ");
    assert_eq!(
        sent,
        format!("sent {}", answered.load(Ordering::SeqCst)),
        "as many as were received"
    );
    assert!(process.wait().success());
}

#[test]
fn a_stop_under_load_loses_no_answer() {
    stop_under_load();
    stop_under_load();
}

/// `cargo test --test signals -- --ignored many_stops`
#[test]
#[ignore = "twenty rounds of the test above"]
fn many_stops_under_load_lose_no_answer() {
    (0..20).for_each(|_| stop_under_load());
}

#[test]
fn a_second_signal_stops_at_once_and_says_what_was_cut() {
    for path in ["/stuck", "/blocked"] {
        let mut process = Process::start("");
        let mut client = process.connect();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
        client.write_all(request.as_bytes()).unwrap();
        process.wait_for("stuck");
        process.terminate();
        process.wait_for("stopping: finishing what is in flight");
        let start = Instant::now();
        process.terminate();
        process.wait_for("warning: the stop cut 1 connection and 0 tasks");
        assert!(
            !process.wait().success(),
            "what was cut shows in the status"
        );
        assert!(start.elapsed() < Duration::from_secs(5), "{path}");
    }
}

/// With its only worker blocked, a runtime notices neither signals nor time.
#[test]
fn a_handler_that_blocks_the_only_worker_holds_no_stop_up() {
    for (stop_timeout, signals) in [("1", 1), ("3600", 2)] {
        let shell = format!("export TOKIO_WORKER_THREADS=1 {STOP_TIMEOUT}={stop_timeout};");
        let mut process = Process::start(&shell);
        let mut client = process.connect();
        client
            .write_all(b"GET /hogged HTTP/1.1\r\nhost: x\r\n\r\n")
            .unwrap();
        process.wait_for("stuck");
        let start = Instant::now();
        process.terminate();
        process.wait_for("stopping: finishing what is in flight");
        if signals == 2 {
            process.terminate();
        }
        process.wait_for("warning: the stop cut 1 connection and 0 tasks");
        process.wait_for("sent ");
        assert!(!process.wait().success());
        assert!(
            start.elapsed() < Duration::from_secs(8),
            "{:?}",
            start.elapsed()
        );
    }
}

#[test]
fn a_server_out_of_descriptors_waits_and_goes_on() {
    const LIMIT: usize = 40;
    let process = Process::start(&format!("ulimit -n {LIMIT};"));
    let mut first = process.connect();
    assert!(ask(&mut first, "/"));
    let others: Vec<_> = (0..2 * LIMIT).map(|_| process.connect()).collect();
    let start = Instant::now();
    while process.descriptors() < LIMIT {
        assert!(start.elapsed() < PATIENCE, "{}", process.descriptors());
        std::thread::sleep(Duration::from_millis(5));
    }
    let ticks = process.ticks();
    std::thread::sleep(Duration::from_millis(500));
    let used = process.ticks() - ticks;
    assert!(used <= 5, "{used} hundredths of a second in half a second");
    // Those inside are served all the while.
    assert!(ask(&mut first, "/large"));
    let start = Instant::now();
    drop(others);
    assert!(ask(&mut process.connect(), "/"));
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
}
