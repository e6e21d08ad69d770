//! Bodies of other types: those of `tower` and `hyper` services, streams of chunks, and readers.
//!
//! Before it: `body` was given one. After it: its frames, with errors in our terms.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::io::{AsyncRead, ReadBuf};

use crate::body::BodyError;
use crate::error::{BoxError, Error, body_error};

/// A body of someone else's type. The mutex makes it `Sync`, so that `&Request` can be held
/// across an await; it is only ever reached through `&mut`, which never locks.
pub(crate) struct Foreign {
    body: Mutex<Pin<Box<dyn AnyBody + Send>>>,
    /// It is the body of a request, so what fails in it is the client's doing.
    pub(crate) received: bool,
}

impl Foreign {
    pub(crate) fn new<B>(body: B) -> Self
    where
        B: HttpBody<Error: Into<BoxError>> + Send + 'static,
        B::Data: Into<Bytes>,
    {
        Self {
            body: Mutex::new(Box::pin(body)),
            received: false,
        }
    }

    fn ask<T>(&self, question: impl FnOnce(&(dyn AnyBody + Send)) -> T) -> T {
        let body = self.body.lock().unwrap_or_else(PoisonError::into_inner);
        question(&**body)
    }

    /// What we said ourselves stays, however deep someone else has wrapped it.
    fn failure(&self, error: BoxError) -> BodyError {
        let error = match error.downcast::<BodyError>() {
            Ok(own) => return *own,
            Err(error) => error,
        };
        match body_error(&*error) {
            Some(BodyError::TooLarge) => BodyError::TooLarge,
            Some(BodyError::Timeout) => BodyError::Timeout,
            Some(BodyError::Incomplete(_)) => BodyError::Incomplete(error),
            Some(BodyError::Malformed(_)) => BodyError::Malformed(error),
            _ if self.received => BodyError::Incomplete(error),
            _ => BodyError::Source(error),
        }
    }
}

impl HttpBody for Foreign {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let body = self.body.get_mut();
        let body = body.unwrap_or_else(PoisonError::into_inner);
        let frame = ready!(body.as_mut().poll(cx));
        Poll::Ready(frame.map(|frame| frame.map_err(|error| self.failure(error))))
    }

    fn is_end_stream(&self) -> bool {
        self.ask(|body| body.is_end())
    }

    fn size_hint(&self) -> SizeHint {
        self.ask(|body| body.size())
    }
}

/// Any body, its data and errors in our terms.
trait AnyBody {
    fn poll(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>>;

    fn is_end(&self) -> bool;

    fn size(&self) -> SizeHint;
}

impl<B> AnyBody for B
where
    B: HttpBody<Error: Into<BoxError>>,
    B::Data: Into<Bytes>,
{
    fn poll(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(self.poll_frame(cx));
        Poll::Ready(frame.map(|frame| match frame {
            Ok(frame) => Ok(frame.map_data(Into::into)),
            Err(error) => Err(error.into()),
        }))
    }

    fn is_end(&self) -> bool {
        self.is_end_stream()
    }

    fn size(&self) -> SizeHint {
        self.size_hint()
    }
}

/// A stream of chunks as a body.
pub(crate) struct Streamed<S> {
    stream: Pin<Box<S>>,
}

impl<S> Streamed<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream: Box::pin(stream),
        }
    }
}

impl<S, D, E> HttpBody for Streamed<S>
where
    S: Stream<Item = Result<D, E>>,
    D: Into<Bytes>,
    E: Into<Error>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let item = ready!(self.stream.as_mut().poll_next(cx));
        Poll::Ready(item.map(|item| match item {
            Ok(data) => Ok(Frame::data(data.into())),
            Err(error) => Err(error.into().into_boxed()),
        }))
    }
}

/// Room for one piece.
const PIECE: usize = 64 * 1024;

/// What a reader reads, as a body.
pub(crate) struct Reading<R> {
    reader: Pin<Box<R>>,
    /// Zeros, of which pieces are split off when they are filled: each is zeroed once.
    room: BytesMut,
}

impl<R> Reading<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader: Box::pin(reader),
            room: BytesMut::new(),
        }
    }
}

impl<R: AsyncRead> HttpBody for Reading<R> {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        let Self { reader, room } = &mut *self;
        if room.len() < PIECE / 8 {
            *room = BytesMut::zeroed(PIECE);
        }
        let mut read = ReadBuf::new(room);
        if let Err(error) = ready!(reader.as_mut().poll_read(cx, &mut read)) {
            return Poll::Ready(Some(Err(error)));
        }
        let count = read.filled().len();
        let piece = || Ok(Frame::data(room.split_to(count).freeze()));
        Poll::Ready((count > 0).then(piece))
    }
}
