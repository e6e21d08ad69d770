//! The contract of a store: it keeps one number per key and asks the quota what that means.
//!
//! Before it: the middleware made the key. After it: the decision goes on, or becomes a 429.

use std::future::Future;
use std::time::Duration;

use super::key::RateLimitKey;
use crate::Result;

/// How many requests in which time, and how many at once.
///
/// ```
/// use cepa::rate_limit::Quota;
/// use std::time::Duration;
///
/// let quota = Quota::new(60, Duration::from_secs(60)).with_burst(5);
/// assert_eq!((quota.limit(), quota.burst()), (60, 5));
/// let (decision, debt) = quota.take(Duration::ZERO);
/// assert_eq!((decision.remaining(), debt), (4, Duration::from_secs(1)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub(super) limit: u32,
    pub(super) per: Duration,
    pub(super) burst: u32,
}

impl Quota {
    /// This many requests in this time, and as many at once.
    #[must_use]
    pub fn new(limit: u32, per: Duration) -> Self {
        let burst = limit;
        Self { limit, per, burst }
    }

    /// The same quota with this many requests at once.
    #[must_use]
    pub fn with_burst(mut self, burst: u32) -> Self {
        self.burst = burst;
        self
    }

    /// Requests in [`per`](Self::per).
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// The time in which [`limit`](Self::limit) requests are let through.
    #[must_use]
    pub fn per(&self) -> Duration {
        self.per
    }

    /// Requests that are let through at once.
    #[must_use]
    pub fn burst(&self) -> u32 {
        self.burst
    }

    /// What one request means for a client with this debt, and its debt afterwards.
    ///
    /// The debt is the one number that a store keeps: how long it takes until all is paid back,
    /// nothing at first. Each request adds `per / limit`; the time takes it away again. So a store
    /// keeps the *time at which the debt is paid*, and may forget it once that has passed.
    ///
    /// ```
    /// use cepa::rate_limit::Quota;
    /// use std::time::Duration;
    ///
    /// let quota = Quota::new(2, Duration::from_secs(10));
    /// let (first, debt) = quota.take(Duration::ZERO);
    /// assert!(first.is_allowed());
    /// assert_eq!((first.remaining(), debt), (1, Duration::from_secs(5)));
    /// let (_, debt) = quota.take(debt);
    /// let (third, _) = quota.take(debt - Duration::from_secs(1)); // a second later
    /// assert_eq!(third.retry_after(), Some(Duration::from_secs(4)));
    /// ```
    #[must_use]
    pub fn take(&self, debt: Duration) -> (Decision, Duration) {
        let each = self.each();
        let room = each.saturating_mul(self.burst.into());
        let owed = nanos(debt).saturating_add(each);
        if owed > room {
            let wait = Duration::from_nanos(owed - room);
            return (Decision::refused(wait, debt), debt);
        }
        let left = u32::try_from((room - owed) / each).unwrap_or(u32::MAX);
        let owed = Duration::from_nanos(owed);
        (Decision::allowed(left, owed), owed)
    }

    /// The debt of a client whose last request is not to count after all.
    ///
    /// ```
    /// use cepa::rate_limit::Quota;
    /// use std::time::Duration;
    ///
    /// let quota = Quota::new(2, Duration::from_secs(10));
    /// let (_, debt) = quota.take(Duration::ZERO);
    /// assert_eq!(quota.give_back(debt), Duration::ZERO);
    /// ```
    #[must_use]
    pub fn give_back(&self, debt: Duration) -> Duration {
        debt.saturating_sub(Duration::from_nanos(self.each()))
    }

    /// What one request adds to the debt, in nanoseconds.
    fn each(&self) -> u64 {
        (nanos(self.per) / u64::from(self.limit.max(1))).max(1)
    }
}

/// As nanoseconds, of which there is room for 584 years.
pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// What a store says about one request; what is refused is answered with 429.
///
/// ```
/// use cepa::rate_limit::Decision;
/// use std::time::Duration;
///
/// let (soon, later) = (Duration::from_secs(3), Duration::from_secs(60));
/// let refused = Decision::refused(soon, later);
/// assert!(!refused.is_allowed() && refused.remaining() == 0);
/// assert_eq!((refused.retry_after(), refused.reset()), (Some(soon), later));
/// assert!(Decision::allowed(9, soon).is_allowed());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    wait: Option<Duration>,
    remaining: u32,
    reset: Duration,
}

impl Decision {
    /// It may pass; this many more may, and in this time all may again.
    #[must_use]
    pub fn allowed(remaining: u32, reset: Duration) -> Self {
        Self {
            wait: None,
            remaining,
            reset,
        }
    }

    /// It may not, before this time has passed; all may again after `reset`.
    #[must_use]
    pub fn refused(retry_after: Duration, reset: Duration) -> Self {
        Self {
            wait: Some(retry_after),
            remaining: 0,
            reset,
        }
    }

