//! `RequestId`: a name for each request, the same in logs, error answers and at the client.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use http::HeaderMap;

use super::{Middleware, Next};
use crate::{HeaderName, HeaderValue, Request, Response};

/// Gives each request an id: the client's if it sends a usable one, otherwise a new one.
///
/// - **Headers**: the id is sent with every response, errors included, as `X-Request-Id` or the
///   header of [`with_header`](Self::with_header); one that is there already is replaced. The
///   request's own header stays as it was sent.
/// - **Statuses**: none. An id that cannot be used is no error; a new one takes its place.
///
/// Inside of it, [`Request::id`] is the id, and error answers, error lines and those of
/// [`Logger`](crate::Logger) have it: write it as the first middleware, before the logger. Where the
/// request has an id already, of another `RequestId` around this one or by [`Request::set_id`], it
/// stays and is sent.
///
/// A client's id is used if it is the only one, has 1 to 128 characters, and each is a letter, a
/// digit or one of `-._~+/=:@`. A client can choose the id of someone else's request; where
/// ids have to be the server's own, use [`with_client_ids(false)`](Self::with_client_ids).
///
/// A new one is 128 random bits as 32 hexadecimal digits, from the random keys the standard library
/// gets of the system for its hash maps, once per thread. They do not repeat, in this process or
/// another; but they are names, not secrets, and must not be used as tokens.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::RequestId;
///
/// let client = App::new()
///     .with(RequestId::new())
///     .get("/", async |req: Request| req.id().unwrap_or("none").to_owned())
///     .test();
/// let res = client.get("/").header("x-request-id", "a-1").send();
/// res.assert_text("a-1").assert_header("x-request-id", "a-1");
/// assert_eq!(client.get("/").send().text().len(), 32);
/// ```
///
/// # Errors
/// A header name that HTTP does not allow is a problem that [`App::build`](crate::App::build)
/// reports.
#[derive(Clone, Debug)]
pub struct RequestId {
    header: Result<HeaderName, String>,
    client_ids: bool,
}

impl RequestId {
    /// Ids in `X-Request-Id`, of the client if it sends one.
    #[must_use]
    pub fn new() -> Self {
        Self {
            header: Ok(HeaderName::from_static("x-request-id")),
            client_ids: true,
        }
    }

    /// Reads and sends ids in this header, such as `x-correlation-id`. Default: `x-request-id`.
    #[must_use]
    pub fn with_header(mut self, name: &str) -> Self {
        self.header = name.parse().map_err(|_| name.to_owned());
        self
    }

    /// Whether ids that clients send are used. Default: true.
    #[must_use]
    pub fn with_client_ids(mut self, used: bool) -> Self {
        self.client_ids = used;
        self
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

impl Middleware for RequestId {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        let Ok(header) = &self.header else {
            return next.run(req).await;
        };
        let sent = self.client_ids.then(|| sent(req.headers(), header));
        let value = match (req.id(), sent.flatten()) {
            (Some(id), _) => HeaderValue::from_str(id).ok(),
            (None, Some((id, value))) => {
                let (id, value) = (Arc::<str>::from(id), value.clone());
                req.set_id(id);
                Some(value)
            }
            (None, None) => {
                let id = fresh();
                let value = HeaderValue::from_str(&id).ok();
                req.set_id(id);
                value
            }
        };
        let mut res = next.run(req).await;
        if let Some(value) = value {
            res.headers_mut().insert(header, value);
        }
        res
    }

    fn problems(&self) -> Vec<String> {
        let problem = |name| format!("`{name}` is no header name: use letters, digits and `-`");
        self.header
            .as_ref()
            .err()
            .map(problem)
            .into_iter()
            .collect()
    }
}

/// The client's id, if it is one that can be used, and as it was sent.
fn sent<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<(&'a str, &'a HeaderValue)> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let is_plain = |c: &u8| {
        c.is_ascii_alphanumeric()
            || matches!(
                c,
                b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=' | b':' | b'@'
            )
    };
    let bytes = value.as_bytes();
    let is_usable = (1..=128).contains(&bytes.len()) && bytes.iter().all(is_plain);
    is_usable.then_some((value.to_str().ok()?, value))
}

thread_local! {
    /// Keys of this thread, and how many ids it made. A counter of all threads would be passed
    /// from core to core.
    static KEYS: RandomState = RandomState::new();
    static MADE: Cell<u64> = const { Cell::new(0) };
}

/// 128 bits: two values of a keyed hash (SipHash), whose keys are random, for a number that counts.
fn fresh() -> Arc<str> {
    let number = MADE.replace(MADE.get().wrapping_add(1));
    let half = |half: u8| KEYS.with(|keys| keys.hash_one((number, half)));
    let bytes = (u128::from(half(0)) << 64 | u128::from(half(1))).to_be_bytes();
    let digit = |digit: u8| b"0123456789abcdef"[usize::from(digit & 15)];
    let mut digits = [0; 32];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        pair[0] = digit(byte >> 4);
        pair[1] = digit(byte);
    }
    std::str::from_utf8(&digits).unwrap_or_default().into()
}
