//! A server on a port of its own, and a client that speaks to it in bytes.

#![allow(dead_code, reason = "each test file uses what it needs")]

use std::net::SocketAddr;
use std::time::Duration;

use cepa::prelude::*;
use cepa::{Server, StopHandle};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// Nothing here takes long; what takes this long never comes.
const NEVER: Duration = Duration::from_secs(20);

/// Waits for what has to come.
pub(crate) async fn soon<F: Future>(what: F) -> F::Output {
    match tokio::time::timeout(NEVER, what).await {
        Ok(output) => output,
        Err(_) => panic!("it never came"),
    }
}

/// A server that accepts.
pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    pub(crate) stop: StopHandle,
    serving: JoinHandle<Result<(), RunError>>,
}

impl Running {
    pub(crate) async fn start(app: App) -> Self {
        let bound = Server::new(app).tcp("127.0.0.1:0").bind().await.unwrap();
        Self {
            addr: bound.local_addr().unwrap(),
            stop: bound.stop_handle(),
            serving: tokio::spawn(bound.serve()),
        }
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::connect(self.addr).await
    }

    /// Sends one request on a connection of its own.
    pub(crate) async fn ask(&self, request: &str) -> Answer {
        let mut client = self.connect().await;
        client.send(request).await;
        client.answer().await
    }

    /// Waits until it has stopped, which somebody told it to.
    pub(crate) async fn ended(self) -> Result<(), RunError> {
        soon(self.serving).await.unwrap()
    }

    pub(crate) async fn stop(self) -> Result<(), RunError> {
        self.stop.stop();
        self.ended().await
    }
}

/// A connection, and what was read from it and not used yet.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    read: Vec<u8>,
}

/// One response of HTTP/1.1.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (this, value) = line.split_once(':')?;
            this.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

impl Client {
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        let stream = soon(TcpStream::connect(addr)).await.unwrap();
        Self {
            stream,
            read: Vec::new(),
        }
    }

    /// Sends text; a line break stands for the two bytes of HTTP.
    pub(crate) async fn send(&mut self, text: &str) {
        self.send_bytes(text.replace('\n', "\r\n").as_bytes()).await;
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        soon(self.stream.write_all(bytes)).await.unwrap();
    }

    /// Reads one response with its body.
    pub(crate) async fn answer(&mut self) -> Answer {
        let mut answer = self.head().await;
        if let Some(length) = answer.header("content-length") {
            let length = length.parse().unwrap();
            answer.body = self.text(length).await;
        } else if answer.header("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk().await {
                answer.body += &chunk;
            }
        }
        answer
    }

    /// Reads the head of a response and leaves its body.
    pub(crate) async fn head(&mut self) -> Answer {
        let head = self.until(b"\r\n\r\n").await;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer {
            status,
            head,
            body: String::new(),
        }
    }

    /// Reads one chunk of a chunked body; `None` at its end.
    pub(crate) async fn chunk(&mut self) -> Option<String> {
        let length = self.until(b"\r\n").await;
        let length = usize::from_str_radix(length.trim(), 16).unwrap();
        let chunk = self.text(length).await;
        assert_eq!(self.until(b"\r\n").await, "\r\n");
        (length > 0).then_some(chunk)
    }

    /// Reads exactly this many bytes.
    pub(crate) async fn bytes(&mut self, count: usize) -> Vec<u8> {
        while self.read.len() < count {
            assert!(self.more().await, "closed after {:?}", self.read);
        }
        self.read.drain(..count).collect()
    }

    async fn text(&mut self, count: usize) -> String {
        String::from_utf8(self.bytes(count).await).unwrap()
    }

    async fn until(&mut self, end: &[u8]) -> String {
        loop {
            if let Some(at) = self.read.windows(end.len()).position(|it| it == end) {
                return self.text(at + end.len()).await;
            }
            let seen = String::from_utf8_lossy(&self.read).into_owned();
            assert!(self.more().await, "closed after {seen:?}");
        }
    }

    async fn more(&mut self) -> bool {
        soon(self.stream.read_buf(&mut self.read)).await.unwrap() > 0
    }

    /// Waits until the server closes, which it does without a further byte.
    pub(crate) async fn closed(&mut self) -> bool {
        let count = soon(self.stream.read_buf(&mut self.read)).await;
        self.read.is_empty() && count.is_ok_and(|count| count == 0)
    }
}
