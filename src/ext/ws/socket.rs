//! A WebSocket as handlers have it: one value, or two halves for two tasks.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;

use super::error::SocketError;
use super::message::{CloseCode, Message};
use super::receive::Reader;
use super::writer::Writer;

/// An open WebSocket.
///
/// `recv` answers pings, sends pings of its own and notices the end, so somebody has to wait in it.
/// Where nothing is to be received, drop the receiving half: then that is done in the background.
/// The socket is closed with 1000 once all of it is dropped.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::ws::{Message, Socket, TestClientExt, WebSocket};
///
/// async fn count(mut socket: Socket) {
///     let mut seen = 0;
///     while let Ok(message) = socket.recv().await {
///         if let Message::Text(text) = message {
///             seen += text.len();
///             let _ = socket.send(format!("{seen} bytes")).await;
///         }
///     }
/// }
///
/// let client = App::new().get("/", async |ws: WebSocket| ws.on_upgrade(count)).test();
/// client.block_on(async {
///     let mut ws = client.ws("/").connect().await;
///     ws.send("hello").await;
///     assert_eq!(ws.recv_text().await, "5 bytes");
/// });
/// ```
#[derive(Debug)]
pub struct Socket {
    receiver: SocketReceiver,
    sender: SocketSender,
}

/// The sending half. It is cheap to clone, and many tasks may send: messages never mix.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::ws::{Socket, SocketSender, TestClientExt, WebSocket};
///
/// async fn count(to: SocketSender) {
///     for number in 1.. {
///         if to.send(number.to_string()).await.is_err() {
///             return; // the socket is over
///         }
///     }
/// }
///
/// async fn numbers(ws: WebSocket) -> Response {
///     ws.on_upgrade(async |mut socket: Socket| {
///         tokio::spawn(count(socket.sender()));
///         while socket.recv().await.is_ok() {}
///     })
/// }
///
/// let client = App::new().get("/", numbers).test();
/// client.block_on(async {
///     let mut ws = client.ws("/").connect().await;
///     assert_eq!(ws.recv_text().await, "1");
///     assert_eq!(ws.recv_text().await, "2");
/// });
/// ```
#[derive(Clone)]
pub struct SocketSender {
    writer: Arc<Writer>,
    _handle: Arc<Handle>,
}

/// The receiving half.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::ws::{Socket, SocketReceiver, SocketSender, TestClientExt, WebSocket};
///
/// async fn listen(mut from: SocketReceiver, to: SocketSender) {
///     while let Ok(name) = from.recv_json::<String>().await {
///         let _ = to.send_json(&json!({ "hello": name })).await;
///     }
/// }
///
/// async fn greet(ws: WebSocket) -> Response {
///     ws.on_upgrade(async |socket: Socket| {
///         let (sender, receiver) = socket.split();
///         tokio::spawn(listen(receiver, sender));
///     })
/// }
///
/// let client = App::new().get("/", greet).test();
/// client.block_on(async {
///     let mut ws = client.ws("/").connect().await;
///     ws.send_json("Ada").await;
///     assert_eq!(ws.recv_json::<Value>().await, json!({ "hello": "Ada" }));
/// });
/// ```
pub struct SocketReceiver {
    reader: Option<Reader>,
    home: Option<oneshot::Sender<Reader>>,
    _handle: Arc<Handle>,
}

/// Whoever waits for the other end learns when the last handle is dropped.
struct Handle {
    _dropped: oneshot::Sender<Infallible>,
}

/// What is left of a socket beside its handles.
pub(super) struct Rest {
    pub(super) writer: Arc<Writer>,
    /// The reader, once the receiving half is dropped.
    pub(super) reader: oneshot::Receiver<Reader>,
    /// Fails once all handles are dropped.
    pub(super) released: oneshot::Receiver<Infallible>,
}

impl Socket {
    pub(super) fn new(reader: Reader, writer: Arc<Writer>) -> (Self, Rest) {
        let (_dropped, released) = oneshot::channel();
        let (home, returned) = oneshot::channel();
        let handle = Arc::new(Handle { _dropped });
        let socket = Self {
            receiver: SocketReceiver {
                reader: Some(reader),
                home: Some(home),
                _handle: Arc::clone(&handle),
            },
            sender: SocketSender {
                writer: Arc::clone(&writer),
                _handle: handle,
            },
        };
        let rest = Rest {
            writer,
            reader: returned,
            released,
        };
        (socket, rest)
    }

