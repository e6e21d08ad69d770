//! `Concurrency`: so many requests at once, a queue for a few more, and a quick answer for the rest.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::{Middleware, Next};
use crate::{Error, IntoResponse, Request, Response};

/// Lets so many requests into what it wraps at once; a few more wait, in the order they came.
///
/// - **Headers**: `Retry-After` on the answers of its own (RFC 9110, 10.2.3): the longest wait in
///   whole seconds, at least 1.
/// - **Statuses**: 503 (RFC 9110, 15.6.4) where the queue is full, or a request waited too long.
///
/// A request counts until the body of its response was sent, failed or was dropped, so a slow
/// download counts. It counts no longer once its client is gone, also where the handler runs on by
/// [`finish_on_disconnect`](crate::Handler::finish_on_disconnect). Clones share one limit: the same
/// value around several routes or apps limits all of them together. How many connections there may
/// be is the server's to say, by [`Server`](crate::Server).
///
/// ```
/// use cepa::prelude::*;
/// use cepa::Concurrency;
///
/// async fn report() -> &'static str {
///     "much work"
/// }
///
/// let app = App::new().get("/report", report.with(Concurrency::new(4).with_queue(16)));
/// app.test().get("/report").send().assert_text("much work");
/// ```
///
/// # Errors
/// A limit of zero is a problem that [`App::build`](crate::App::build) reports.
#[derive(Clone, Debug)]
pub struct Concurrency {
    limit: usize,
    permits: Arc<Semaphore>,
    /// Places to wait at.
    queue: Arc<Semaphore>,
    wait: Duration,
}

impl Concurrency {
    /// At most this many requests at once; as many again may wait, each for five seconds.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            permits: semaphore(limit),
            queue: semaphore(limit),
            wait: Duration::from_secs(5),
        }
    }

    /// At most this many requests wait; with 0, those beyond the limit are turned away at once.
    /// Default: as many as the limit.
    #[must_use]
    pub fn with_queue(mut self, len: usize) -> Self {
        self.queue = semaphore(len);
        self
    }

    /// A request waits at most this long. Default: five seconds.
    #[must_use]
    pub fn with_max_wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// A permit, or why there is none.
    async fn enter(&self) -> Result<OwnedSemaphorePermit, &'static str> {
        // Those who wait get permits first: one that is free is nobody's.
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let Ok(_place) = self.queue.try_acquire() else {
            return Err("as many requests as allowed run and wait");
        };
        match timeout(self.wait, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err("a request waited too long for others to end"),
        }
    }
}

fn semaphore(permits: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)))
}

impl Middleware for Concurrency {
    async fn handle(&self, req: Request, next: Next) -> Response {
        match self.enter().await {
            Ok(permit) => {
                let mut res = next.run(req).await;
                res.on_end(move |_| drop(permit));
                res
            }
            Err(why) => Error::unavailable(why)
                .with_retry_after(self.wait)
                .into_response(),
        }
    }

    fn problems(&self) -> Vec<String> {
        let problem = "no request could pass a limit of 0: let at least 1 in";
        (self.limit == 0)
            .then(|| problem.to_owned())
            .into_iter()
            .collect()
    }
}
