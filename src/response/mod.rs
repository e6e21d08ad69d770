//! The response on its way out: status, headers, body, and the error that caused it, if any.

mod end;

pub(crate) use end::EndHooks;
pub use end::Outcome;

use std::any::Any;

use http::header::{CONTENT_LENGTH, VARY};
use http::response::Parts;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::body::Body;
use crate::error::{Error, remove_of_the_body};
use crate::log;

/// What goes back to the client.
///
/// Handlers return anything that is [`IntoResponse`](crate::IntoResponse); middleware works on
/// this type.
///
/// ```
/// use cepa::prelude::*;
///
/// async fn teapot() -> Response {
///     let mut res = "short and stout".into_response();
///     res.set_status(StatusCode::IM_A_TEAPOT);
///     res.set_header("x-tea", "green");
///     res
/// }
///
/// let client = App::new().get("/", teapot).test();
/// client.get("/").send().assert_status(418).assert_header("x-tea", "green");
/// ```
#[derive(Debug)]
#[must_use]
pub struct Response(Box<Inner>);

#[derive(Debug)]
struct Inner {
    head: Parts,
    body: Body,
    error: Option<Error>,
    /// The error has no rendered body yet.
    open: bool,
    end: Option<Box<EndHooks>>,
}

impl Response {
    /// An empty response with status 200.
    pub fn new() -> Self {
        Self::from_body(Body::empty())
    }

    pub(crate) fn from_body(body: Body) -> Self {
        // The room first, as in `Request::new`.
        let room = Box::new_uninit();
        let (head, body) = http::Response::new(body).into_parts();
        Self(Box::write(
            room,
            Inner {
                head,
                body,
                error: None,
                open: false,
                end: None,
            },
        ))
    }

