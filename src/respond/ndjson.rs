//! `Ndjson`: a stream of values, each a line of JSON.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use serde::Serialize;

use super::{IntoResponse, with_type};
use crate::body::Body;
use crate::error::Error;
use crate::response::Response;

/// Sends each value of a stream as a line of JSON when it comes, as `application/x-ndjson`.
///
/// Values that are there together are sent together. An error of the stream, or a value that
/// cannot be written as JSON, breaks the response off, so that a client does not take a part for
/// the whole. As with [`Stream`](crate::Stream), a slow client holds the stream back, one that goes
/// away drops it, and a graceful stop waits for its end.
///
/// ```
/// use std::pin::Pin;
/// use std::task::{Context, Poll};
/// use cepa::{Ndjson, prelude::*};
///
/// /// Counts to three.
/// struct Count(u32);
///
/// impl futures_core::Stream for Count {
///     type Item = Result<Value>;
///
///     fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
///         self.0 += 1;
///         Poll::Ready((self.0 <= 3).then(|| Ok(json!({ "n": self.0 }))))
///     }
/// }
///
/// let res = App::new().get("/", async || Ndjson(Count(0))).test().get("/").send();
/// res.assert_text("{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
/// res.assert_header("content-type", "application/x-ndjson");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Ndjson<S>(pub S);

impl<S, T, E> IntoResponse for Ndjson<S>
where
    S: Stream<Item = Result<T, E>> + Send + 'static,
    T: Serialize,
    E: Into<Error>,
{
    fn into_response(self) -> Response {
        let lines = Lines {
            values: Some(Box::pin(self.0)),
            failed: None,
        };
        with_type(Body::from_stream(lines), "application/x-ndjson")
    }
}

/// A piece is sent when it has this many bytes, be there more or not.
const PIECE: usize = 16 * 1024;

struct Lines<S> {
    /// `None` once it ended.
    values: Option<Pin<Box<S>>>,
    /// Why it ended, to be told after the lines before.
    failed: Option<Error>,
}

impl<S, T, E> Stream for Lines<S>
where
    S: Stream<Item = Result<T, E>>,
    T: Serialize,
    E: Into<Error>,
{
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let mut piece = Vec::new();
        while let Some(values) = &mut this.values
            && piece.len() < PIECE
        {
            let written = match values.as_mut().poll_next(cx) {
                Poll::Pending if piece.is_empty() => return Poll::Pending,
                Poll::Pending => break,
                Poll::Ready(None) => {
                    this.values = None;
                    break;
                }
                Poll::Ready(Some(Ok(value))) => line(&mut piece, &value),
                Poll::Ready(Some(Err(error))) => Err(error.into()),
            };
            if let Err(error) = written {
                this.values = None;
                this.failed = Some(error);
            }
        }
        Poll::Ready(match piece.is_empty() {
            true => this.failed.take().map(Err),
            false => Some(Ok(piece.into())),
        })
    }
}

/// Adds a value and the end of its line, or nothing if it fails.
fn line<T: Serialize>(piece: &mut Vec<u8>, value: &T) -> Result<(), Error> {
    let start = piece.len();
    if let Err(error) = serde_json::to_writer(&mut *piece, value) {
        piece.truncate(start);
        let message = "a line of the response could not be written as JSON";
        return Err(Error::internal(message).with_source(error));
    }
    // JSON that was written elsewhere (`RawValue`) may have line breaks, between its tokens only.
    for byte in &mut piece[start..] {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    piece.push(b'\n');
    Ok(())
}
