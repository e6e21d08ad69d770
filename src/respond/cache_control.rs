//! `CacheControl`: who may keep a response, and for how long.
//!
//! Before it: the handler made a value. After it: browsers and caches on the way obey.

use std::fmt;
use std::time::Duration;

use http::HeaderValue;
use http::header::CACHE_CONTROL;

use super::ResponsePart;
use crate::response::Response;

/// The value of `Cache-Control` (RFC 9111, 5.2.2), built directive by directive. It stands before
/// the value of a response tuple, and is a header value.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::CacheControl;
/// use std::time::Duration;
///
/// const YEAR: Duration = Duration::from_secs(31_536_000);
///
/// let client = App::new()
///     .get("/logo", async || (CacheControl::new().public().max_age(YEAR).immutable(), "logo"))
///     .get("/me", async || (CacheControl::new().private().no_cache(), "Ada"))
///     .test();
/// client.get("/logo").send().assert_header("cache-control", "public, max-age=31536000, immutable");
/// client.get("/me").send().assert_header("cache-control", "private, no-cache");
/// ```
///
/// Times are sent in whole seconds. Without a directive the value is empty, and as a part of a
/// response it removes the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheControl {
    flags: [bool; FLAGS.len()],
    times: [Option<Duration>; TIMES.len()],
}

const PUBLIC: usize = 0;
const PRIVATE: usize = 1;

/// The directives as they are sent, those with a time behind the first five flags.
const FLAGS: [&str; 9] = [
    "public",
    "private",
    "no-store",
    "no-cache",
    "must-understand",
    "must-revalidate",
    "proxy-revalidate",
    "no-transform",
    "immutable",
];
const TIMES: [&str; 4] = [
    "max-age",
    "s-maxage",
    "stale-while-revalidate",
    "stale-if-error",
];

impl CacheControl {
    /// No directive.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Shared caches may keep it, even if the request was authorized. Replaces `private`.
    #[must_use]
    pub fn public(mut self) -> Self {
        self.flags[PRIVATE] = false;
        self.flag(PUBLIC)
    }

    /// Only the cache of one user may keep it. Replaces `public`.
    #[must_use]
    pub fn private(mut self) -> Self {
        self.flags[PUBLIC] = false;
        self.flag(PRIVATE)
    }

    /// Nobody may keep it.
    #[must_use]
    pub fn no_store(self) -> Self {
        self.flag(2)
    }

    /// It may be kept, but each use asks first whether it is still the newest.
    #[must_use]
    pub fn no_cache(self) -> Self {
        self.flag(3)
    }

    /// Only caches that know what the status means may keep it; goes with
    /// [`no_store`](Self::no_store).
    #[must_use]
    pub fn must_understand(self) -> Self {
        self.flag(4)
    }

    /// Once too old, it is not used without asking.
    #[must_use]
    pub fn must_revalidate(self) -> Self {
        self.flag(5)
    }

    /// [`must_revalidate`](Self::must_revalidate) for shared caches.
    #[must_use]
    pub fn proxy_revalidate(self) -> Self {
        self.flag(6)
    }

    /// Nothing on the way may convert it.
    #[must_use]
    pub fn no_transform(self) -> Self {
        self.flag(7)
    }

    /// It does not change within its time, so reloading a page need not ask (RFC 8246).
    #[must_use]
    pub fn immutable(self) -> Self {
        self.flag(8)
    }

    /// How long it is fresh.
    #[must_use]
    pub fn max_age(self, time: Duration) -> Self {
        self.time(0, time)
    }

    /// How long it is fresh in shared caches.
    #[must_use]
    pub fn s_maxage(self, time: Duration) -> Self {
        self.time(1, time)
    }

    /// How long after that it may be used while a newer one is fetched (RFC 5861, 3).
    #[must_use]
    pub fn stale_while_revalidate(self, time: Duration) -> Self {
        self.time(2, time)
    }

    /// How long after that it may be used if the server fails (RFC 5861, 4).
    #[must_use]
    pub fn stale_if_error(self, time: Duration) -> Self {
        self.time(3, time)
    }

    fn flag(mut self, at: usize) -> Self {
        self.flags[at] = true;
        self
    }

    fn time(mut self, at: usize, time: Duration) -> Self {
        self.times[at] = Some(time);
        self
    }
}

impl fmt::Display for CacheControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        let flags = |range: std::ops::Range<usize>| {
            let set = range.filter(|&at| self.flags[at]);
            set.map(|at| FLAGS[at])
        };
        for flag in flags(0..5) {
            write!(f, "{between}{flag}")?;
            between = ", ";
        }
        for (name, time) in TIMES.iter().zip(self.times) {
            if let Some(time) = time {
                write!(f, "{between}{name}={}", time.as_secs())?;
                between = ", ";
            }
        }
        for flag in flags(5..FLAGS.len()) {
            write!(f, "{between}{flag}")?;
            between = ", ";
        }
        Ok(())
    }
}

impl From<CacheControl> for HeaderValue {
    fn from(directives: CacheControl) -> Self {
        let value = Self::try_from(directives.to_string());
        value.unwrap_or(Self::from_static("no-store"))
    }
}

impl ResponsePart for CacheControl {
    fn apply(self, res: &mut Response) {
        if self == Self::new() {
            res.headers_mut().remove(CACHE_CONTROL);
        } else {
            res.headers_mut().insert(CACHE_CONTROL, self.into());
        }
    }
}
