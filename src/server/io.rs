//! The bytes of one connection, between the socket and hyper.
//!
//! What hyper writes lands in a small buffer and goes out in one piece after each turn of the
//! connection, so that pipelined responses share a system call and a finished one is never held
//! back. Both sides count their progress, for the timeouts.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::activity::Signs;

/// Bytes that are gathered before they are written; larger pieces go straight to the socket.
const GATHER: usize = 16 * 1024;

/// What a client of HTTP/2 sends first (RFC 9113, 3.4).
#[cfg(feature = "http2")]
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Any socket that can be served.
pub(super) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Socket for S {}

/// Hyper's end of the connection. The other end is [`Wire`], shared with the connection's task;
/// both are used in one task only, so the mutex is never contended.
pub(super) struct Io<S>(Arc<Mutex<Wire<S>>>);

/// A socket, and what is on its way in and out.
pub(super) struct Wire<S> {
    socket: S,
    /// Bytes read to tell HTTP/1 from HTTP/2, that hyper has not taken yet.
    ahead: Vec<u8>,
    /// Bytes written by hyper and not by us, from `sent` on.
    out: Vec<u8>,
    sent: usize,
    /// How often bytes came in and went out; any change is progress.
    reads: u64,
    writes: u64,
    /// The socket did not take the last piece that went straight to it.
    full: bool,
    /// Something was written since the socket was flushed: TLS keeps what the socket did not take.
    dirty: bool,
    /// The client's end of the stream was seen, and kept back for a turn.
    ended: bool,
    /// After an upgrade nobody takes turns any more, so writes go straight through.
    direct: bool,
}

impl<S: Socket> Io<S> {
    pub(super) fn new(socket: S) -> Self {
        Self(Arc::new(Mutex::new(Wire {
            socket,
            ahead: Vec::new(),
            out: Vec::new(),
            sent: 0,
            reads: 0,
            writes: 0,
            full: false,
            dirty: false,
            ended: false,
            direct: false,
        })))
    }

    /// The same connection, for the task that drives it.
    pub(super) fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    pub(super) fn wire(&self) -> MutexGuard<'_, Wire<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads until it is clear whether the client speaks HTTP/2 from the start.
    #[cfg(feature = "http2")]
    pub(super) async fn speaks_http2(&self) -> io::Result<bool> {
        std::future::poll_fn(|cx| self.wire().poll_preface(cx)).await
    }
}

impl<S: Socket> Wire<S> {
    #[cfg(feature = "http2")]
    fn poll_preface(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        while self.ahead.len() < PREFACE.len() && PREFACE.starts_with(&self.ahead) {
            let mut bytes = [0; 1024];
            let mut buf = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buf))?;
            if buf.filled().is_empty() {
                return Poll::Ready(Ok(false));
            }
            self.reads += 1;
            self.ahead.extend_from_slice(buf.filled());
        }
        Poll::Ready(Ok(self.ahead.starts_with(PREFACE)))
    }

    /// Writes out what was gathered; ready once nothing is left.
    pub(super) fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.out.len() {
            let left = &self.out[self.sent..];
            let count = ready!(Pin::new(&mut self.socket).poll_write(cx, left))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += count;
            self.writes += 1;
            self.dirty = true;
        }
        self.out.clear();
        self.sent = 0;
        if self.dirty {
            ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
            self.dirty = false;
        }
        Poll::Ready(Ok(()))
    }

    /// For the timeouts: what came and went, and whether the client takes nothing.
    pub(super) fn signs(&self, framed: bool, leaving: bool) -> Signs {
        Signs {
            reads: self.reads,
            writes: self.writes,
            blocked: self.full || self.dirty || !self.out.is_empty(),
            framed,
            leaving,
        }
    }

    /// Leaves the socket to whom hyper gave its end; what is still here goes out with the next
    /// read or write there.
    pub(super) fn hand_over(&mut self, cx: &mut Context<'_>) {
        self.direct = true;
        let _ = self.poll_drain(cx);
    }

    /// Notes whether the client takes what went straight to the socket.
    fn note(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.full = written.is_pending();
        self.dirty |= written.is_ready();
        self.writes += u64::from(written.is_ready());
        written
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let fits = self.out.len() + bytes.len() <= GATHER;
        if fits && !self.direct {
            self.full = false;
            self.out.extend_from_slice(bytes);
            self.full = false;
            return Poll::Ready(Ok(bytes.len()));
        }
        ready!(self.poll_drain(cx))?;
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.note(written)
    }
}

impl<S: Socket> AsyncRead for Io<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut wire = self.wire();
        if !wire.ahead.is_empty() {
            let count = wire.ahead.len().min(buf.remaining());
            buf.put_slice(&wire.ahead[..count]);
            wire.ahead.drain(..count);
            if wire.ahead.is_empty() {
                wire.ahead = Vec::new();
            }
            return Poll::Ready(Ok(()));
        }
        if wire.direct && !wire.out.is_empty() {
            // Ready or not, the bytes are on their way; an error shows at the read as well.
            let _ = wire.poll_drain(cx);
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut wire.socket).poll_read(cx, buf))?;
        if buf.filled().len() == before && !wire.ended {
            // The client sends no more. Hyper takes that for a disconnect and drops the handler;
            // one turn later, so that a request sent with its end is answered if it can be at once.
            wire.ended = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        wire.reads += 1;
        Poll::Ready(Ok(()))
    }
}

impl<S: Socket> AsyncWrite for Io<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.wire().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut wire = self.wire();
        let size: usize = pieces.iter().map(|piece| piece.len()).sum();
        if wire.out.len() + size <= GATHER && !wire.direct {
            pieces
                .iter()
                .for_each(|piece| wire.out.extend_from_slice(piece));
            wire.full = false;
            return Poll::Ready(Ok(size));
        }
        ready!(wire.poll_drain(cx))?;
        let written = Pin::new(&mut wire.socket).poll_write_vectored(cx, pieces);
        wire.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire().socket.is_write_vectored()
    }

    /// The connection's task flushes after each of its turns; after an upgrade, this does.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut wire = self.wire();
        if !wire.direct {
            return Poll::Ready(Ok(()));
        }
        ready!(wire.poll_drain(cx))?;
        Pin::new(&mut wire.socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut wire = self.wire();
        ready!(wire.poll_drain(cx))?;
        Pin::new(&mut wire.socket).poll_shutdown(cx)
    }
}
