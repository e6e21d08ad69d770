//! The way out: frames of all who send, one after the other, as fast as the other side takes them.
//!
//! Who sends waits until all that was to be sent before is gone, so what is kept here is one message
//! at most. A future that is dropped in the middle leaves its frame whole for whoever comes next.

use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt, WriteHalf};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;

use super::decode::close_bytes;
use super::deflate::deflate;
use super::error::SocketError;
use super::frame::{self, Opcode, Role};
use super::message::{CloseCode, Message};
use crate::Upgraded;

/// A buffer larger than this is not kept for the next message.
const KEPT: usize = 16 * 1024;

/// The writing side, shared by all who send.
pub(super) struct Writer {
    role: Role,
    /// Messages may be compressed.
    deflates: bool,
    /// How long the other side may take not a single byte.
    patience: Duration,
    out: Mutex<Out>,
    /// The server stops, and said so in a close.
    pub(super) stops: AtomicBool,
}

struct Out {
    io: WriteHalf<Upgraded>,
    /// What is to be written, from `sent` on.
    bytes: Vec<u8>,
    sent: usize,
    /// A close was put there; nothing follows it.
    closed: bool,
    /// Writing failed, or is over.
    broken: bool,
    /// It failed because the other side takes nothing.
    stalled: bool,
    /// Of a client.
    mask: u32,
}

impl Writer {
    pub(super) fn new(
        io: WriteHalf<Upgraded>,
        role: Role,
        deflates: bool,
        patience: Duration,
    ) -> Self {
        Self {
            role,
            deflates,
            patience,
            out: Mutex::new(Out {
                io,
                bytes: Vec::new(),
                sent: 0,
                closed: false,
                broken: false,
                stalled: false,
                mask: 0x5bd1_e995,
            }),
            stops: AtomicBool::new(false),
        }
    }

    pub(super) async fn send(&self, message: &Message) -> Result<(), SocketError> {
        match message {
            Message::Text(text) => self.put_message(Opcode::Text, text.as_bytes()).await,
            Message::Binary(bytes) => self.put_message(Opcode::Binary, bytes).await,
            Message::Ping(bytes) => self.put(Opcode::Ping, short(bytes)).await,
            Message::Pong(bytes) => self.put(Opcode::Pong, short(bytes)).await,
            Message::Close(code, reason) => {
                let bytes = close_bytes(*code, reason);
                self.put(Opcode::Close, &bytes).await
            }
        }
    }

    pub(super) async fn close(&self, code: CloseCode, reason: &str) -> Result<(), SocketError> {
        let bytes = close_bytes(Some(code), reason);
        self.put(Opcode::Close, &bytes).await
    }

    async fn put_message(&self, opcode: Opcode, payload: &[u8]) -> Result<(), SocketError> {
        match self.deflates.then(|| deflate(payload)).flatten() {
            Some(short) => self.put_marked(opcode, &short, frame::COMPRESSED).await,
            None => self.put(opcode, payload).await,
        }
    }

    /// Sends one frame, once all before it are gone.
    async fn put(&self, opcode: Opcode, payload: &[u8]) -> Result<(), SocketError> {
        self.put_marked(opcode, payload, 0).await
    }

    async fn put_marked(
        &self,
        opcode: Opcode,
        payload: &[u8],
        mark: u8,
    ) -> Result<(), SocketError> {
        let mut out = self.ready().await?;
        if out.closed {
            return Err(self.ended(&out));
        }
        let start = out.bytes.len();
        out.put(self.role, opcode, payload);
        out.bytes[start] |= mark;
        out.flush(self.patience).await
    }

    /// The same without waiting for the end, for those whose future may be dropped: the frame is
    /// put once, and [`flush`](Self::flush) goes on with it. Nothing if a close was sent.
    pub(super) async fn begin(&self, opcode: Opcode, payload: &[u8]) -> Result<(), SocketError> {
        let mut out = self.ready().await?;
        if !out.closed {
            out.put(self.role, opcode, payload);
        }
        Ok(())
    }

    pub(super) async fn flush(&self) -> Result<(), SocketError> {
        self.ready().await.map(drop)
    }

    async fn ready(&self) -> Result<MutexGuard<'_, Out>, SocketError> {
        let mut out = self.out.lock().await;
        if out.broken {
            return Err(self.ended(&out));
        }
        out.flush(self.patience).await?;
        Ok(out)
    }

    /// Whether a close was sent, or nothing can be.
    pub(super) async fn is_closed(&self) -> bool {
        let out = self.out.lock().await;
        out.closed || out.broken
    }

    /// Tells the other side that nothing more will come.
    pub(super) async fn shutdown(&self) {
        let mut out = self.out.lock().await;
        out.broken = true;
        let _ = out.io.shutdown().await;
    }

    fn ended(&self, out: &Out) -> SocketError {
        match self.stops.load(Relaxed) {
            true => SocketError::Stopping,
            // Whoever comes next learns it too: the one who was told may not be the one who receives.
            false if out.stalled => SocketError::Stalled,
            false => SocketError::Ended,
        }
    }
}

impl Out {
    fn put(&mut self, role: Role, opcode: Opcode, payload: &[u8]) {
        let mask = (role == Role::Client).then(|| {
            // Masks keep caches from taking a payload for a request; in a test, any will do.
            self.mask = self.mask.rotate_left(5).wrapping_mul(0x9e37_79b9) | 1;
            self.mask.to_ne_bytes()
        });
        frame::write(&mut self.bytes, opcode, payload, mask);
        self.closed |= opcode == Opcode::Close;
    }

    /// Writes all there is; each byte that is taken starts the patience anew.
    async fn flush(&mut self, patience: Duration) -> Result<(), SocketError> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        while self.sent < self.bytes.len() {
            let left = &self.bytes[self.sent..];
            let written = timeout(patience, write_some(&mut self.io, left)).await;
            self.sent += self.checked(written)?;
        }
        let flushed = timeout(patience, self.io.flush()).await;
        self.checked(flushed)?;
        self.sent = 0;
        if self.bytes.capacity() > KEPT {
            self.bytes = Vec::new();
        }
        self.bytes.clear();
        Ok(())
    }

    fn checked<T>(
        &mut self,
        written: Result<io::Result<T>, tokio::time::error::Elapsed>,
    ) -> Result<T, SocketError> {
        let error = match written {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(_)) => SocketError::Gone,
            Err(_) => {
                self.stalled = true;
                SocketError::Stalled
            }
        };
        self.broken = true;
        Err(error)
    }
}

async fn write_some<W: AsyncWrite + Unpin>(io: &mut W, bytes: &[u8]) -> io::Result<usize> {
    match io.write(bytes).await {
        Ok(0) => Err(io::ErrorKind::WriteZero.into()),
        written => written,
    }
}

/// What fits into a control frame.
fn short(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(frame::CONTROL)]
}
