//! The body of a request or response: nothing, bytes, or a stream of them.
//!
//! What a client sends comes from `server/received`; a response's body goes there to be sent.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http::StatusCode;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::io::AsyncRead;

use crate::error::{BoxError, Error, Result};
use crate::foreign::{Foreign, Reading, Streamed};
use crate::server::Received;

/// The body of a request or a response.
///
/// It is made from text, bytes, any [`Stream`] of bytes, any [`AsyncRead`] or any [`http_body::Body`]; it is itself
/// both a stream and an `http_body::Body`. As an extractor it hands the body over as it arrives:
///
/// ```
/// use cepa::prelude::*;
///
/// async fn count(mut body: Body) -> Result<String> {
///     let mut bytes = 0;
///     while let Some(chunk) = body.chunk().await {
///         bytes += chunk?.len();
///     }
///     Ok(format!("{bytes} bytes"))
/// }
///
/// let app = App::new().post("/", count);
/// app.test().post("/").body("hello").send().assert_text("5 bytes");
/// ```
#[derive(Default)]
pub struct Body(Kind);

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Full(Bytes),
    /// Bytes that were more than the limit allows.
    TooLarge,
    Incoming(Box<Limited<Received>>),
    Stream(Box<Limited<Foreign>>),
    Draft(Draft),
}

/// What a body is to be made of, and the words for it where nobody did.
struct Draft {
    value: Box<dyn Any + Send + Sync>,
    unmade: &'static str,
}

/// A body with the number of bytes that may still come.
struct Limited<B> {
    inner: B,
    left: u64,
    /// What is left of a frame that was asked for in pieces.
    rest: Bytes,
}

impl<B> Limited<B> {
    fn boxed(inner: B) -> Box<Self> {
        Box::new(Self {
            inner,
            left: u64::MAX,
            rest: Bytes::new(),
        })
    }
}

/// Why a body could not be read to its end.
#[derive(Debug)]
#[non_exhaustive]
pub enum BodyError {
    /// More bytes than the limit allows; 413 (RFC 9110, 15.5.14).
    TooLarge,
    /// The client sent no byte of it for too long; 408 (RFC 9110, 15.5.9).
    Timeout,
    /// The client went away or broke the framing before the end; 400.
    Incomplete(BoxError),
    /// What came cannot be decoded, such as gzip that is none; 400.
    Malformed(BoxError),
    /// The stream that a body was made of failed; 500.
    Source(BoxError),
}

impl BodyError {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::Incomplete(_) | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Source(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the body is larger than allowed here",
            Self::Timeout => "the body did not come in time",
            Self::Incomplete(_) => "the body ended before it was complete",
            Self::Malformed(_) => "the body cannot be decoded",
            Self::Source(_) => "the stream of the body failed",
        })
    }
}

impl std::error::Error for BodyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::TooLarge | Self::Timeout => None,
            Self::Incomplete(source) | Self::Malformed(source) | Self::Source(source) => {
                Some(&**source)
            }
        }
    }
}

impl Body {
    /// A body without bytes.
    #[must_use]
    pub fn empty() -> Self {
        Self(Kind::Empty)
    }

    /// A body that sends each item of a stream as it comes. An error of the stream breaks the
    /// response off, so that the client notices.
    #[must_use]
    pub fn from_stream<S, D, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<D, E>> + Send + 'static,
        D: Into<Bytes>,
        E: Into<Error>,
    {
        let mut stream = Some(stream);
        if let Some(own) = (&mut stream as &mut dyn Any).downcast_mut::<Option<Self>>() {
            return own.take().unwrap_or_default();
        }
        stream.map_or_else(Self::empty, |stream| Self::wrap(Streamed::new(stream)))
    }

    /// A body that sends what a reader reads, such as a file or a pipe, in pieces of at most 64 KiB.
    /// An error of the reader breaks the response off.
    #[must_use]
    pub fn from_reader(reader: impl AsyncRead + Send + 'static) -> Self {
        Self::wrap(Reading::new(reader))
    }

