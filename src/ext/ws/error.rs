//! Why a socket gives and takes no more messages.

use std::fmt;

use super::message::CloseCode;

/// The end of a socket, or a message that is not what was asked for.
///
/// All but [`Json`](Self::Json) end it for good.
///
/// ```
/// use cepa::ws::SocketError;
///
/// assert_eq!(SocketError::Gone.to_string(), "the client went away without a close");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum SocketError {
    /// The client closed, with this code and reason. It was answered.
    Closed(Option<CloseCode>, String),
    /// The connection ended without a close.
    Gone,
    /// Nothing came from the client, not even the answer to a ping; closed with 1001.
    Idle,
    /// The client takes nothing of what is sent; the connection is dropped.
    Stalled,
    /// The server stops; closed with 1001.
    Stopping,
    /// What the client sent is no WebSocket; closed with this code, 1002 or 1007.
    Protocol(CloseCode, &'static str),
    /// A message was larger than the limit; closed with 1009.
    TooLarge,
    /// It was closed from this side, or an earlier error ended it.
    Ended,
    /// The message is not JSON of the type asked for, or a value cannot be written as JSON; the
    /// socket goes on.
    Json(serde_json::Error),
}

impl fmt::Display for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(Some(code), reason) if reason.is_empty() => {
                write!(f, "the client closed with {code}")
            }
            Self::Closed(Some(code), reason) => {
                write!(f, "the client closed with {code}: {reason}")
            }
            Self::Closed(None, _) => f.write_str("the client closed"),
            Self::Gone => f.write_str("the client went away without a close"),
            Self::Idle => f.write_str("nothing came from the client for too long"),
            Self::Stalled => f.write_str("the client takes nothing of what is sent"),
            Self::Stopping => f.write_str("the server stops"),
            Self::Protocol(_, what) => write!(f, "the client breaks the protocol: {what}"),
            Self::TooLarge => f.write_str("a message of the client is too large"),
            Self::Ended => f.write_str("the socket is closed"),
            Self::Json(_) => f.write_str("the message is not the expected JSON"),
        }
    }
}

impl std::error::Error for SocketError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Json(error) => Some(error),
            _ => None,
        }
    }
}
