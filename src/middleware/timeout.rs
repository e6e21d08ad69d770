//! `Timeout`: what is inside has so much time to make a response.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Middleware, Next};
use crate::{Error, IntoResponse, Request, Response, StatusCode};

/// Answers 503 where what is inside makes no response in this time, and drops its future.
///
/// - **Headers**: none are added or changed.
/// - **Statuses**: 503 (RFC 9110, 15.6.4), or that of [`with_status`](Self::with_status), as a
///   rendered error whose cause is a [`TimeoutError`].
/// - **The body is not included.** The time ends with the head of the response; a stream may take as
///   long as it likes. For clients that do not read, the server has a timeout of its own.
///
/// The time counts from when the request reaches this middleware, so it includes the reading of a
/// request body by the handler. Of several around each other the shortest counts: one around a
/// handler shortens the app's, it cannot extend it. What is dropped ends at its `.await`; code that
/// computes without one is not interrupted, and a handler with
/// [`finish_on_disconnect`](crate::Handler::finish_on_disconnect) runs on to its end, unheard.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::{Timeout, TimeoutError};
/// use std::time::Duration;
///
/// async fn stuck() -> &'static str {
///     std::future::pending().await
/// }
///
/// let client = App::new().get("/", stuck.with(Timeout::new(Duration::from_millis(20)))).test();
/// let res = client.get("/").send();
/// res.assert_status(503);
/// assert!(res.error().is_some_and(|error| error.downcast_ref::<TimeoutError>().is_some()));
/// ```
///
/// # Errors
/// No time at all, or a status below 400, is a problem that [`App::build`](crate::App::build)
/// reports.
#[derive(Clone, Copy, Debug)]
pub struct Timeout {
    after: Duration,
    status: StatusCode,
}

impl Timeout {
    /// At most this time.
    #[must_use]
    pub fn new(after: Duration) -> Self {
        Self {
            after,
            status: StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Answers with this status, 400 or above; 504 suits an app that waits for another server
    /// (RFC 9110, 15.6.5). Default: 503.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }
}

impl Middleware for Timeout {
    async fn handle(&self, req: Request, next: Next) -> Response {
        let start = Instant::now();
        let mut inner = pin!(next.run(req));
        // Most responses are there at the first poll, without a timer.
        let mut timer = None;
        let done = poll_fn(|cx| {
            if let Poll::Ready(res) = inner.as_mut().poll(cx) {
                return Poll::Ready(Some(res));
            }
            let left = || Box::pin(sleep(self.after.saturating_sub(start.elapsed())));
            let timer = timer.get_or_insert_with(left);
            timer.as_mut().poll(cx).map(|()| None)
        });
        match done.await {
            Some(res) => res,
            None => Error::new(self.status, "this took too long")
                .with_source(TimeoutError { after: self.after })
                .into_response(),
        }
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.after.is_zero() {
            problems.push("no response is made in no time: give it more than zero".to_owned());
        }
        if self.status.as_u16() < 400 {
            let status = self.status.as_u16();
            problems.push(format!(
                "{status} is no status of an error: choose one from 400 on, such as 503 or 504"
            ));
        }
        problems
    }
}

/// There was no response in time: the cause of a [`Timeout`]'s error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeoutError {
    after: Duration,
}

impl TimeoutError {
    /// The time that was given.
    #[must_use]
    pub fn after(&self) -> Duration {
        self.after
    }
}

impl fmt::Display for TimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there was no response in {:?}", self.after)
    }
}

impl std::error::Error for TimeoutError {}
