//! What becomes of a connection that comes back to the pool after an interrupt.

use std::future::{Future, poll_fn, ready};
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use sea_orm::sqlx::{self, ConnectOptions as _, Connection, Executor as _};
use tokio::time::{sleep, timeout};

use super::connect::{FIRST_PAUSE, LONGEST_PAUSE};
use super::interrupt::Interrupts;

/// How connections of this kind are asked.
pub(super) trait Server: Connection {
    /// Ends a transaction that is open, which is nobody's.
    fn undo(&mut self) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

#[cfg(feature = "orm-postgres")]
impl Server for sqlx::PgConnection {
    /// In one transaction, since PostgreSQL warns of a `ROLLBACK` without one each time. A transaction
    /// that has failed takes nothing but that.
    async fn undo(&mut self) -> Result<(), sqlx::Error> {
        match self.execute("BEGIN; ROLLBACK").await {
            Err(sqlx::Error::Database(_)) => self.execute("ROLLBACK").await.map(drop),
            undone => undone.map(drop),
        }
    }
}

#[cfg(feature = "orm-mysql")]
impl Server for sqlx::MySqlConnection {
    async fn undo(&mut self) -> Result<(), sqlx::Error> {
        self.execute("ROLLBACK").await.map(drop)
    }
}

/// What is known where a connection comes back.
pub(super) struct Release<C: Connection> {
    interrupts: Arc<Interrupts>,
    /// How long it has to answer.
    patience: Duration,
    /// How to make one, which is known once the pool is made.
    options: OnceLock<Arc<C::Options>>,
}

/// What the pool of SQLx wants to know: whether the connection stays.
pub(super) type Answer<'c> = Pin<Box<dyn Future<Output = Result<bool, sqlx::Error>> + Send + 'c>>;

impl<C: Server> Release<C> {
    pub(super) fn new(interrupts: Arc<Interrupts>, patience: Duration) -> Arc<Self> {
        Arc::new(Self {
            interrupts,
            patience,
            options: OnceLock::new(),
        })
    }

    /// The options of the pool; those that were set before stay.
    pub(super) fn set(&self, options: Arc<C::Options>) {
        let _ = self.options.set(options);
    }

    /// After an interrupt, whether a connection that comes back still answers; a transaction that
    /// was begun on it and is nobody's ends by it.
    pub(super) fn asked<'c>(self: &Arc<Self>, connection: &'c mut C) -> Answer<'c> {
        if !self.interrupts.are_recent() {
            return Box::pin(ready(Ok(true)));
        }
        let this = Arc::clone(self);
        Box::pin(async move {
            match timeout(this.patience, connection.undo()).await {
                Ok(undone) => undone.map(|()| true),
                Err(_) => this.replace(connection).await,
            }
        })
    }

    /// Puts a new connection in the place of one that hangs, whose socket closes so. The pool would
    /// wait for the other end to close it, by TLS, and keep its place until then. It closes the new
    /// one and makes another, in its own way.
    async fn replace(&self, connection: &mut C) -> Result<bool, sqlx::Error> {
        let Some(options) = self.options.get() else {
            return Err(sqlx::Error::PoolTimedOut);
        };
        let mut pause = FIRST_PAUSE;
        loop {
            let attempt = timeout(self.patience, options.connect());
            match self.until_closed(attempt).await {
                Some(Ok(Ok(new))) => {
                    *connection = new;
                    return Ok(false);
                }
                Some(_) => {}
                None => return Err(sqlx::Error::PoolClosed),
            }
            let paused = self.until_closed(sleep(pause)).await;
            if paused.is_none() {
                return Err(sqlx::Error::PoolClosed);
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Waits for something, as long as the pool is open.
    async fn until_closed<T>(&self, wait: impl Future<Output = T>) -> Option<T> {
        let mut closed = pin!(self.interrupts.closed.acquire());
        let mut wait = pin!(wait);
        poll_fn(|cx| match closed.as_mut().poll(cx) {
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => wait.as_mut().poll(cx).map(Some),
        })
        .await
    }
}