    /// The next text or binary message.
    ///
    /// It may be dropped before it is done, as in a `select!`, and called again.
    ///
    /// # Errors
    /// Why there are no more: [`SocketError::Closed`] if the client said so.
    pub async fn recv(&mut self) -> Result<Message, SocketError> {
        self.receiver.recv().await
    }

    /// The next message, read as JSON.
    ///
    /// # Errors
    /// [`SocketError::Json`] if it is not such a value, after which the socket goes on; otherwise
    /// as [`recv`](Self::recv).
    pub async fn recv_json<T: DeserializeOwned>(&mut self) -> Result<T, SocketError> {
        self.receiver.recv_json().await
    }

    /// Sends a message; done when the connection has taken it, so a slow client slows this down.
    ///
    /// Dropped before it is done, as by a `timeout`, the message was not sent, or it was begun: then
    /// its rest goes out before whatever is sent next, a ping at the latest.
    ///
    /// # Errors
    /// The socket is over; [`SocketError::Stalled`] if the client took nothing for the idle timeout.
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), SocketError> {
        self.sender.send(message).await
    }

    /// Sends a value as JSON, in a text message.
    ///
    /// # Errors
    /// [`SocketError::Json`] if it cannot be written; otherwise as [`send`](Self::send).
    pub async fn send_json<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), SocketError> {
        self.sender.send_json(value).await
    }

    /// Closes with a code and a reason. What the client still sends until it answers is gone.
    ///
    /// # Errors
    /// The socket was over before.
    pub async fn close(self, code: CloseCode, reason: &str) -> Result<(), SocketError> {
        self.sender.close(code, reason).await
    }

    /// Another sending half, for another task.
    #[must_use]
    pub fn sender(&self) -> SocketSender {
        self.sender.clone()
    }

    /// The two halves.
    #[must_use]
    pub fn split(self) -> (SocketSender, SocketReceiver) {
        (self.sender, self.receiver)
    }
}

impl SocketSender {
    /// As [`Socket::send`].
    ///
    /// # Errors
    /// As there.
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), SocketError> {
        self.writer.send(&message.into()).await
    }

    /// The same for a message that others have too.
    pub(super) async fn send_shared(&self, message: &Message) -> Result<(), SocketError> {
        self.writer.send(message).await
    }

    /// As [`Socket::send_json`].
    ///
    /// # Errors
    /// As there.
    pub async fn send_json<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), SocketError> {
        self.send(Message::json(value)?).await
    }

    /// Closes with a code and a reason: the receiving half ends when the client has answered.
    ///
    /// # Errors
    /// The socket was over before.
    pub async fn close(&self, code: CloseCode, reason: &str) -> Result<(), SocketError> {
        self.writer.close(code, reason).await
    }
}

impl SocketReceiver {
    /// As [`Socket::recv`].
    ///
    /// # Errors
    /// As there.
    pub async fn recv(&mut self) -> Result<Message, SocketError> {
        loop {
            let message = self.next().await?;
            if matches!(message, Message::Text(_) | Message::Binary(_)) {
                return Ok(message);
            }
        }
    }

    /// As [`Socket::recv_json`].
    ///
    /// # Errors
    /// As there.
    pub async fn recv_json<T: DeserializeOwned>(&mut self) -> Result<T, SocketError> {
        match self.recv().await? {
            Message::Text(text) => serde_json::from_str(&text),
            Message::Binary(bytes) => serde_json::from_slice(&bytes),
            _ => return Err(SocketError::Ended),
        }
        .map_err(SocketError::Json)
    }

    /// The next message of any kind.
    pub(super) async fn next(&mut self) -> Result<Message, SocketError> {
        match &mut self.reader {
            Some(reader) => reader.next().await,
            None => Err(SocketError::Ended),
        }
    }
}

/// What goes on in the background needs the reader back.
impl Drop for SocketReceiver {
    fn drop(&mut self) {
        if let (Some(reader), Some(home)) = (self.reader.take(), self.home.take()) {
            drop(home.send(reader));
        }
    }
}

impl fmt::Debug for SocketSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketSender").finish_non_exhaustive()
    }
}

impl fmt::Debug for SocketReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketReceiver").finish_non_exhaustive()
    }
}
