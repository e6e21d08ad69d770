//! `Stream`: a body that is sent as it is made.

use bytes::Bytes;

use super::{IntoResponse, with_type};
use crate::body::Body;
use crate::error::Error;
use crate::response::Response;

/// Sends the items of a stream as they come, as `application/octet-stream` unless a header beside
/// it says otherwise. An error of the stream breaks the response off.
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
