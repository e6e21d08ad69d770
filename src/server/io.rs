//! The bytes of one connection, between the socket and hyper.
//!
//! What hyper writes while it has more to read lands in a small buffer, and goes out in one piece
//! before the socket is read again, at the latest after the turn of the connection. So pipelined
//! responses share a system call, and a finished one is never held back.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::tether::Side;
use super::traffic::Traffic;
use crate::service::View;

/// Bytes that are gathered before they are written; larger pieces go straight to the socket.
const GATHER: usize = 16 * 1024;

/// What a client of HTTP/2 sends first (RFC 9113, 3.4).
#[cfg(feature = "http2")]
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Any socket that can be served.
pub(super) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Socket for S {}

/// A socket, and what is on its way in and out.
pub(super) struct Io<S: Socket> {
    socket: S,
    /// Bytes read to tell HTTP/1 from HTTP/2, that hyper has not taken yet.
    ahead: Vec<u8>,
    /// Bytes written by hyper and not by us, from `sent` on.
    out: Vec<u8>,
    sent: usize,
    /// Something was written since the socket was flushed: TLS keeps what the socket did not take.
    dirty: bool,
    /// hyper has used up all bytes there were, so no response of this turn follows the next.
    starved: bool,
    /// The client's end of the stream was seen, and kept back for a turn.
    ended: bool,
    view: Arc<View>,
}

impl<S: Socket> Io<S> {
    pub(super) fn new(socket: S, view: Arc<View>) -> Self {
        Self {
            socket,
            ahead: Vec::new(),
            out: Vec::new(),
            sent: 0,
            dirty: false,
            starved: false,
            ended: false,
            view,
        }
    }

    /// Reads until it is clear whether the client speaks HTTP/2 from the start.
    #[cfg(feature = "http2")]
    pub(super) async fn speaks_http2(&mut self) -> io::Result<bool> {
        std::future::poll_fn(|cx| self.poll_preface(cx)).await
    }

    #[cfg(feature = "http2")]
    fn poll_preface(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        while self.ahead.len() < PREFACE.len() && PREFACE.starts_with(&self.ahead) {
            let mut bytes = [0; 1024];
            let mut buf = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buf))?;
            if buf.filled().is_empty() {
                return Poll::Ready(Ok(false));
            }
            self.traffic().note_read();
            self.ahead.extend_from_slice(buf.filled());
        }
        Poll::Ready(Ok(self.ahead.starts_with(PREFACE)))
    }

    fn traffic(&self) -> &Traffic {
        &self.view.activity.traffic
    }

    fn has_unsent(&self) -> bool {
        self.dirty || !self.out.is_empty()
    }

    fn note_unsent(&self) {
        self.traffic().set_unsent(self.has_unsent());
    }

    /// Writes out what was gathered; ready once nothing is left.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.out.len() {
            let left = &self.out[self.sent..];
            let count = ready!(Pin::new(&mut self.socket).poll_write(cx, left))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += count;
            self.dirty = true;
            self.traffic().note_write();
        }
        self.out.clear();
        self.sent = 0;
        if self.dirty {
            ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
            self.dirty = false;
        }
        self.note_unsent();
        Poll::Ready(Ok(()))
    }

    /// Whether this many bytes are kept for later: few ones that others may follow.
    fn gathers(&self, size: usize) -> bool {
        let alone = self.starved && self.out.is_empty();
        let traffic = self.traffic();
        self.out.len() + size <= GATHER && !traffic.is_direct() && (!alone || traffic.flushes())
    }

    fn gather(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
        self.traffic().set_full(false);
        self.traffic().set_unsent(true);
    }

    /// After an upgrade, a wait for the socket ends with the server's connection.
    fn tied<T>(&self, side: Side, cx: &Context<'_>) -> Poll<io::Result<T>> {
        match self.traffic().is_direct() {
            true => self.traffic().tether.hold(side, cx),
            false => Poll::Pending,
        }
    }

    /// Notes whether the client takes what went straight to the socket.
    fn note(
        &mut self,
        written: Poll<io::Result<usize>>,
        cx: &Context<'_>,
    ) -> Poll<io::Result<usize>> {
        self.traffic().set_full(written.is_pending());
        if written.is_pending() {
            return self.tied(Side::Write, cx);
        }
        if written.is_ready() {
            self.dirty = true;
            self.traffic().note_write();
            self.note_unsent();
        }
        written
    }
}

/// What was gathered before an error ended the connection still belongs to the client.
impl<S: Socket> Drop for Io<S> {
    fn drop(&mut self) {
        if !self.out.is_empty() {
            let _ = self.poll_drain(&mut Context::from_waker(Waker::noop()));
        }
        self.traffic().tether.release();
    }
}

impl<S: Socket> AsyncRead for Io<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.ahead.is_empty() {
            let count = this.ahead.len().min(buf.remaining());
            buf.put_slice(&this.ahead[..count]);
            this.ahead.drain(..count);
            if this.ahead.is_empty() {
                this.ahead = Vec::new();
            }
            return Poll::Ready(Ok(()));
        }
        // hyper has answered what it had, unless it looks whether the client is still there.
        if this.has_unsent()
            && !this.view.activity.is_answering()
            && let Poll::Ready(Err(error)) = this.poll_drain(cx)
        {
            return Poll::Ready(Err(error));
        }
        let before = buf.filled().len();
        this.starved = true;
        if Pin::new(&mut this.socket).poll_read(cx, buf)?.is_pending() {
            return this.tied(Side::Read, cx);
        }
        if buf.filled().len() == before && !this.ended {
            // The client sends no more. Hyper takes that for a disconnect and drops the handler;
            // one turn later, so that a request sent with its end is answered if it can be at once.
            this.ended = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        this.starved = false;
        this.traffic().note_read();
        Poll::Ready(Ok(()))
    }
}

impl<S: Socket> AsyncWrite for Io<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.gathers(bytes.len()) {
            this.gather(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        if this.poll_drain(cx)?.is_pending() {
            return this.tied(Side::Write, cx);
        }
        let written = Pin::new(&mut this.socket).poll_write(cx, bytes);
        this.note(written, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let size = pieces.iter().map(|piece| piece.len()).sum();
        if this.gathers(size) {
            pieces.iter().for_each(|piece| this.gather(piece));
            return Poll::Ready(Ok(size));
        }
        if this.poll_drain(cx)?.is_pending() {
            return this.tied(Side::Write, cx);
        }
        let written = Pin::new(&mut this.socket).poll_write_vectored(cx, pieces);
        this.note(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    /// hyper flushes after each response; what was gathered stays while there is more to read.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.has_unsent()
            && (this.starved || this.traffic().flushes())
            && this.poll_drain(cx)?.is_pending()
        {
            return this.tied(Side::Write, cx);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.socket).poll_shutdown(cx)
    }
}
