//! WebSockets.

mod config;
mod decode;
mod error;
mod extract;
mod frame;
mod guard;
mod message;
mod middleware;
mod receive;
mod socket;
mod testing;
mod writer;

pub use config::WebSockets;
pub use error::SocketError;
pub use extract::WebSocket;
pub use guard::SocketEnd;
pub use message::{CloseCode, Message};
pub use socket::{Socket, SocketReceiver, SocketSender};
pub use testing::{TestClientExt, TestSocket, TestWebSocket};
