//! `Validators`: by what a client finds out whether what it has is still the newest.
//!
//! Before it: the handler or a file knows its version. After it:
//! [`Conditions`](crate::Conditions) compares it with what the client asked.

use std::time::{Duration, SystemTime};

use http::header::{ETAG, LAST_MODIFIED};
use http::{HeaderMap, HeaderValue};

use super::{ETag, ResponsePart};
use crate::response::Response;

/// The `ETag` and `Last-Modified` of a response (RFC 9110, 8.8), either or both. It stands before
/// the value of a response tuple.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::{ETag, Validators};
/// use std::time::{Duration, SystemTime};
///
/// async fn page() -> impl IntoResponse {
///     let written = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
///     (Validators::new().with_etag(ETag::strong(3)).with_last_modified(written), "page")
/// }
///
/// let res = App::new().get("/", page).test().get("/").send();
/// res.assert_header("etag", "\"3\"");
/// res.assert_header("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    pub(crate) etag: Option<ETag>,
    /// Seconds since 1970.
    pub(crate) modified: Option<u64>,
}

/// The first second of the year 10000, which a date in HTTP has no digits for.
const YEAR_10000: u64 = 253_402_300_800;

impl Validators {
    /// Neither.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With this tag.
    #[must_use]
    pub fn with_etag(mut self, tag: ETag) -> Self {
        self.etag = Some(tag);
        self
    }

    /// With this date, to the second; one before 1970 or after 9999 is left out. One in the future
    /// is sent as now (RFC 9110, 8.8.2.1).
    #[must_use]
    pub fn with_last_modified(mut self, at: SystemTime) -> Self {
        self.modified = seconds(at);
        self
    }

    /// Those of a response, by its headers.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        Self {
            etag: headers.get(ETAG).and_then(ETag::parse),
            modified: headers.get(LAST_MODIFIED).and_then(date),
        }
    }

    /// The tag.
    #[must_use]
    pub fn etag(&self) -> Option<&ETag> {
        self.etag.as_ref()
    }

    /// The date, in whole seconds.
    #[must_use]
    pub fn last_modified(&self) -> Option<SystemTime> {
        let since = Duration::from_secs(self.modified?);
        SystemTime::UNIX_EPOCH.checked_add(since)
    }
}

impl From<ETag> for Validators {
    fn from(tag: ETag) -> Self {
        Self::new().with_etag(tag)
    }
}

impl ResponsePart for Validators {
    fn apply(self, res: &mut Response) {
        let modified = self.last_modified().map(|at| at.min(SystemTime::now()));
        let modified = modified.map(httpdate::fmt_http_date);
        if let Some(Ok(date)) = modified.map(HeaderValue::try_from) {
            res.headers_mut().insert(LAST_MODIFIED, date);
        }
        if let Some(tag) = self.etag {
            tag.apply(res);
        }
    }
}

/// Whole seconds since 1970, if HTTP can say them.
pub(crate) fn seconds(at: SystemTime) -> Option<u64> {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    (since < YEAR_10000).then_some(since)
}

/// A date of HTTP (RFC 9110, 5.6.7) as seconds since 1970.
pub(crate) fn date(value: &HeaderValue) -> Option<u64> {
    seconds(httpdate::parse_http_date(value.to_str().ok()?).ok()?)
}
