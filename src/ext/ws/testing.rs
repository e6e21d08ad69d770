//! WebSockets of the test client: in process, without a socket of the system.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::error::SocketError;
use super::extract::accept_of;
use super::frame::Role;
use super::message::{CloseCode, Message};
use super::receive::Reader;
use super::socket::SocketReceiver;
use super::socket::{Socket, SocketSender};
use super::writer::Writer;
use crate::testing::{TestClient, TestRequest};
use crate::{HeaderValue, Response};
use http::header;

/// The key of RFC 6455, 1.3; the server's answer to it is checked.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Adds WebSockets to the [`TestClient`]: [`TestSocket`] has the example.
pub trait TestClientExt {
    /// Begins a WebSocket to this path.
    fn ws(&self, path: impl AsRef<str>) -> TestWebSocket<'_>;
}

impl TestClientExt for TestClient {
    #[track_caller]
    fn ws(&self, path: impl AsRef<str>) -> TestWebSocket<'_> {
        let req = self.get(path);
        let req = req.header("connection", "Upgrade");
        let req = req.header("upgrade", "websocket");
        let req = req.header("sec-websocket-version", "13");
        TestWebSocket {
            req: req.header("sec-websocket-key", KEY),
        }
    }
}

/// A handshake of the test client; [`connect`](Self::connect) it.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::ws::{Socket, TestClientExt, WebSocket};
///
/// async fn private(ws: WebSocket, req: Request) -> Result<Response> {
///     req.header("x-key").or_unauthorized("send `X-Key`")?;
///     Ok(ws.on_upgrade(async |socket: Socket| drop(socket.send("welcome").await)))
/// }
///
/// let client = App::new().get("/", private).test();
/// client.block_on(async {
///     let refused = client.ws("/").try_connect().await.unwrap_err();
///     assert_eq!(refused.status(), 401);
///     let mut ws = client.ws("/").header("x-key", "1").connect().await;
///     assert_eq!(ws.recv_text().await, "welcome");
/// });
/// ```
#[must_use = "nothing is asked until `.connect().await`"]
pub struct TestWebSocket<'a> {
    req: TestRequest<'a>,
}

impl TestWebSocket<'_> {
    /// Sets a header of the request, such as `origin`.
    #[track_caller]
    pub fn header<V: TryInto<HeaderValue>>(mut self, name: &str, value: V) -> Self {
        self.req = self.req.header(name, value);
        self
    }

    /// Asks for subprotocols, as a list with commas.
    #[track_caller]
    pub fn protocols(self, protocols: &str) -> Self {
        self.header(header::SEC_WEBSOCKET_PROTOCOL.as_str(), protocols)
    }

    /// Connects.
    ///
    /// # Panics
    /// If the server does not agree, or the answer is not the right one.
    pub async fn connect(self) -> TestSocket {
        let asked = format!("{:?}", self.req);
        match self.try_connect().await {
            Ok(socket) => socket,
            Err(res) => panic!("{asked} was answered with {}", res.status()),
        }
    }

    /// Connects, or gives the response that did not agree.
    ///
    /// # Panics
    /// If the answer agrees and is not the right one.
    #[allow(
        clippy::missing_errors_doc,
        reason = "the response is what is asked for"
    )]
    pub async fn try_connect(self) -> Result<TestSocket, Response> {
        let (res, bytes) = self.req.upgrade().await;
        let Some(bytes) = bytes else {
            return Err(res);
        };
        let accept = res.headers().get(header::SEC_WEBSOCKET_ACCEPT);
        assert_eq!(accept, Some(&accept_of(KEY)), "the key has another answer");
        let deflates = res.headers().contains_key(header::SEC_WEBSOCKET_EXTENSIONS);
        let (read, write) = tokio::io::split(bytes);
        let writer = Arc::new(Writer::new(write, Role::Client, deflates, PATIENCE));
        let reader = Reader::new(
            read,
            Arc::clone(&writer),
            Role::Client,
            usize::MAX,
            deflates,
        );
        let (socket, _) = Socket::new(reader, writer);
        let (sender, receiver) = socket.split();
        let protocol = res.header(header::SEC_WEBSOCKET_PROTOCOL.as_str());
        Ok(TestSocket {
            protocol: protocol.map(str::to_owned),
            sender,
            receiver,
            patience: PATIENCE,
        })
    }
}

