//! WebSockets (RFC 6455) on HTTP/1.1 and HTTP/2 (RFC 8441), and rooms of them.
//!
//! # Example
//!
//! ```
//! use cepa::prelude::*;
//! use cepa::ws::{Socket, TestClientExt, WebSocket};
//!
//! async fn echo(ws: WebSocket) -> Response {
//!     ws.on_upgrade(async |mut socket: Socket| {
//!         while let Ok(message) = socket.recv().await {
//!             if socket.send(message).await.is_err() {
//!                 break;
//!             }
//!         }
//!     })
//! }
//!
//! let client = App::new().get("/echo", echo).test();
//! client.block_on(async {
//!     let mut ws = client.ws("/echo").connect().await;
//!     ws.send("hello").await;
//!     assert_eq!(ws.recv_text().await, "hello");
//!     ws.close().await;
//! });
//! ```
//!
//! [`WebSocket`] is the request, [`Socket`] the conversation, [`Rooms`] what many of them share.
//! `recv` waits for the next message, answers pings, sends pings of its own and notices the end;
//! `send` is done when the connection has taken the message, so a slow client slows down only who
//! sends to it. [`Socket::split`] gives two halves for two tasks, and the sending one can be cloned.
//!
//! [`TestClientExt`] connects in process: the same frames, and no socket of the system.
//!
//! # Options
//!
//! They are a middleware, [`WebSockets`], for an app or for one handler: `echo.with(WebSockets::new())`.
//!
//! | option | default |
//! |---|---|
//! | `with_message_limit`: the largest message of a client, in bytes | 1 MiB |
//! | `with_idle_timeout`: how long a client may say, or take, nothing | 60 s |
//! | `with_ping_interval`: how often it is sent a ping | 20 s |
//! | `with_protocols`: the subprotocols, the preferred one first | none |
//! | `with_origins`, `with_any_origin`: whose pages may connect | those of the own host |
//! | `with_compression`: `permessage-deflate` (RFC 7692) | no |
//!
//! # Errors
//!
//! The handshake is answered with
//!
//! - 426 (RFC 9110, 15.5.22) where no WebSocket is asked for, with `Upgrade: websocket`, and where
//!   its version is not 13, with `Sec-WebSocket-Version: 13`;
//! - 400 where it is malformed;
//! - 403 for a page of another origin;
//! - 501 for another protocol on HTTP/2.
//!
//! A socket ends with a [`SocketError`], which says why, and with a close that tells the client:
//!
//! | code | when |
//! |---|---|
//! | 1000 | all of the [`Socket`] is dropped |
//! | 1001 | the server stops, or nothing came for the idle timeout |
//! | 1002, 1007 | what came is no WebSocket, or no UTF-8 |
//! | 1009 | a message was too large |
//! | 1011 | the function failed or panicked; the log says why |
//! | 1013 | too slow for a room |
//!
//! After a close, the client has 5 s to answer. Options that cannot work are problems that `build`
//! reports.
//!
//! # Security
//!
//! - Browsers send cookies with a handshake from any page, and ask nobody. So a page of another
//!   origin is refused unless it is listed. Clients that are no browsers send no `Origin` and pass:
//!   the origin proves nothing about who asks.
//! - Middleware around the handler sees the handshake alone. Who may talk is decided there, before
//!   `on_upgrade`; a session that ends later does not end its sockets by itself.
//! - A message is refused as soon as its size is known to be over the limit, compressed ones when
//!   what they inflate to is. A client that reads nothing is not read from any further, whether it
//!   sends messages or pings, and is given up after the idle timeout. So one client costs no more
//!   than one message in each direction.
//! - Sockets count as connections ([`Server::with_connection_limit`](crate::Server)); how many
//!   messages a client sends is for the function to limit.
//! - Compression mixes what a client sends with what it may not know: do not turn it on where
//!   secrets and words of others share a message.

mod config;
mod decode;
mod deflate;
mod error;
mod extract;
mod frame;
mod guard;
mod memory;
mod message;
mod middleware;
mod receive;
mod rooms;
mod socket;
mod store;
mod testing;
mod writer;

pub use config::WebSockets;
pub use error::SocketError;
pub use extract::WebSocket;
pub use guard::SocketEnd;
pub use memory::MemoryRooms;
pub use message::{CloseCode, Message};
pub use rooms::{Member, Rooms};
pub use socket::{Socket, SocketReceiver, SocketSender};
pub use store::{Mailbox, MemberId, RoomStore};
pub use testing::{TestClientExt, TestSocket, TestWebSocket};
