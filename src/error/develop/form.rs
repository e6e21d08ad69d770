//! The form that a browser sent, noted while the handler reads it, so that the request can be
//! repeated.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::body::{Body, BodyError};

/// Longer forms are not noted.
const LONGEST: usize = 8 * 1024;

/// The bytes of a form that were read so far.
#[derive(Default)]
pub(super) struct Form(Mutex<Vec<u8>>);

impl Form {
    /// The fields as they were sent, percent-encoded; empty where nobody read them.
    pub(super) fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn note(&self, bytes: &[u8]) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = LONGEST.saturating_sub(noted.len());
        noted.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// Whether the body is a form that can be shown.
pub(super) fn is_small(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|it| it.to_str().ok());
    let kind = text(CONTENT_TYPE).and_then(|kind| kind.split(';').next());
    let length = text(CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    kind.is_some_and(|it| {
        it.trim()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }) && length.is_some_and(|length| length <= LONGEST)
}

/// The same body, noted while it is read.
pub(super) fn noted(body: Body, form: Arc<Form>) -> Body {
    Body::wrap(Noted { body, form })
}

struct Noted {
    body: Body,
    form: Arc<Form>,
}

impl HttpBody for Noted {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let poll = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &poll
            && let Some(bytes) = frame.data_ref()
        {
            self.form.note(bytes);
        }
        poll
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        HttpBody::size_hint(&self.body)
    }
}