    /// A body of another type, as used by `tower` and `hyper` services. Where its errors come from a
    /// [`BodyError`], they stay what they are.
    #[must_use]
    pub fn wrap<B>(body: B) -> Self
    where
        B: HttpBody<Error: Into<BoxError>> + Send + 'static,
        B::Data: Into<Bytes>,
    {
        let mut body = Some(body);
        if let Some(own) = (&mut body as &mut dyn Any).downcast_mut::<Option<Self>>() {
            return own.take().unwrap_or_default();
        }
        match body {
            Some(body) if !body.is_end_stream() => {
                Self(Kind::Stream(Limited::boxed(Foreign::new(body))))
            }
            _ => Self::empty(),
        }
    }

    /// A body that a middleware further out makes, of this value: a page that is rendered where the
    /// request is known. It finds the value by [`take_draft`](Self::take_draft).
    ///
    /// Where none does, the response is a 500, and `unmade` is logged: what is missing, and the fix.
    /// Where it would have shown an error, a line of text with that error's status is sent.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// struct Shout(&'static str);
    ///
    /// impl IntoResponse for Shout {
    ///     fn into_response(self) -> Response {
    ///         Body::draft(self, "nobody shouts: add `.with(shouts)`").into_response()
    ///     }
    /// }
    ///
    /// async fn shouts(req: Request, next: Next) -> Response {
    ///     let path = req.path().to_owned();
    ///     let mut res = next.run(req).await;
    ///     if let Some(Shout(text)) = res.take_draft() {
    ///         res.set_body(format!("{} AT {path}", text.to_uppercase()));
    ///     }
    ///     res
    /// }
    ///
    /// let app = App::new().with(shouts).get("/home", async || Shout("hello"));
    /// app.test().get("/home").send().assert_text("HELLO AT /home");
    /// let app = App::new().get("/home", async || Shout("hello"));
    /// app.test().get("/home").send().assert_status(500);
    /// ```
    #[must_use]
    pub fn draft<T: Any + Send + Sync>(value: T, unmade: &'static str) -> Self {
        let value = Box::new(value);
        Self(Kind::Draft(Draft { value, unmade }))
    }

    /// The value that this body was to be made of, if it is of this type; the body is empty then.
    pub fn take_draft<T: Any>(&mut self) -> Option<T> {
        match std::mem::take(&mut self.0) {
            Kind::Draft(draft) if draft.value.is::<T>() => {
                let value = draft.value.downcast().ok()?;
                Some(*value)
            }
            kind => {
                self.0 = kind;
                None
            }
        }
    }

