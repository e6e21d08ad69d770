//! The body of a response, compressed while it is sent.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body as HttpBody, Frame};
use tokio::sync::OwnedSemaphorePermit;

use super::coding::Coding;
use super::config::CompressionLevel;
use super::encoder::Encoder;
use crate::{Body, BodyError, Bytes, HeaderMap};

/// How much is compressed at once.
const SLICE: usize = 32 * 1024;

/// Slices of one turn, after which others have theirs.
const SLICES: usize = 8;

/// A piece is sent when it has this many bytes, be there more to compress or not.
const PIECE: usize = 8 * 1024;

pub(super) struct Compressed {
    body: Body,
    state: State,
    /// What came and is not compressed yet.
    input: Bytes,
    /// Something was compressed since the last flush.
    unflushed: bool,
    trailers: Option<HeaderMap>,
    /// Slices that were compressed in this turn.
    slices: usize,
    /// Given back when the body is dropped; `None` for one that is never read.
    _permit: Option<OwnedSemaphorePermit>,
}

enum State {
    New(Coding, CompressionLevel),
    Open(Box<Encoder>),
    Over,
}

impl Compressed {
    pub(super) fn new(
        body: Body,
        coding: Coding,
        level: CompressionLevel,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            body,
            state: State::New(coding, level),
            input: Bytes::new(),
            unflushed: false,
            trailers: None,
            slices: 0,
            _permit: permit,
        }
    }

    /// Compresses what there is, until that is enough for a piece or the body has no more for the
    /// moment. `None` at the end.
    fn compress(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, BodyError>> {
        if let State::Over = self.state {
            return Poll::Ready(Ok(None));
        }
        if let State::New(coding, level) = self.state {
            let encoder = Encoder::new(coding, level, None).map_err(broken)?;
            self.state = State::Open(Box::new(encoder));
        }
        let State::Open(encoder) = &mut self.state else {
            return Poll::Ready(Ok(None));
        };
        loop {
            if self.input.is_empty() {
                let frame = Pin::new(&mut self.body).poll_frame(cx);
                match frame.map_ok(Frame::into_data) {
                    Poll::Ready(Some(Ok(Ok(data)))) => self.input = data,
                    Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                    Poll::Ready(Some(Ok(Err(frame)))) => {
                        self.trailers = frame.into_trailers().ok();
                        return Poll::Ready(self.finish());
                    }
                    Poll::Ready(None) => return Poll::Ready(self.finish()),
                    Poll::Pending => {
                        self.slices = 0;
                        if !std::mem::take(&mut self.unflushed) {
                            return Poll::Pending;
                        }
                        encoder.flush().map_err(broken)?;
                        return Poll::Ready(Ok(Some(encoder.take().into())));
                    }
                }
            }
            if self.slices == SLICES {
                self.slices = 0;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.slices += 1;
            let slice = self.input.split_to(self.input.len().min(SLICE));
            encoder.write(&slice).map_err(broken)?;
            self.unflushed |= !slice.is_empty();
            if encoder.ready() >= PIECE {
                return Poll::Ready(Ok(Some(encoder.take().into())));
            }
        }
    }

    fn finish(&mut self) -> Result<Option<Bytes>, BodyError> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Open(encoder) => Ok(Some(encoder.finish().map_err(broken)?.into())),
            State::New(..) | State::Over => Ok(None),
        }
    }
}

impl HttpBody for Compressed {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        match this.compress(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(Some(piece))) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            Poll::Ready(Ok(None)) => {
                let trailers = this.trailers.take();
                Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
            }
            Poll::Ready(Err(error)) => {
                this.state = State::Over;
                this.trailers = None;
                Poll::Ready(Some(Err(error)))
            }
        }
    }
}

/// Of an encoder, which fails only where memory does.
fn broken(error: std::io::Error) -> BodyError {
    BodyError::Source(error.into())
}
