//! A supervisor that holds the socket, as systemd does, and restarts the program under load.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

/// The program with a socket as its descriptor 3, as `sd_listen_fds(3)` has it.
struct Program(Child);

impl Program {
    fn start(socket: &TcpListener, name: &str) -> Self {
        let socket = OwnedFd::from(socket.try_clone().unwrap());
        let mut child = Command::new("sh")
            .args([
                "-c",
                "exec 3<&0 0</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\"",
            ])
            .arg(env!("CARGO_BIN_EXE_cepa-interop-activation"))
            .env("NAME", name)
            .stdin(socket)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        assert!(line.starts_with("listening on http://127.0.0.1:"), "{line}");
        // Read on, so that it can write.
        std::thread::spawn(move || lines.for_each(drop));
        Self(child)
    }

    /// SIGTERM, and a wait for the end: all that was in flight was finished.
    fn stop(mut self) {
        self.terminate();
        let status = self.0.wait().unwrap();
        assert!(status.success(), "{status}");
    }

    fn terminate(&self) {
        let id = self.0.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The answer to a request on a connection of its own.
fn ask(addr: SocketAddr) -> String {
    let mut stream = TcpStream::connect(addr).expect("no connection is refused");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .expect("the request is taken");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .expect("the answer is whole");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer:?}");
    answer.rsplit('\n').next().unwrap().to_owned()
}

/// Clients that ask without a pause; a single one that fails fails the test.
struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    fn start(addr: SocketAddr) -> Self {
        let (stop, answered) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        let client = |_| {
            let (stop, answered) = (stop.clone(), answered.clone());
            std::thread::spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    ask(addr);
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            })
        };
        let clients = (0..8).map(client).collect();
        Self {
            stop,
            answered,
            clients,
        }
    }

    /// Waits for this many more answers.
    fn wait_for(&self, count: usize) {
        let wanted = self.answered.load(Ordering::SeqCst) + count;
        let start = Instant::now();
        while self.answered.load(Ordering::SeqCst) < wanted {
            assert!(start.elapsed() < PATIENCE, "nothing is answered");
            assert!(
                !self.clients.iter().any(JoinHandle::is_finished),
                "a client failed"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn end(self) {
        self.stop.store(true, Ordering::SeqCst);
        for client in self.clients {
            client.join().unwrap();
        }
    }
}

fn bind() -> (TcpListener, SocketAddr) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = socket.local_addr().unwrap();
    (socket, addr)
}

/// `systemctl restart`: the old one ends before the new one begins; connections wait meanwhile.
#[test]
fn a_restart_behind_a_held_socket_refuses_nothing() {
    let (socket, addr) = bind();
    // Asked before anything runs: it waits in the backlog.
    let early = std::thread::spawn(move || ask(addr));
    let mut program = Program::start(&socket, "0");
    assert_eq!(early.join().unwrap(), "0");
    let load = Load::start(addr);
    for round in 1..6 {
        load.wait_for(200);
        program.stop();
        std::thread::sleep(Duration::from_millis(50));
        program = Program::start(&socket, &round.to_string());
    }
    load.wait_for(200);
    load.end();
    assert_eq!(ask(addr), "5");
    program.stop();
}

/// A rolling restart: the new one accepts beside the old one, which then ends.
#[test]
fn a_handover_to_a_second_process_refuses_nothing() {
    let (socket, addr) = bind();
    let mut program = Program::start(&socket, "0");
    let load = Load::start(addr);
    for round in 1..6 {
        load.wait_for(200);
        let next = Program::start(&socket, &round.to_string());
        std::mem::replace(&mut program, next).stop();
    }
    load.wait_for(200);
    load.end();
    assert_eq!(ask(addr), "5");
    program.stop();
}

/// Sockets of one address, one for each process (`SO_REUSEPORT`). What waits in the backlog of the
/// one that closes is reset, about one connection in ten such restarts here, unless Linux is told to
/// move it (`net.ipv4.tcp_migrate_req`, from 5.14); only then this can be asked for.
#[cfg(target_os = "linux")]
#[test]
fn a_handover_between_sockets_of_one_address_refuses_nothing() {
    use socket2::{Domain, Socket, Type};

    let migrates = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_migrate_req");
    if migrates.map_or(true, |value| value.trim() != "1") {
        return;
    }
    let shared = |addr: SocketAddr| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_reuse_port(true).unwrap();
        socket.bind(&addr.into()).unwrap();
        socket.listen(1024).unwrap();
        TcpListener::from(socket)
    };
    let socket = shared(([127, 0, 0, 1], 0).into());
    let addr = socket.local_addr().unwrap();
    let mut program = Program::start(&socket, "0");
    drop(socket);
    let load = Load::start(addr);
    for round in 1..6 {
        load.wait_for(200);
        let socket = shared(addr);
        let next = Program::start(&socket, &round.to_string());
        drop(socket);
        std::mem::replace(&mut program, next).stop();
    }
    load.wait_for(200);
    load.end();
    assert_eq!(ask(addr), "5");
    program.stop();
}