impl fmt::Debug for TestWebSocket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.req.fmt(f)
    }
}

/// The client's end of a WebSocket in a test. What does not come within 5 s panics.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::ws::{CloseCode, Message, Socket, TestClientExt, WebSocket};
///
/// async fn once(ws: WebSocket) -> Response {
///     ws.on_upgrade(async |mut socket: Socket| {
///         if let Ok(message) = socket.recv().await {
///             let _ = socket.send(message).await;
///         }
///     })
/// }
///
/// let client = App::new().get("/", once).test();
/// client.block_on(async {
///     let mut ws = client.ws("/").connect().await;
///     ws.send(vec![1, 2]).await;
///     assert_eq!(ws.recv().await, Message::from(vec![1, 2]));
///     assert_eq!(ws.closed().await.0, Some(CloseCode::NORMAL));
/// });
/// ```
#[derive(Debug)]
pub struct TestSocket {
    protocol: Option<String>,
    sender: SocketSender,
    receiver: SocketReceiver,
    patience: Duration,
}

impl TestSocket {
    /// The subprotocol that the server agreed to.
    #[must_use]
    pub fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    /// Waits for an answer this long, in place of 5 s.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sends a message, of any kind.
    ///
    /// # Panics
    /// If the socket is over.
    pub async fn send(&mut self, message: impl Into<Message>) {
        if let Err(error) = self.sender.send(message).await {
            panic!("nothing can be sent: {error}");
        }
    }

    /// Sends a value as JSON.
    ///
    /// # Panics
    /// If the socket is over, or the value cannot be written.
    pub async fn send_json<T: Serialize + ?Sized>(&mut self, value: &T) {
        if let Err(error) = self.sender.send_json(value).await {
            panic!("nothing can be sent: {error}");
        }
    }

    /// The next message, pings and pongs among them. Pings are answered.
    ///
    /// # Errors
    /// The end, as [`SocketError::Closed`] where the server closed.
    ///
    /// # Panics
    /// If there is none in time.
    pub async fn try_recv(&mut self) -> Result<Message, SocketError> {
        let Ok(received) = timeout(self.patience, self.receiver.next()).await else {
            panic!("no message came within {:?}", self.patience);
        };
        received
    }

    /// The next text or binary message.
    ///
    /// # Panics
    /// If there is none in time, or the socket ended.
    pub async fn recv(&mut self) -> Message {
        loop {
            match self.try_recv().await {
                Ok(message @ (Message::Text(_) | Message::Binary(_))) => return message,
                Ok(_) => {}
                Err(error) => panic!("the server sent no message: {}", server_did(&error)),
            }
        }
    }

    /// The next message, which is text.
    ///
    /// # Panics
    /// As [`recv`](Self::recv), and if it is binary.
    pub async fn recv_text(&mut self) -> String {
        match self.recv().await {
            Message::Text(text) => text,
            message => panic!("the message is not text: {message:?}"),
        }
    }

    /// The next message, read as JSON.
    ///
    /// # Panics
    /// As [`recv_text`](Self::recv_text), and if it is not JSON of this type.
    pub async fn recv_json<T: DeserializeOwned>(&mut self) -> T {
        let text = self.recv_text().await;
        match serde_json::from_str(&text) {
            Ok(value) => value,
            Err(error) => panic!("the message is not the expected JSON: {error}\n{text}"),
        }
    }

    /// Waits for the server's close, past all messages before it: its code and reason.
    ///
    /// # Panics
    /// If it does not come in time.
    pub async fn closed(&mut self) -> (Option<CloseCode>, String) {
        loop {
            match self.try_recv().await {
                Ok(_) => {}
                Err(SocketError::Closed(code, reason)) => return (code, reason),
                Err(error) => panic!("the server did not close: {}", server_did(&error)),
            }
        }
    }

    /// Closes with 1000, and waits for the server's answer.
    ///
    /// # Panics
    /// If it does not come in time.
    pub async fn close(mut self) {
        self.send(Message::Close(Some(CloseCode::NORMAL), String::new()))
            .await;
        self.closed().await;
    }
}

/// The error, whose words are those of a server about its client, from the other side.
fn server_did(error: &SocketError) -> String {
    error.to_string().replace("the client", "the server")
}
