//! The body of a request, decompressed while it is read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use http_body::{Body as HttpBody, Frame};

use super::coding::Coding;
use super::decoder::Decoder;
use crate::{Body, BodyError, Bytes};

/// How much is decompressed before it is asked for.
const PIECE: usize = 32 * 1024;

/// How much is given to a decoder at once: that of br keeps what comes of it, up to its window, until
/// it has no more input.
const SLICE: usize = 8 * 1024;

/// How much longer than its content a compressed body may be, beside an eighth of that: more than
/// any coding needs, and an end for input that comes to nothing.
const SLACK: u64 = 256 * 1024;

pub(super) struct Decompressed {
    body: Body,
    coding: Coding,
    decoder: Option<Decoder>,
    input: Bytes,
    /// Zeros, of which pieces are split off when they are filled.
    room: BytesMut,
    /// The decoder may have more without more input.
    has_more: bool,
    /// All that came is complete, as an end has to be.
    is_complete: bool,
    is_over: bool,
    read: u64,
    written: u64,
}

impl Decompressed {
    pub(super) fn new(body: Body, coding: Coding) -> Self {
        Self {
            body,
            coding,
            decoder: None,
            input: Bytes::new(),
            room: BytesMut::new(),
            has_more: false,
            is_complete: false,
            is_over: false,
            read: 0,
            written: 0,
        }
    }

    /// Decompresses some of the input; how much came of it.
    fn step(&mut self) -> io::Result<usize> {
        if self.room.len() < PIECE / 4 {
            self.room = BytesMut::zeroed(PIECE);
        }
        let decoder = match &mut self.decoder {
            Some(decoder) => decoder,
            none => none.insert(Decoder::new(self.coding)?),
        };
        if self.is_complete {
            decoder.go_on()?;
        }
        let slice = &self.input[..self.input.len().min(SLICE)];
        let step = decoder.step(slice, &mut self.room)?;
        self.input.advance(step.read);
        self.read += step.read as u64;
        self.written += step.written as u64;
        self.is_complete = step.ended;
        self.has_more = step.written == self.room.len() && !step.ended;
        let stands = step.read == 0 && step.written == 0 && !self.input.is_empty();
        if stands || self.read > self.written + self.written / 8 + SLACK {
            return Err(io::Error::other("it comes to nothing"));
        }
        Ok(step.written)
    }

    /// The next frame of the body as it was sent. True at its end.
    fn take_input(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, BodyError>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx)).transpose()?;
        let is_end = frame.is_none();
        // Trailers are of no use to who reads a body here.
        self.input = frame
            .and_then(|frame| frame.into_data().ok())
            .unwrap_or_default();
        Poll::Ready(Ok(is_end))
    }

    fn next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, BodyError>> {
        loop {
            if self.has_more || !self.input.is_empty() {
                let size = self
                    .step()
                    .map_err(|error| BodyError::Malformed(error.into()))?;
                if size > 0 {
                    return Poll::Ready(Ok(Some(self.room.split_to(size).freeze())));
                }
            } else if ready!(self.take_input(cx))? {
                return Poll::Ready(match self.is_complete {
                    true => Ok(None),
                    false => Err(BodyError::Malformed("it ends too early".into())),
                });
            }
        }
    }
}

impl HttpBody for Decompressed {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let piece = ready!(self.next(cx)).transpose();
        self.is_over = !matches!(piece, Some(Ok(_)));
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }
}
