//! The body of a request, between hyper and the handler that reads it.
//!
//! Before it: hyper takes bytes off the connection as they are asked for. After it: `Body` counts
//! them against its limit.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;

use crate::body::{Body, BodyError};
use crate::service::View;

/// A body that a client sends, with the connection that says whether it is still waited for.
pub(crate) struct Received {
    body: Incoming,
    view: Arc<View>,
    /// While a frame is waited for, the number of that wait.
    wait: Option<u64>,
}

impl Received {
    /// The body of a request, as hyper reads it; `view` is of its connection.
    pub(super) fn body(body: Incoming, view: &Arc<View>) -> Body {
        if body.is_end_stream() {
            return Body::empty();
        }
        Body::incoming(Self {
            body,
            view: Arc::clone(view),
            wait: None,
        })
    }
}

impl HttpBody for Received {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Self { body, view, wait } = &mut *self;
        match Pin::new(body).poll_frame(cx) {
            Poll::Pending if view.activity.wait_for_body(wait, cx.waker()) => {
                Poll::Ready(Some(Err(BodyError::Timeout)))
            }
            Poll::Pending => Poll::Pending,
            Poll::Ready(frame) => {
                if let Some(number) = wait.take() {
                    view.activity.end_wait(number);
                }
                Poll::Ready(frame.map(|frame| frame.map_err(|e| BodyError::Incomplete(e.into()))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        if let Some(number) = self.wait {
            self.view.activity.end_wait(number);
        }
    }
}
