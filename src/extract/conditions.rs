//! `Conditions`: what a client made its request depend on, and how it is decided.
//!
//! Before it: the head arrived. After it: whoever knows the validators of what is there asks
//! whether to go on, to answer 304, or 412.

use std::time::SystemTime;

use http::header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::FromRequest;
use crate::error::{Error, Result};
use crate::request::Request;
use crate::respond::{ETag, Validators, date, seconds};

/// The conditional headers of a request: `If-Match`, `If-None-Match`, `If-Modified-Since`,
/// `If-Unmodified-Since` and `If-Range`, decided in the order of RFC 9110, 13.2.2.
///
/// [`Conditional`](crate::Conditional) and the files extension use it for reading. Handlers that
/// write take it to refuse a change of what someone else has changed meanwhile:
///
/// ```
/// use cepa::prelude::*;
/// use cepa::{Conditions, ETag};
///
/// async fn replace(conditions: Conditions, text: String) -> Result<impl IntoResponse> {
///     let version = 3; // of the note that is there
///     conditions.require(Some(ETag::strong(version)))?;
///     Ok((ETag::strong(version + 1), text))
/// }
///
/// let client = App::new().put("/note", replace).test();
/// client.put("/note").header("if-match", "\"2\"").send().assert_status(412);
/// client.put("/note").header("if-match", "\"3\"").send().assert_header("etag", "\"4\"");
/// ```
///
/// Tags that are malformed match nothing. Dates that are malformed, and a date field sent twice,
/// count as not sent.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// The method is GET or HEAD.
    reads: bool,
    if_match: Vec<HeaderValue>,
    if_none_match: Vec<HeaderValue>,
    if_modified_since: Option<u64>,
    if_unmodified_since: Option<u64>,
    if_range: Option<HeaderValue>,
}

/// What the conditions of a request come to.
///
/// ```
/// use cepa::{Conditions, ETag, HeaderMap, Method, Precondition};
///
/// let headers = HeaderMap::from_iter([("if-none-match".parse().unwrap(), "\"3\"".parse().unwrap())]);
/// let (third, fourth) = (ETag::strong(3).into(), ETag::strong(4).into());
/// let get = Conditions::of(&Method::GET, &headers);
/// assert_eq!(get.evaluate(Some(&third)), Precondition::NotModified);
/// assert_eq!(get.evaluate(Some(&fourth)), Precondition::Holds);
/// let put = Conditions::of(&Method::PUT, &headers);
/// assert_eq!(put.evaluate(Some(&third)), Precondition::Failed);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Precondition {
    /// Go on as if there were none.
    Holds,
    /// The client has the newest: 304 (RFC 9110, 15.4.5).
    NotModified,
    /// The request must not be carried out: 412 (RFC 9110, 15.5.13).
    Failed,
}

impl Conditions {
    /// Those of a request.
    #[must_use]
    pub fn of(method: &Method, headers: &HeaderMap) -> Self {
        let all = |name: HeaderName| headers.get_all(name).iter().cloned().collect();
        Self {
            reads: method == Method::GET || method == Method::HEAD,
            if_match: all(IF_MATCH),
            if_none_match: all(IF_NONE_MATCH),
            if_modified_since: only(headers, IF_MODIFIED_SINCE).and_then(date),
            if_unmodified_since: only(headers, IF_UNMODIFIED_SINCE).and_then(date),
            if_range: headers.get(IF_RANGE).cloned(),
        }
    }

    /// Whether there is none that could change the answer; `If-Range` aside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.if_match.is_empty()
            && self.if_none_match.is_empty()
            && self.if_modified_since.is_none()
            && self.if_unmodified_since.is_none()
    }

    /// Decides by the validators of what is there now; `None` if there is nothing at this address.
    #[must_use]
    pub fn evaluate(&self, current: Option<&Validators>) -> Precondition {
        let tag = current.and_then(Validators::etag);
        let modified = current.and_then(|it| it.modified);
        let listed = |lists: &[HeaderValue], weakly| {
            lists.iter().any(|list| match list.as_bytes().trim_ascii() {
                b"*" => current.is_some(),
                _ => tag.is_some_and(|tag| tag.is_in(list, weakly)),
            })
        };
        let since = |date: Option<u64>| date.zip(modified);
        if self.if_match.is_empty() {
            if since(self.if_unmodified_since).is_some_and(|(date, modified)| modified > date) {
                return Precondition::Failed;
            }
        } else if !listed(&self.if_match, false) {
            return Precondition::Failed;
        }
        let has_newest = match self.if_none_match.is_empty() {
            false => listed(&self.if_none_match, true),
            true => {
                let since = since(self.if_modified_since);
                self.reads && since.is_some_and(|(date, modified)| modified <= date)
            }
        };
        match (has_newest, self.reads) {
            (false, _) => Precondition::Holds,
            (true, true) => Precondition::NotModified,
            (true, false) => Precondition::Failed,
        }
    }

    /// For handlers that write: an error where the conditions do not hold. `None` says that there
    /// is nothing yet, which `If-None-Match: *` asks for.
    ///
    /// # Errors
    /// 412.
    #[track_caller]
    pub fn require(&self, current: Option<impl Into<Validators>>) -> Result<()> {
        let current = current.map(Into::into);
        match self.evaluate(current.as_ref()) {
            Precondition::Holds => Ok(()),
            _ => Err(Error::new(
                StatusCode::PRECONDITION_FAILED,
                "it is not the version that this request was made for",
            )),
        }
    }

    /// Whether `Range` counts: without `If-Range`, or if that names exactly what is there now
    /// (RFC 9110, 13.1.5). A weak tag, and a date whose second is not over, do not.
    #[must_use]
    pub fn allows_range(&self, current: &Validators) -> bool {
        let Some(wanted) = &self.if_range else {
            return true;
        };
        if let Some(wanted) = ETag::parse(wanted) {
            return current.etag().is_some_and(|tag| tag.strong_eq(&wanted));
        }
        let now = seconds(SystemTime::now());
        date(wanted).is_some_and(|date| current.modified == Some(date) && now > Some(date))
    }
}

/// The value of a field that was sent once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

impl FromRequest for Conditions {
    async fn from_request(req: &mut Request) -> Result<Self> {
        Ok(Self::of(req.method(), req.headers()))
    }
}