    /// Whether it may pass.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.wait.is_none()
    }

    /// How many more may pass now.
    #[must_use]
    pub fn remaining(&self) -> u32 {
        self.remaining
    }

    /// When the client has its whole burst again.
    #[must_use]
    pub fn reset(&self) -> Duration {
        self.reset
    }

    /// When a refused client is let through again.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.wait
    }
}

/// Where the counts are: in this process ([`MemoryStore`](super::MemoryStore)), or where several
/// processes share them.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::rate_limit::{Decision, Quota, RateLimit, RateLimitKey, RateLimitStore};
/// use std::time::Duration;
///
/// /// Lets nobody through who is not known.
/// struct Known(&'static str);
///
/// impl RateLimitStore for Known {
///     async fn take(&self, key: &RateLimitKey<'_>, quota: &Quota) -> Result<Decision> {
///         Ok(match key.to_string() == self.0 {
///             true => Decision::allowed(quota.burst(), Duration::ZERO),
///             false => Decision::refused(quota.per(), quota.per()),
///         })
///     }
/// }
///
/// let limit = RateLimit::per_minute(5).with_store(Known("default:127.0.0.1"));
/// let client = App::new().with(limit).get("/", async || "hello").test();
/// client.get("/").send().assert_text("hello");
/// ```
pub trait RateLimitStore: Send + Sync + 'static {
    /// Takes one request from what the client of this key has left, if it has any. The key as text
    /// (`to_string`) is the same in every process; [`Quota::take`] does the arithmetic.
    ///
    /// # Errors
    /// Whatever is to be answered where the store cannot say: its error is the response, and nothing
    /// behind the limiter runs. A store that would rather let requests through returns
    /// [`Decision::allowed`] itself.
    fn take(
        &self,
        key: &RateLimitKey<'_>,
        quota: &Quota,
    ) -> impl Future<Output = Result<Decision>> + Send;

    /// Gives the client of this key one request back, for those who count failures and learn late
    /// that it was none ([`Quota::give_back`] does the arithmetic). Default: it stays counted.
    ///
    /// # Errors
    /// The store cannot be asked.
    fn give_back(
        &self,
        key: &RateLimitKey<'_>,
        quota: &Quota,
    ) -> impl Future<Output = Result<()>> + Send {
        let _ = (key, quota);
        async { Ok(()) }
    }
}

/// A store that limiters share; their names keep their counts apart.
impl<S: RateLimitStore> RateLimitStore for std::sync::Arc<S> {
    fn take(
        &self,
        key: &RateLimitKey<'_>,
        quota: &Quota,
    ) -> impl Future<Output = Result<Decision>> + Send {
        S::take(self, key, quota)
    }

    fn give_back(
        &self,
        key: &RateLimitKey<'_>,
        quota: &Quota,
    ) -> impl Future<Output = Result<()>> + Send {
        S::give_back(self, key, quota)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_the_burst_and_fills_at_the_rate() {
        let second = Duration::from_secs(1);
        let quota = Quota::new(60, 60 * second).with_burst(3);
        let mut debt = Duration::ZERO;
        for left in [2, 1, 0] {
            let (decision, owed) = quota.take(debt);
            assert_eq!(decision, Decision::allowed(left, owed));
            debt = owed;
        }
        assert_eq!(debt, 3 * second);
        let (decision, same) = quota.take(debt);
        assert_eq!(decision, Decision::refused(second, debt));
        assert_eq!(same, debt, "a refused request costs nothing");
        let (decision, _) = quota.take(debt - second / 2);
        assert_eq!(decision.retry_after(), Some(second / 2));
        let (decision, owed) = quota.take(debt - second);
        assert_eq!(decision, Decision::allowed(0, owed));
    }

    #[test]
    fn over_a_long_time_the_rate_is_what_was_asked_for() {
        for (limit, burst) in [(1, 1), (7, 3), (100, 100), (1_000, 1)] {
            let quota = Quota::new(limit, Duration::from_secs(1)).with_burst(burst);
            let (mut debt, mut passed) = (Duration::ZERO, 0);
            let step = Duration::from_micros(137);
            for _ in 0..73_000 {
                let (decision, owed) = quota.take(debt);
                passed += u32::from(decision.is_allowed());
                debt = owed.saturating_sub(step);
            }
            // 73,000 steps of 137 µs are a little more than ten seconds.
            let most = 10 * limit + burst + limit / 500 + 1;
            assert!(passed <= most, "{limit}: {passed} of {most}");
            assert!(passed >= 10 * limit * 85 / 100, "{limit}: {passed}");
        }
    }

    #[test]
    fn no_number_is_too_large() {
        for limit in [0, 1, u32::MAX] {
            for per in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
                for burst in [0, 1, u32::MAX] {
                    for debt in [Duration::ZERO, Duration::from_secs(1), Duration::MAX] {
                        let quota = Quota::new(limit, per).with_burst(burst);
                        let (decision, _) = quota.take(debt);
                        assert!(burst > 0 || !decision.is_allowed());
                    }
                }
            }
        }
    }
}
