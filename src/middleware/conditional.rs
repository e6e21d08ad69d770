//! `Conditional`: clients that have the newest version get 304 in place of the body.

use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
};

use super::{Middleware, Next};
use crate::respond::ResponsePart;
use crate::{
    Conditions, ETag, Error, IntoResponse, Method, Precondition, Request, Response, StatusCode,
    Validators,
};

/// Answers GET and HEAD with 304 where the client has what the handler would send
/// (RFC 9110, 13.2.2).
///
/// It goes by the `ETag` and `Last-Modified` of the response. Where the handler set neither, a body
/// that is in memory and not too large is hashed, and the response gets a weak tag. Streams pass
/// as they are. The handler has done its work by then: what is saved is the way to the client; to
/// save the work too, a handler asks [`Conditions`] first.
///
/// Only responses with status 200 are looked at. Statuses of its own: 304, and 412 where `If-Match`
/// or `If-Unmodified-Since` does not hold.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::{Conditional, ETag};
///
/// let client = App::new()
///     .with(Conditional::new())
///     .get("/", async || "hello")
///     .get("/note", async || (ETag::strong(3), "the note"))
///     .test();
///
/// let res = client.get("/").send();
/// let tag = res.header("etag").unwrap();
/// client.get("/").header("if-none-match", tag).send().assert_status(304).assert_text("");
/// client.get("/note").header("if-none-match", "\"2\"").send().assert_text("the note");
/// client.get("/note").header("if-none-match", "\"3\"").send().assert_status(304);
/// ```
#[derive(Clone, Debug)]
pub struct Conditional {
    hash_limit: usize,
}

impl Conditional {
    /// Hashes bodies of at most 256 KiB that have no validator.
    #[must_use]
    pub fn new() -> Self {
        Self {
            hash_limit: 256 * 1024,
        }
    }

    /// Hashes bodies of at most so many bytes; 0 hashes none. Default: 256 KiB.
    #[must_use]
    pub fn with_hash_limit(mut self, bytes: usize) -> Self {
        self.hash_limit = bytes;
        self
    }

    /// The validators of the response, and a tag for it if it has none.
    fn validators(&self, res: &mut Response) -> Validators {
        let known = Validators::of(res.headers());
        if known != Validators::new() || is_never_kept(res) {
            return known;
        }
        let bytes = res.body().as_full();
        let Some(bytes) = bytes.filter(|it| it.len() <= self.hash_limit && !it.is_empty()) else {
            return known;
        };
        let tag = ETag::weak_of(bytes);
        tag.clone().apply(res);
        tag.into()
    }
}

impl Default for Conditional {
    fn default() -> Self {
        Self::new()
    }
}

fn is_never_kept(res: &Response) -> bool {
    let mut values = res.headers().get_all(CACHE_CONTROL).iter();
    values.any(|it| {
        let mut directives = it.as_bytes().split(|&byte| byte == b',');
        directives.any(|it| it.trim_ascii().eq_ignore_ascii_case(b"no-store"))
    })
}

impl Middleware for Conditional {
    async fn handle(&self, req: Request, next: Next) -> Response {
        if *req.method() != Method::GET && *req.method() != Method::HEAD {
            return next.run(req).await;
        }
        let conditions = Conditions::of(req.method(), req.headers());
        let mut res = next.run(req).await;
        if res.status() != StatusCode::OK {
            return res;
        }
        let current = self.validators(&mut res);
        match conditions.evaluate(Some(&current)) {
            Precondition::Holds => res,
            Precondition::NotModified => not_modified(res),
            Precondition::Failed => Error::new(
                StatusCode::PRECONDITION_FAILED,
                "it is not the version that this request was made for",
            )
            .into_response(),
        }
    }
}

/// Without the body and what describes it (RFC 9110, 15.4.5).
fn not_modified(mut res: Response) -> Response {
    res.set_status(StatusCode::NOT_MODIFIED);
    res.set_body(());
    for name in [
        CONTENT_ENCODING,
        CONTENT_LANGUAGE,
        CONTENT_LENGTH,
        CONTENT_RANGE,
        CONTENT_TYPE,
    ] {
        res.headers_mut().remove(name);
    }
    res
}
