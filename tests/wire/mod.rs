//! A server on a port of its own, and a client that sends raw bytes.
#![allow(dead_code, unreachable_pub, reason = "each test file uses some of it")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cepa::{RunError, Server, StopHandle};

/// Nothing here takes longer, except when it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server on a thread and a runtime of its own; stops when it is dropped.
pub struct Running {
    pub addr: SocketAddr,
    pub addrs: Vec<SocketAddr>,
    stop: StopHandle,
    thread: Option<JoinHandle<Result<(), RunError>>>,
}

impl Running {
    /// Serves on a TCP address of its own, after those the server has.
    pub fn start(server: Server) -> Self {
        let mut running = Self::start_on(server.tcp("127.0.0.1:0"));
        running.addr = *running.addrs.last().unwrap();
        running
    }

    /// Serves on the addresses that the server has.
    pub fn start_on(server: Server) -> Self {
        let (send, receive) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            let runtime = builder.worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let server = server.bind().await?;
                send.send((server.local_addrs(), server.stop_handle()))
                    .unwrap();
                server.serve().await
            })
        });
        let (addrs, stop) = receive.recv_timeout(PATIENCE).expect("the server starts");
        Self {
            addr: addrs[0],
            addrs,
            stop,
            thread: Some(thread),
        }
    }

    pub fn connect(&self) -> Client {
        self.connect_to(self.addr)
    }

    pub fn connect_to(&self, addr: SocketAddr) -> Client {
        let stream = TcpStream::connect(addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Client { stream }
    }

    pub fn begin_stop(&self) {
        self.stop.stop();
    }

    pub fn stop(mut self) -> Result<(), RunError> {
        self.stop.stop();
        self.thread.take().unwrap().join().unwrap()
    }

    /// Waits until the server has this many connections, by the system's own table (`man proc`).
    #[cfg(target_os = "linux")]
    pub fn wait_for_connections(&self, count: usize) {
        let start = Instant::now();
        while self.connections() != count {
            assert!(
                start.elapsed() < PATIENCE,
                "{} connections",
                self.connections()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[cfg(target_os = "linux")]
    fn connections(&self) -> usize {
        let port = format!(":{:04X}", self.addr.port());
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let established = |line: &&str| {
            let mut fields = line.split_whitespace().skip(1);
            let local = fields.next().is_some_and(|local| local.ends_with(&port));
            local && fields.nth(1) == Some("01")
        };
        table.lines().filter(established).count()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

pub struct Client {
    pub stream: TcpStream,
}

impl Client {
    pub fn send(&mut self, text: impl AsRef<[u8]>) {
        self.stream.write_all(text.as_ref()).unwrap();
    }

    /// Whether the server still takes bytes.
    pub fn try_send(&mut self, text: &str) -> bool {
        self.stream.write_all(text.as_bytes()).is_ok()
    }

    /// All bytes until the server closes the connection, or resets it.
    pub fn read_all_bytes(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Err(error) = self.stream.read_to_end(&mut bytes) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
        }
        bytes
    }

    pub fn read_all(&mut self) -> String {
        String::from_utf8_lossy(&self.read_all_bytes()).into_owned()
    }

    /// One response with a `content-length`.
    pub fn read_response(&mut self) -> String {
        let mut text = Vec::new();
        let mut byte = [0];
        while !text.ends_with(b"\r\n\r\n") {
            assert_eq!(
                self.stream.read(&mut byte).unwrap(),
                1,
                "{}",
                String::from_utf8_lossy(&text)
            );
            text.push(byte[0]);
        }
        let head = String::from_utf8(text.clone())
            .unwrap()
            .to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.stream.read_exact(&mut body).unwrap();
        text.extend(body);
        String::from_utf8(text).unwrap()
    }
}

/// A head with this request line and a host.
pub fn head(line: &str) -> String {
    format!("{line}\r\nhost: localhost\r\n\r\n")
}
