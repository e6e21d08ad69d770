//! `RateLimit`: the quota, whom it is counted for, and where.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use super::key::RateLimitKey;
use super::memory::MemoryStore;
use super::store::{Decision, Quota, RateLimitStore};
use crate::{HeaderValue, Request, Result};

/// Middleware that lets so many requests of each client through; more are a 429.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::rate_limit::RateLimit;
///
/// #[derive(Clone)]
/// struct Account(u64);
///
/// // By account where one is known, otherwise by address.
/// let limit = RateLimit::per_minute(600)
///     .with_burst(20)
///     .with_key(|req| req.local::<Account>().map(|account| account.0.to_string()));
/// let client = App::new().with(limit).get("/", async || "hello").test();
/// client.get("/").send().assert_header("ratelimit-policy", "\"default\";q=600;w=60");
/// ```
#[must_use = "a limit does nothing until it is in an app: `app.with(limit)`"]
pub struct RateLimit {
    pub(super) quota: Quota,
    pub(super) key: Option<KeyFn>,
    pub(super) name: Cow<'static, str>,
    /// The value of `RateLimit-Policy`; `None` if the headers are off or the name is not allowed.
    pub(super) policy: Option<HeaderValue>,
    pub(super) has_headers: bool,
    pub(super) store: Store,
}

type KeyFn = Box<dyn Fn(&Request) -> Option<String> + Send + Sync>;

impl RateLimit {
    /// This many requests in this time. Zero requests and no time are problems that `build` reports.
    pub fn new(requests: u32, per: Duration) -> Self {
        let mut limit = Self {
            quota: Quota::new(requests, per),
            key: None,
            name: Cow::Borrowed(DEFAULT),
            policy: None,
            has_headers: true,
            store: Store::Memory(MemoryStore::new()),
        };
        limit.describe();
        limit
    }

    /// This many requests in a second.
    pub fn per_second(requests: u32) -> Self {
        Self::new(requests, Duration::from_secs(1))
    }

    /// This many requests in a minute.
    pub fn per_minute(requests: u32) -> Self {
        Self::new(requests, Duration::from_secs(60))
    }

    /// This many requests in an hour.
    pub fn per_hour(requests: u32) -> Self {
        Self::new(requests, Duration::from_secs(60 * 60))
    }

    /// How many requests may come at once. Default: as many as the limit.
    pub fn with_burst(mut self, requests: u32) -> Self {
        self.quota = self.quota.with_burst(requests);
        self
    }

    /// Counts by this text in place of the client's address; where it is `None`, by address still.
    /// Middleware further out may have found out who it is ([`Request::local`]).
    pub fn with_key(
        mut self,
        key: impl Fn(&Request) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.key = Some(Box::new(key));
        self
    }

    /// The name in the headers, before the keys of a store that several limiters share, and in route
    /// tables, messages and times: `RateLimit::sign-in`. Visible ASCII without `"` and `\`. Default:
    /// `default`, which tables leave out.
    pub fn with_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self.describe();
        self
    }

    /// Whether answers tell what the client has left. Default: yes. `Retry-After` is always there.
    pub fn with_headers(mut self, has_headers: bool) -> Self {
        self.has_headers = has_headers;
        self.describe();
        self
    }

    /// Where the counts are. Default: a [`MemoryStore`] of its own.
    pub fn with_store(mut self, store: impl RateLimitStore) -> Self {
        self.store = Store::Other(Box::new(store));
        self
    }

    fn describe(&mut self) {
        let (name, quota, window) = (&self.name, self.quota.limit, seconds(self.quota.per));
        let value = format!("\"{name}\";q={quota};w={window}");
        let value = HeaderValue::try_from(value).ok();
        self.policy = value.filter(|_| self.has_headers);
    }

    /// What is wrong with the options.
    pub(super) fn wrong_options(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let Quota { limit, per, burst } = self.quota;
        if limit == 0 || burst == 0 {
            let which = if limit == 0 { "limit" } else { "burst" };
            problems.push(format!(
                "a {which} of 0 lets nobody through: allow 1 at least, or leave the routes out"
            ));
        }
        if per < Duration::from_nanos(limit.max(1).into()) {
            problems.push(format!(
                "{limit} requests in {per:?} are no limit: name a longer time"
            ));
        }
        if !self.has_plain_name() {
            problems.push(format!(
                "`{}` is no name for a limiter: use visible ASCII without `\"` and `\\`",
                self.name.escape_debug()
            ));
        }
        problems
    }

    /// Whether it has a name of its own, which can be shown.
    pub(super) fn is_named(&self) -> bool {
        self.name != DEFAULT && self.has_plain_name()
    }

    fn has_plain_name(&self) -> bool {
        let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        !self.name.is_empty() && self.name.bytes().all(is_plain)
    }
}

const DEFAULT: &str = "default";

/// Whole seconds, rounded up, 1 at least.
pub(super) fn seconds(time: Duration) -> u64 {
    let begun = u64::from(time.subsec_nanos() > 0);
    time.as_secs().saturating_add(begun).max(1)
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("name", &self.name)
            .field("quota", &self.quota)
            .finish_non_exhaustive()
    }
}

/// The default is asked directly, a store that was given through a boxed future.
pub(super) enum Store {
    Memory(MemoryStore),
    Other(Box<dyn AnyStore>),
}

impl Store {
    pub(super) async fn take(&self, key: &RateLimitKey<'_>, quota: &Quota) -> Result<Decision> {
        match self {
            Self::Memory(store) => Ok(store.decide(key, quota)),
            Self::Other(store) => store.take(key, quota).await,
        }
    }
}

type Taken<'a> = Pin<Box<dyn Future<Output = Result<Decision>> + Send + 'a>>;

/// A [`RateLimitStore`] behind a pointer.
pub(super) trait AnyStore: Send + Sync {
    fn take<'a>(&'a self, key: &'a RateLimitKey<'_>, quota: &'a Quota) -> Taken<'a>;
}

impl<S: RateLimitStore> AnyStore for S {
    fn take<'a>(&'a self, key: &'a RateLimitKey<'_>, quota: &'a Quota) -> Taken<'a> {
        Box::pin(RateLimitStore::take(self, key, quota))
    }
}
