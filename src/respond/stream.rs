//! `Stream`: a body that is sent as it is made.

use bytes::Bytes;
use tokio::io::AsyncRead;

use super::{IntoResponse, with_type};
use crate::body::Body;
use crate::error::Error;
use crate::response::Response;

/// Sends the items of a stream as they come, as `application/octet-stream` unless a header beside
/// it says otherwise. An error of the stream breaks the response off, and is logged.
///
/// The next item is asked for when the client has taken most of those before, and the stream is
/// dropped when the client goes away. A graceful stop waits for its end: one that may go on for
/// long takes [`Stopping`](crate::Stopping).
///
/// ```
/// use cepa::{Stream, prelude::*};
///
/// async fn echo(body: Body) -> Stream<Body> {
///     Stream(body)
/// }
///
/// App::new().post("/", echo).test().post("/").body("as it comes").send().assert_text("as it comes");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Stream<S>(pub S);

impl Stream<Body> {
    /// Sends what a reader reads, such as a file or a pipe, in pieces of at most 64 KiB.
    ///
    /// ```
    /// use cepa::{Stream, prelude::*};
    ///
    /// async fn text() -> Stream<Body> {
    ///     Stream::reader(&b"all that is in it"[..])
    /// }
    ///
    /// App::new().get("/", text).test().get("/").send().assert_text("all that is in it");
    /// ```
    pub fn reader(reader: impl AsyncRead + Send + 'static) -> Self {
        Self(Body::from_reader(reader))
    }
}

impl<S, D, E> IntoResponse for Stream<S>
where
    S: futures_core::Stream<Item = Result<D, E>> + Send + 'static,
    D: Into<Bytes>,
    E: Into<Error>,
{
    fn into_response(self) -> Response {
        with_type(Body::from_stream(self.0), super::BYTES)
    }
}
