//! What handlers return: everything that turns into a [`Response`].
//!
//! Before it: the handler returned a value. After it: the response travels out through the chain.

mod cache_control;
mod download;
mod etag;
mod html;
mod json;
mod local;
mod ndjson;
mod parts;
mod redirect;
mod sendable;
mod sse;
mod stream;
mod validators;

use std::borrow::Cow;
use std::convert::Infallible;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};

pub use cache_control::CacheControl;
pub use download::Download;
pub use etag::ETag;
pub(crate) use html::reference;
pub use html::{Escaped, Html};
pub use json::Json;
pub(crate) use local::is_local;
pub use ndjson::Ndjson;
pub use parts::ResponsePart;
pub use redirect::Redirect;
pub use sse::{Event, EventSender, IntoEvent, Sse};
pub use stream::Stream;
pub use validators::Validators;
pub(crate) use validators::{date, seconds};

use crate::body::Body;
use crate::error::Error;
use crate::preflight::Need;
use crate::response::Response;

/// A value that can be sent as a response.
///
/// | value | becomes |
/// |---|---|
/// | `()` | 200 without a body |
/// | `&'static str`, `String`, `Cow<'static, str>` | `text/plain; charset=utf-8` |
/// | `Bytes`, `Vec<u8>`, `&'static [u8]` | `application/octet-stream` |
/// | a [`Value`](crate::Value), as made by [`json!`](crate::json) | `application/json` |
/// | [`Json`], [`Html`], [`Redirect`], [`Stream`], [`Ndjson`], [`Sse`] | what they say |
/// | [`StatusCode`] | that status without a body |
/// | [`HeaderMap`](crate::HeaderMap), `[(name, value), ..]` | 200 without a body, with these headers |
/// | a tuple `(part, .., value)` | the value with a status, headers or a file name, see [`ResponsePart`] and [`Download`] |
/// | `Option<T>` | the value, or 404 |
/// | `Result<T, E>` | whichever it is; `E` is [`Error`] or any type of your own |
/// | [`Error`] | rendered by the scope's error renderer |
///
/// ```
/// use cepa::prelude::*;
///
/// struct Csv(Vec<[u32; 2]>);
///
/// impl IntoResponse for Csv {
///     fn into_response(self) -> Response {
///         let lines: String = self.0.iter().map(|[a, b]| format!("{a},{b}\n")).collect();
///         ([("content-type", "text/csv; charset=utf-8")], lines).into_response()
///     }
/// }
///
/// let app = App::new().get("/", async || Csv(vec![[1, 2], [3, 4]]));
/// app.test().get("/").send().assert_text("1,2\n3,4\n");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as a response",
    label = "not a response",
    note = "responses are text, bytes, `Json(..)`, `Html(..)`, `Redirect`, a status, a tuple of \
            `(status, headers, body)`, `Response`, and a `Result` of these; implement \
            `cepa::IntoResponse` for a type of your own",
    note = "to send a value as JSON, return `Json(value)`; it needs `serde::Serialize`",
    note = "in a `Result` the error is sent as well: write cepa's `Result<T>`, whose error any other \
            becomes by `?`"
)]
pub trait IntoResponse {
    /// Makes the response.
    fn into_response(self) -> Response;

    /// What must be there for it to be sent, such as a middleware that makes its body; checked by
    /// [`App::build`](crate::App::build) for handlers that return this type.
    fn needs() -> Vec<Need>
    where
        Self: Sized,
    {
        Vec::new()
    }
}

fn with_type(body: impl Into<Body>, content_type: &'static str) -> Response {
    let mut res = Response::from_body(body.into());
    res.headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    res
}

const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";

impl IntoResponse for Response {
    fn into_response(self) -> Response {
        self
    }
}

impl IntoResponse for () {
    fn into_response(self) -> Response {
        Response::new()
    }
}

impl IntoResponse for &'static str {
    fn into_response(self) -> Response {
        with_type(self, TEXT)
    }
}

impl IntoResponse for String {
    fn into_response(self) -> Response {
        with_type(self, TEXT)
    }
}

impl IntoResponse for Cow<'static, str> {
    fn into_response(self) -> Response {
        match self {
            Cow::Borrowed(text) => text.into_response(),
            Cow::Owned(text) => text.into_response(),
        }
    }
}

impl IntoResponse for Bytes {
    fn into_response(self) -> Response {
        with_type(self, BYTES)
    }
}

impl IntoResponse for Vec<u8> {
    fn into_response(self) -> Response {
        with_type(self, BYTES)
    }
}

impl IntoResponse for &'static [u8] {
    fn into_response(self) -> Response {
        with_type(self, BYTES)
    }
}

/// A body alone says nothing about its type; set `content-type` beside it.
impl IntoResponse for Body {
    fn into_response(self) -> Response {
        Response::from_body(self)
    }
}

impl IntoResponse for StatusCode {
    fn into_response(self) -> Response {
        let mut res = Response::new();
        res.set_status(self);
        res
    }
}

/// Attaches the error; the chain step it comes from renders it for the client.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut res = Response::new();
        res.fail(self);
        res
    }
}

impl<T: IntoResponse, E: IntoResponse> IntoResponse for Result<T, E> {
    fn into_response(self) -> Response {
        match self {
            Ok(value) => value.into_response(),
            Err(error) => error.into_response(),
        }
    }

    fn needs() -> Vec<Need> {
        [T::needs(), E::needs()].concat()
    }
}

/// `None` is a 404.
impl<T: IntoResponse> IntoResponse for Option<T> {
    fn into_response(self) -> Response {
        match self {
            Some(value) => value.into_response(),
            None => Error::not_found("there is nothing here").into_response(),
        }
    }

    fn needs() -> Vec<Need> {
        T::needs()
    }
}

impl IntoResponse for Infallible {
    fn into_response(self) -> Response {
        match self {}
    }
}

impl<B: Into<Body>> IntoResponse for http::Response<B> {
    fn into_response(self) -> Response {
        self.into()
    }
}
