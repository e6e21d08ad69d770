//! WebSockets: the handshake, messages, times and ends in process, then over sockets.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod chat;
mod ends;
mod handshake;
mod messages;
mod rooms;
mod sockets;
mod times;
#[path = "../wire/mod.rs"]
mod wire;

use cepa::prelude::*;
use cepa::ws::{Socket, WebSocket};

/// Sends each message back.
async fn echo(ws: WebSocket) -> Response {
    ws.on_upgrade(async |mut socket: Socket| {
        while let Ok(message) = socket.recv().await {
            if socket.send(message).await.is_err() {
                break;
            }
        }
    })
}