    /// Why a draft was not made, if it is one.
    pub(crate) fn unmade(&self) -> Option<&'static str> {
        match &self.0 {
            Kind::Draft(draft) => Some(draft.unmade),
            _ => None,
        }
    }

    /// The same body, as one that a client sent.
    pub(crate) fn received(mut self) -> Self {
        if let Kind::Stream(body) = &mut self.0 {
            body.inner.received = true;
        }
        self
    }

    /// The body of a request, as hyper reads it.
    pub(crate) fn incoming(body: Received) -> Self {
        Self(Kind::Incoming(Limited::boxed(body)))
    }

    /// The same body, that fails with [`BodyError::TooLarge`] after `limit` bytes. A lower limit
    /// that it has already stays.
    #[must_use]
    pub fn limited(mut self, limit: u64) -> Self {
        match &mut self.0 {
            Kind::Full(bytes) if bytes.len() as u64 > limit => {
                self.0 = Kind::TooLarge;
            }
            Kind::Empty | Kind::Full(_) | Kind::TooLarge | Kind::Draft(_) => {}
            Kind::Incoming(body) if body.inner.size_hint().lower() > limit => {
                self.0 = Kind::TooLarge;
            }
            Kind::Incoming(body) => body.left = body.left.min(limit),
            Kind::Stream(body) => body.left = body.left.min(limit),
        }
        self
    }

    /// The next frame, with at most `most` bytes of data, which is more than none.
    pub(crate) fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
        most: usize,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.0 {
            Kind::Empty => Poll::Ready(None),
            Kind::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            Kind::Full(bytes) if bytes.len() > most => {
                Poll::Ready(Some(Ok(Frame::data(bytes.split_to(most)))))
            }
            Kind::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Kind::TooLarge => {
                self.0 = Kind::Empty;
                Poll::Ready(Some(Err(BodyError::TooLarge)))
            }
            Kind::Incoming(body) => body.poll_piece(cx, most),
            Kind::Stream(body) => body.poll_piece(cx, most),
            Kind::Draft(draft) => {
                let unmade = draft.unmade;
                self.0 = Kind::Empty;
                Poll::Ready(Some(Err(BodyError::Source(unmade.into()))))
            }
        }
    }

    /// The bytes, if all of them are in memory; `None` of a stream, and of a body without any.
    ///
    /// ```
    /// use cepa::Body;
    ///
    /// assert_eq!(Body::from("hello").as_full().map(|bytes| bytes.len()), Some(5));
    /// assert!(Body::empty().as_full().is_none());
    /// ```
    #[must_use]
    pub fn as_full(&self) -> Option<&Bytes> {
        match &self.0 {
            Kind::Full(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// 413 if the body is larger than its limit, 400 if it ends before it is complete.
    pub async fn chunk(&mut self) -> Option<Result<Bytes, BodyError>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// All bytes, at most `limit` of them.
    ///
    /// # Errors
    /// 413 if there are more than `limit`, 400 if the body ends before it is complete.
    pub async fn collect(self, limit: u64) -> Result<Bytes, BodyError> {
        let mut body = self.limited(limit);
        if let Kind::Full(bytes) = body.0 {
            return Ok(bytes);
        }
        if HttpBody::size_hint(&body).lower() > limit {
            return Err(BodyError::TooLarge);
        }
        let Some(first) = body.chunk().await else {
            return Ok(Bytes::new());
        };
        let first = first?;
        let Some(second) = body.chunk().await else {
            return Ok(first);
        };
        let mut all = bytes::BytesMut::with_capacity(first.len() * 2);
        all.extend_from_slice(&first);
        all.extend_from_slice(&second?);
        while let Some(chunk) = body.chunk().await {
            all.extend_from_slice(&chunk?);
        }
        Ok(all.freeze())
    }
}

impl<B: HttpBody<Data = Bytes, Error: Into<BodyError>> + Unpin> Limited<B> {
    fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
        most: usize,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if !self.rest.is_empty() {
            let size = self.rest.len().min(most);
            return Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(size)))));
        }
        let frame = match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
            Some(Ok(frame)) => frame,
        };
        let size = frame.data_ref().map_or(0, Bytes::len);
        let Some(left) = self.left.checked_sub(size as u64) else {
            return Poll::Ready(Some(Err(BodyError::TooLarge)));
        };
        self.left = left;
        if size <= most {
            return Poll::Ready(Some(Ok(frame)));
        }
        self.rest = frame.into_data().unwrap_or_default();
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(most)))))
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.poll_piece(cx, usize::MAX)
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Empty => true,
            Kind::Full(bytes) => bytes.is_empty(),
            Kind::Incoming(body) => body.rest.is_empty() && body.inner.is_end_stream(),
            Kind::Stream(body) => body.rest.is_empty() && body.inner.is_end_stream(),
            Kind::TooLarge | Kind::Draft(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Incoming(body) => body.inner.size_hint(),
            Kind::Stream(body) => body.inner.size_hint(),
            Kind::TooLarge | Kind::Draft(_) => SizeHint::new(),
        }
    }
}

impl Stream for Body {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(self.as_mut().poll_frame(cx)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
            }
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Empty => f.write_str("Body(empty)"),
            Kind::Full(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Kind::TooLarge | Kind::Incoming(_) | Kind::Stream(_) => f.write_str("Body(stream)"),
            Kind::Draft(_) => f.write_str("Body(draft)"),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Kind::Full(bytes))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

impl From<()> for Body {
    fn from((): ()) -> Self {
        Self::empty()
    }
}
