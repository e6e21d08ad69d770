//! One check: a name, what it asks, and how long that may take.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::{Error, Fallible, Result};

type Pending = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// A question to something this app depends on, asked by `/readyz`. Give it to the app by
/// [`App::contribute`](crate::App::contribute).
///
/// ```
/// use cepa::health::{Health, HealthCheck};
/// use cepa::prelude::*;
/// use std::time::Duration;
///
/// let disk = HealthCheck::new("disk", async || -> Result<()> {
///     let free = 10_000;
///     if free < 100 {
///         return Err(Error::internal(format!("{free} MiB are free")));
///     }
///     Ok(())
/// });
///
/// let app = App::new().plug(Health::new()).contribute(disk.with_timeout(Duration::from_millis(500)));
/// app.test().get("/readyz").send().assert_status(200);
/// ```
#[derive(Clone)]
pub struct HealthCheck {
    name: Arc<str>,
    ask: Arc<dyn Fn() -> Pending + Send + Sync>,
    timeout: Duration,
}

impl HealthCheck {
    /// A check of this name. The function returns `()` or `Result<(), E>`, and is called each time
    /// anew. One that blocks uses [`blocking`](crate::blocking); one that captures hands out clones, `move || { let db = db.clone(); async move { .. } }`.
    pub fn new<F, Fut>(name: impl Into<Arc<str>>, ask: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Fallible> + Send + 'static,
    {
        let ask = move || -> Pending {
            let asked = ask();
            Box::pin(async move { asked.await.into_result() })
        };
        Self {
            name: name.into(),
            ask: Arc::new(ask),
            timeout: Duration::from_secs(2),
        }
    }

    /// How long it may take until it counts as failed. Default: 2 seconds.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The name, as it stands in the answer.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Asks, and gives up at the timeout.
    ///
    /// # Errors
    /// What the function says, or that it took too long.
    pub async fn run(&self) -> Result<()> {
        match tokio::time::timeout(self.timeout, (self.ask)()).await {
            Ok(result) => result,
            Err(_) => Err(Error::internal(format!("no answer in {:?}", self.timeout))),
        }
    }

    /// What is wrong with it, if something is.
    pub(super) fn problem(&self) -> Option<String> {
        if self.name.is_empty() {
            return Some("a health check has no name: give it one".to_owned());
        }
        let name = &self.name;
        self.timeout
            .is_zero()
            .then(|| format!("the health check `{name}` has a timeout of zero, so it never passes"))
    }
}

impl fmt::Debug for HealthCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HealthCheck")
            .field("name", &self.name)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
