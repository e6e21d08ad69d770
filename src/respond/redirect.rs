//! `Redirect`: sends the client elsewhere.

use http::header::{LOCATION, REFERER};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::{IntoResponse, is_local};
use crate::error::Error;
use crate::response::Response;

/// A redirect (RFC 9110, 15.4). Characters that a URL has to carry percent-encoded are encoded.
///
/// Where the target comes from a request, use [`local`](Self::local): the others go anywhere.
///
/// ```
/// use cepa::prelude::*;
///
/// let client = App::new()
///     .get("/old", async || Redirect::permanent("/new"))
///     .post("/login", async |Query(q): Query<Vec<(String, String)>>| Redirect::local(&q[0].1))
///     .test();
/// client.get("/old").send().assert_status(308).assert_header("location", "/new");
/// client.post("/login?next=/me").send().assert_status(303).assert_header("location", "/me");
/// client.post("/login?next=//evil.example").send().assert_status(400);
/// ```
#[derive(Clone, Debug)]
pub struct Redirect {
    status: StatusCode,
    target: Result<HeaderValue, &'static str>,
}

impl Redirect {
    /// 303: look there with GET; what follows a form (RFC 9110, 15.4.4).
    pub fn to(target: impl AsRef<str>) -> Self {
        Self::with_status(StatusCode::SEE_OTHER, target.as_ref())
    }

    /// 308: it moved for good, keep the method (RFC 9110, 15.4.9).
    pub fn permanent(target: impl AsRef<str>) -> Self {
        Self::with_status(StatusCode::PERMANENT_REDIRECT, target.as_ref())
    }

    /// 307: it is there for now, keep the method (RFC 9110, 15.4.8).
    pub fn temporary(target: impl AsRef<str>) -> Self {
        Self::with_status(StatusCode::TEMPORARY_REDIRECT, target.as_ref())
    }

    /// 303 to a path of this site; anything else is a 400: other hosts (`//host`, `/\host`),
    /// schemes, control characters.
    pub fn local(target: impl AsRef<str>) -> Self {
        let target = target.as_ref();
        if is_local(target) {
            return Self::to(target);
        }
        Self {
            status: StatusCode::SEE_OTHER,
            target: Err("the target is not a path of this site"),
        }
    }

    /// 303 to the page the request came from, by its `Referer`; to `otherwise` if that is missing
    /// or of another host.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// let client = App::new().post("/like", async |h: HeaderMap| Redirect::back(&h, "/")).test();
    /// let res = client.post("/like").header("referer", "http://localhost/list?p=2").send();
    /// res.assert_header("location", "/list?p=2");
    /// ```
    pub fn back(headers: &HeaderMap, otherwise: &str) -> Self {
        Self::to(Self::referer_path(headers).unwrap_or(otherwise))
    }

    fn referer_path(headers: &HeaderMap) -> Option<&str> {
        let referer = headers.get(REFERER)?.to_str().ok()?;
        let host = headers.get(http::header::HOST)?.to_str().ok()?;
        let rest = referer
            .strip_prefix("https://")
            .or_else(|| referer.strip_prefix("http://"))?;
        let path = rest.strip_prefix(host)?;
        is_local(path).then_some(path)
    }

    fn with_status(status: StatusCode, target: &str) -> Self {
        let encoded = encode(target);
        let target =
            HeaderValue::try_from(encoded).map_err(|_| "the target has control characters");
        Self { status, target }
    }
}

/// Percent-encodes what a URL may not hold as it is: spaces, quotes and all beyond ASCII.
fn encode(target: &str) -> String {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const URL: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`');
    if target.bytes().any(|b| b.is_ascii_control()) {
        // Left as it is, so that it is refused rather than repaired.
        return target.to_owned();
    }
    utf8_percent_encode(target, URL).to_string()
}

impl IntoResponse for Redirect {
    fn into_response(self) -> Response {
        match self.target {
            Ok(target) => {
                let mut res = self.status.into_response();
                res.headers_mut().insert(LOCATION, target);
                res
            }
            Err(reason) => Error::bad_request(reason).into_response(),
        }
    }
}
