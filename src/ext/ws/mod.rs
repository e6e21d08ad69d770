//! WebSockets.

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