    /// The status. Default: 200.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.head.status
    }

    /// Sets the status. One that only announces a response, below 200, turns into a 500 that says so
    /// in the log; a 101 needs the `Upgrade` header, as [`Upgrade::accept`](crate::Upgrade::accept)
    /// sets it.
    pub fn set_status(&mut self, status: StatusCode) {
        self.0.head.status = status;
    }

    /// The same response with this status.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// async fn teapot() -> Response {
    ///     let res = "short and stout".into_response();
    ///     res.with_status(StatusCode::IM_A_TEAPOT).with_header("x-spout", "here")
    /// }
    ///
    /// let client = App::new().get("/", teapot).test();
    /// client.get("/").send().assert_status(418).assert_header("x-spout", "here");
    /// ```
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.set_status(status);
        self
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.head.headers
    }

    /// The headers, to change them.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.0.head.headers
    }

    /// The first value of a header, if it is there and visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.head.headers.get(name)?.to_str().ok()
    }

    /// Sets a header, replacing what it had.
    ///
    /// A name or value that HTTP does not allow, such as one with a line break, turns the
    /// response into a 500 that says so in the log: never a panic, never a split response.
    #[track_caller]
    pub fn set_header<N, V>(&mut self, name: N, value: V)
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        if let Some((name, value)) = self.checked_header(name, value) {
            self.0.head.headers.insert(name, value);
        }
    }

    /// Adds a header beside those of the same name, under the rules of
    /// [`set_header`](Self::set_header).
    #[track_caller]
    pub fn append_header<N, V>(&mut self, name: N, value: V)
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        if let Some((name, value)) = self.checked_header(name, value) {
            self.0.head.headers.append(name, value);
        }
    }

    /// Says that the answer depends on this header of the request, so that caches keep the answers
    /// for its values apart (RFC 9110, 12.5.5). What `Vary` says already stays. A name that is none is
    /// a 500, as in [`set_header`](Self::set_header).
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// async fn hello(req: Request) -> Response {
    ///     let is_german = req.header("accept-language").is_some_and(|it| it.starts_with("de"));
    ///     let mut res = if is_german { "Hallo" } else { "Hello" }.into_response();
    ///     res.vary_by("accept-language");
    ///     res
    /// }
    ///
    /// let client = App::new().get("/", hello).test();
    /// client.get("/").send().assert_text("Hello").assert_header("vary", "accept-language");
    /// ```
    #[track_caller]
    pub fn vary_by(&mut self, name: impl TryInto<HeaderName>) {
        let any = HeaderValue::from_static("*");
        let Some((name, _)) = self.checked_header(name, any) else {
            return;
        };
        let headers = self.headers_mut();
        let is_said = |said: &[u8]| {
            let said = said.trim_ascii();
            said == b"*" || said.eq_ignore_ascii_case(name.as_str().as_bytes())
        };
        let mut lines = headers.get_all(VARY).iter().map(HeaderValue::as_bytes);
        if !lines.any(|line| line.split(|&byte| byte == b',').any(is_said)) {
            headers.append(VARY, name.into());
        }
    }

    /// The same response with this header, in place of what it had; as
    /// [`set_header`](Self::set_header).
    #[track_caller]
    pub fn with_header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        self.set_header(name, value);
        self
    }

    /// The header, or `None` and a response that fails.
    #[track_caller]
    fn checked_header<N, V>(&mut self, name: N, value: V) -> Option<(HeaderName, HeaderValue)>
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        let name = name.try_into().ok();
        match (name, value.try_into()) {
            (Some(name), Ok(value)) => Some((name, value)),
            (name, _) => {
                let name = name
                    .as_ref()
                    .map_or("(not a header name)", HeaderName::as_str);
                let message =
                    format!("the header `{name}` was given a name or value not allowed in HTTP");
                self.fail(Error::internal(message));
                None
            }
        }
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.0.body
    }

    /// Replaces the body. `Content-Type` stays as it is. The length is sent by itself; a
    /// `Content-Length` that says another is a 500.
    pub fn set_body(&mut self, body: impl Into<Body>) {
        self.0.body = body.into();
    }

    /// Takes the body out, leaving an empty one.
    pub fn take_body(&mut self) -> Body {
        std::mem::take(&mut self.0.body)
    }

    /// Takes the value that the body is to be made of, if it is of this type; see [`Body::draft`].
    pub fn take_draft<T: Any>(&mut self) -> Option<T> {
        self.0.body.take_draft()
    }

    /// Values that travel with the response and are not sent.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.0.head.extensions
    }

    /// The same, to change them.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.0.head.extensions
    }

    /// The error this response answers for, if something inside failed.
    ///
    /// It stays with the response, rendered or not; [`Error::downcast_ref`] gives the cause by
    /// type.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.0.error.as_ref()
    }

    /// Calls `hook` once, when the body was sent, failed or was dropped.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// async fn measure(req: Request, next: Next) -> Response {
    ///     let mut res = next.run(req).await;
    ///     res.on_end(|outcome| println!("{outcome:?}"));
    ///     res
    /// }
    /// # App::new().with(measure).get("/", async || "x").test().get("/").send().assert_text("x");
    /// ```
    pub fn on_end(&mut self, hook: impl FnOnce(Outcome) + Send + 'static) {
        self.0.end.get_or_insert_default().add(Box::new(hook));
    }

    /// Turns the response into one that fails, for a middleware that cannot finish it: the error is
    /// answered for as any other. Headers that do not describe the body stay, and so do the hooks of
    /// [`on_end`](Self::on_end). Where it fails already, the first error counts.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// async fn sign(req: Request, next: Next) -> Response {
    ///     let mut res = next.run(req).await;
    ///     res.fail(Error::unavailable("the keys are not here yet"));
    ///     res
    /// }
    ///
    /// let app = App::new().with(sign).get("/", async || ([("x-a", "1")], "hello"));
    /// app.test().get("/").send().assert_status(503).assert_header("x-a", "1");
    /// ```
    pub fn fail(&mut self, error: Error) {
        if !self.0.open {
            self.0.head.status = error.status();
            self.0.error = Some(error);
            self.0.open = true;
        }
    }

    /// Keeps an error that is rendered already.
    pub(crate) fn attach(&mut self, error: Error) {
        self.0.error = Some(error);
        self.0.open = false;
    }

    pub(crate) fn has_open_error(&self) -> bool {
        self.0.open
    }

    pub(crate) fn take_error(&mut self) -> Option<Error> {
        self.0.open = false;
        self.0.error.take()
    }

    pub(crate) fn into_headers_and_body(self) -> (HeaderMap, Body) {
        (self.0.head.headers, self.0.body)
    }

    /// Readies it to be sent: without a draft that nobody made, and without a body where none is
    /// sent: in an answer to HEAD, whose length is kept (RFC 9110, 9.3.2), and beside a status that
    /// has none (RFC 9112, 6.3).
    #[inline]
    pub(crate) fn finish(&mut self, is_head: bool) {
        if let Some(unmade) = self.0.body.unmade() {
            // The page of an error: whoever refused stands further out than what makes pages.
            let refused = self.error().map(Error::status);
            let level = refused.map_or(log::Level::Error, |_| log::Level::Warn);
            log::emit(level, unmade);
            let status = refused.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            remove_of_the_body(self.headers_mut());
            self.set_status(status);
            self.set_body(status.canonical_reason().unwrap_or_default());
        }
        if is_head {
            self.keep_length();
        }
        if is_head || is_bodiless(self.status()) {
            self.0.body = Body::empty();
        }
    }

    fn keep_length(&mut self) {
        let length = http_body::Body::size_hint(&self.0.body)
            .exact()
            .filter(|length| *length > 0);
        if let (Some(length), false) = (length, self.0.head.headers.contains_key(CONTENT_LENGTH)) {
            self.0.head.headers.insert(CONTENT_LENGTH, length.into());
        }
    }

    /// Tells the end hooks that all of the body, `bytes` long, was read.
    pub(crate) fn tell_sent(&mut self, bytes: usize) {
        if let Some(end) = &mut self.0.end {
            end.count(bytes);
            end.sent();
        }
    }

    /// What an `http::Response` has no place for: the error, whether it is still open, the hooks.
    pub(crate) fn take_beside(&mut self) -> Option<Beside> {
        if self.0.error.is_none() && self.0.end.is_none() {
            return None;
        }
        Some(Beside {
            open: std::mem::take(&mut self.0.open),
            error: self.0.error.take(),
            end: self.0.end.take(),
        })
    }

    /// Takes back what [`take_beside`](Self::take_beside) took.
    pub(crate) fn put_beside(&mut self, beside: Beside) {
        self.0.open = beside.open;
        self.0.error = beside.error;
        self.0.end = beside.end;
    }

    /// The parts that hyper sends, and those who wait for the end of the body.
    pub(crate) fn into_sent(mut self) -> (Parts, Body, Option<Box<EndHooks>>) {
        if let Some(end) = &mut self.0.end {
            let length = self.0.head.headers.get(CONTENT_LENGTH);
            end.length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        }
        let Inner {
            head, body, end, ..
        } = *self.0;
        (head, body, end)
    }
}

/// RFC 9112, 6.3.
pub(crate) fn is_bodiless(status: StatusCode) -> bool {
    status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED
}

impl Default for Response {
    fn default() -> Self {
        Self::new()
    }
}

/// Any response of the ecosystem; its extensions travel along.
impl<B: Into<Body>> From<http::Response<B>> for Response {
    fn from(res: http::Response<B>) -> Self {
        let (head, body) = res.into_parts();
        Self(Box::new(Inner {
            head,
            body: body.into(),
            error: None,
            open: false,
            end: None,
        }))
    }
}

/// What a response has beside an `http::Response`.
#[derive(Debug)]
pub(crate) struct Beside {
    error: Option<Error>,
    open: bool,
    end: Option<Box<EndHooks>>,
}
