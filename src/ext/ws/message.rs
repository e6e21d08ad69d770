//! What is sent and received: messages, and the code of a close.

use std::fmt;

use serde::Serialize;

use super::error::SocketError;
use crate::Bytes;

/// A message of a WebSocket.
///
/// [`Socket::recv`](super::Socket::recv) gives text and binary ones; pings, pongs and the close are
/// answered there and can be sent.
///
/// ```
/// use cepa::ws::Message;
///
/// assert_eq!(Message::from("hi"), Message::Text("hi".to_owned()));
/// assert_eq!(Message::from("hi").as_text(), Some("hi"));
/// assert_eq!(Message::from(vec![1, 2]).as_text(), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// Text, which is UTF-8.
    Text(String),
    /// Bytes.
    Binary(Bytes),
    /// Asks for a pong with the same bytes, 125 at most.
    Ping(Bytes),
    /// The answer to a ping, or one that was not asked for.
    Pong(Bytes),
    /// The end, with a code and a reason for people, 123 bytes at most; nothing follows it.
    Close(Option<CloseCode>, String),
}

impl Message {
    /// A value as JSON, in a text message: for [`Rooms`](super::Rooms), where a
    /// [`Socket`](super::Socket) has [`send_json`](super::Socket::send_json).
    ///
    /// ```
    /// use cepa::ws::Message;
    ///
    /// let message = Message::json(&("Ada", 3))?;
    /// assert_eq!(message.as_text(), Some("[\"Ada\",3]"));
    /// # Ok::<(), cepa::ws::SocketError>(())
    /// ```
    ///
    /// # Errors
    /// [`SocketError::Json`] if it cannot be written.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, SocketError> {
        let text = serde_json::to_string(value).map_err(SocketError::Json)?;
        Ok(Self::Text(text))
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes.into())
    }
}

/// Why a socket is closed (RFC 6455, 7.4.1); 3000 to 4999 are for programs.
///
/// ```
/// use cepa::ws::CloseCode;
///
/// assert_eq!(CloseCode::GOING_AWAY.as_u16(), 1001);
/// assert!(CloseCode::new(4001).is_some());
/// assert!(CloseCode::new(1006).is_none(), "that one is never sent");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: all was said.
    pub const NORMAL: Self = Self(1000);
    /// 1001: the server stops, or the page was left.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: what came is no WebSocket.
    pub const PROTOCOL: Self = Self(1002);
    /// 1003: a kind of message that is not understood here, such as binary.
    pub const UNSUPPORTED: Self = Self(1003);
    /// 1007: the text was not UTF-8, or not what it should be.
    pub const INVALID: Self = Self(1007);
    /// 1008: not allowed, without saying more.
    pub const POLICY: Self = Self(1008);
    /// 1009: a message was too large.
    pub const TOO_LARGE: Self = Self(1009);
    /// 1011: the server failed.
    pub const INTERNAL: Self = Self(1011);
    /// 1013: try again later.
    pub const AGAIN_LATER: Self = Self(1013);

    /// A code that may be sent: 1000 to 1014 except 1004, 1005 and 1006, and 3000 to 4999.
    #[must_use]
    pub const fn new(code: u16) -> Option<Self> {
        match code {
            1004..=1006 => None,
            1000..=1014 | 3000..=4999 => Some(Self(code)),
            _ => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn as_u16(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
