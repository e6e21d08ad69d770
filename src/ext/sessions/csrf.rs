//! `CsrfTokens`: asks requests that change something for the token of their session.
//!
//! Before it: the request has its session. After it: what a page of another site cannot send.

use futures_core::Stream;
use http::header::CONTENT_TYPE;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::csrf_token::{CsrfToken, FIELD};
use super::extract::Session;
use super::first_field::{Found, boundary, first_field};
use crate::{
    Body, BodyError, Bytes, Error, FromRequest, IntoResponse, Method, Middleware, Need, Next,
    Request, Response, Result,
};

const HEADER: &str = "x-csrf-token";
/// Bytes of a form that are read for the token, unless the body has a limit of its own.
const FORM: u64 = 2 << 20;
/// Bytes of a form with files that are read for it.
const FIRST: usize = 4096;

/// Middleware that asks every request but GET, HEAD and OPTIONS for the
/// [token](super::CsrfToken) of its session: in the header `X-CSRF-Token`, or in the field `_csrf` of
/// a form, in one with files the first. Without it, the answer is 403.
///
/// It is for clients so old that they say nowhere where a request comes from, which
/// [`CrossOrigin`](crate::CrossOrigin) lets pass, and for those who are asked for tokens. It stands
/// inside of [`Sessions`](super::Sessions), around the routes for browsers: programs have no token.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::sessions::{CsrfTokens, Sessions};
///
/// let client = App::new()
///     .plug(Sessions::memory())
///     .group("/pages", |pages| pages.with(CsrfTokens::new()).post("/", async || "posted"))
///     .post("/hook", async || "called")
///     .test();
/// client.post("/pages").send().assert_status(403);
/// client.post("/hook").send().assert_status(200);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CsrfTokens;

impl CsrfTokens {
    /// One for the session around it.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl Middleware for CsrfTokens {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        if [Method::GET, Method::HEAD, Method::OPTIONS].contains(req.method()) {
            return next.run(req).await;
        }
        match has_token(&mut req).await {
            Ok(true) => next.run(req).await,
            Ok(false) => {
                tracing::info!(target: "cepa", "a request without the token of its session");
                let message = "the form is no longer valid: load the page again and send it anew";
                Error::forbidden(message).into_response()
            }
            Err(error) => error.into_response(),
        }
    }

    fn requires(&self) -> Vec<Need> {
        Session::requires()
    }
}

async fn has_token(req: &mut Request) -> Result<bool> {
    let Some(id) = req.local::<Session>().and_then(Session::sent_id) else {
        return Ok(false);
    };
    if let Some(token) = req.header(HEADER) {
        return Ok(CsrfToken::is_of(token, &id));
    }
    let token = field(req).await?;
    Ok(token.is_some_and(|token| CsrfToken::is_of(&token, &id)))
}

/// The field of the form in the body, which is left for those inside.
async fn field(req: &mut Request) -> Result<Option<String>> {
    let content_type = req.headers().get(CONTENT_TYPE);
    let Some(content_type) = content_type.and_then(|value| value.to_str().ok()) else {
        return Ok(None);
    };
    if let Some(boundary) = boundary(content_type) {
        let boundary = boundary.to_owned();
        return Ok(uploaded(req, &boundary).await?);
    }
    let essence = content_type.split(';').next().unwrap_or_default();
    if !essence
        .trim()
        .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    {
        return Ok(None);
    }
    let limit = req.body_limit().unwrap_or(FORM);
    let form = req.buffer_body(limit).await?;
    // Nothing in a token has to be encoded.
    let pairs = form.split(|&byte| byte == b'&');
    let mut values =
        pairs.filter_map(|pair| pair.strip_prefix(FIELD.as_bytes())?.strip_prefix(b"="));
    let token = values
        .next()
        .and_then(|value| std::str::from_utf8(value).ok());
    Ok(token.map(str::to_owned))
}

/// Reads a form with files as far as its first field goes, and puts that back.
async fn uploaded(req: &mut Request, boundary: &str) -> Result<Option<String>, BodyError> {
    let mut rest = Body::empty();
    req.map_body(|body| {
        rest = body;
        Body::empty()
    });
    let (mut read, mut enough) = (Vec::new(), FIRST / 8);
    let found = loop {
        let is_over = match rest.chunk().await {
            Some(bytes) => {
                read.extend_from_slice(&bytes?);
                false
            }
            None => true,
        };
        // Not after each of many small pieces.
        if read.len() < enough && !is_over {
            continue;
        }
        enough = read.len() * 2;
        match first_field(boundary.as_bytes(), FIELD, &read) {
            Found::Value(value) => break Some(value),
            Found::Unfinished if !is_over && read.len() < FIRST => {}
            Found::Unfinished | Found::Nothing => break None,
        }
    };
    let first = Some(Bytes::from(read)).filter(|read| !read.is_empty());
    req.map_body(|_| Body::from_stream(Rejoined { first, rest }));
    Ok(found)
}

/// A body of which the beginning was read.
struct Rejoined {
    first: Option<Bytes>,
    rest: Body,
}

impl Stream for Rejoined {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(first))),
            None => Pin::new(&mut self.rest).poll_next(cx),
        }
    }
}
