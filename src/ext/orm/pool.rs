//! The pool: opened at start, closed at stop, and the rules that every statement runs by.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use sea_orm::{
    DatabaseConnection, DbBackend, DbErr, RuntimeErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::beside::Told;
use super::interrupt::Interrupts;
use super::transaction::Transaction;
use super::watch::Labels;
use crate::log;

/// A pool that is opened later than the app is built. Cheap to clone.
#[derive(Clone)]
pub(super) struct Pool(Arc<Inner>);

struct Inner {
    backend: DbBackend,
    open: OnceLock<Open>,
}

/// What is known once the pool is open.
pub(super) struct Open {
    pub(super) connection: DatabaseConnection,
    pub(super) rules: Rules,
    pub(super) interrupts: Arc<Interrupts>,
    pub(super) labels: Labels,
    pub(super) told: Told,
    /// SQLite has one writer at a time. Those who wait here go on in the order they came, which its
    /// own waiting knows nothing of.
    writer: Option<Arc<Semaphore>>,
}

/// How long things may take.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) acquire_timeout: Duration,
    pub(super) statement_timeout: Duration,
    pub(super) slow: Duration,
}

/// Answers every question with an error.
static NOWHERE: LazyLock<DatabaseConnection> = LazyLock::new(DatabaseConnection::default);

/// How long a stop waits for connections that are in use.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

impl Pool {
    pub(super) fn new(backend: DbBackend) -> Self {
        Self(Arc::new(Inner {
            backend,
            open: OnceLock::new(),
        }))
    }

    pub(super) fn backend(&self) -> DbBackend {
        self.0.backend
    }

    /// The pool is open from here on; another one that was open before stays.
    pub(super) fn set(
        &self,
        connection: DatabaseConnection,
        rules: Rules,
        interrupts: Arc<Interrupts>,
    ) {
        let is_sqlite = self.backend() == DbBackend::Sqlite;
        let _ = self.0.open.set(Open {
            connection,
            rules,
            interrupts,
            labels: Labels::default(),
            told: Told::default(),
            writer: is_sqlite.then(|| Arc::new(Semaphore::new(1))),
        });
    }

    /// # Errors
    /// It was not opened.
    pub(super) fn open(&self) -> Result<&Open, DbErr> {
        self.0.open.get().ok_or_else(|| {
            away(
                "the database is not open: plug it into the app, `.plug(database)`; it is open from \
                 the start of the app on, in tests from `service.start().await`",
            )
        })
    }

    /// The connections; those that answer with an error before the pool is open.
    pub(super) fn connection(&self) -> &DatabaseConnection {
        let open = self.0.open.get();
        open.map_or_else(|| &*NOWHERE, |open| &open.connection)
    }

    /// Asks for nothing but an answer.
    pub(super) async fn ping(&self) -> Result<(), DbErr> {
        let open = self.open()?;
        open.run(open.connection.ping()).await
    }

    /// Closes the pool, and waits for connections that are in use, a while.
    pub(super) async fn close(&self) -> Result<(), DbErr> {
        let Some(open) = self.0.open.get() else {
            return Ok(());
        };
        open.interrupts.close();
        match timeout(CLOSE_TIMEOUT, open.connection.close_by_ref()).await {
            Ok(closed) => closed,
            Err(_) => {
                log::warn(&format!(
                    "connections to the database are in use {CLOSE_TIMEOUT:?} after the last request: they are not waited for any more, and end with what holds them, or with the process"
                ));
                Ok(())
            }
        }
    }

    /// Begins a transaction on a connection of this pool; on SQLite as the only writer.
    pub(super) async fn begin(
        &self,
        connection: &DatabaseConnection,
        mut options: TransactionOptions,
    ) -> Result<Transaction, DbErr> {
        let open = self.open()?;
        let writer = match options.sqlite_transaction_mode {
            Some(SqliteTransactionMode::Deferred) => None,
            _ => open.enter().await?,
        };
        if writer.is_some() {
            // A transaction that reads first and writes then would fail where another one wrote in
            // between, whatever time it has to wait.
            let mode = &mut options.sqlite_transaction_mode;
            mode.get_or_insert(SqliteTransactionMode::Immediate);
        }
        let begun = open.run(connection.begin_with_options(options)).await?;
        Ok(Transaction::new(self.clone(), begun, writer))
    }
}

impl Open {
    /// Waits until nobody else writes, on SQLite.
    ///
    /// # Errors
    /// Others write for longer than the pool lets wait.
    pub(super) async fn enter(&self) -> Result<Option<OwnedSemaphorePermit>, DbErr> {
        let Some(writer) = &self.writer else {
            return Ok(None);
        };
        let wait = self.rules.acquire_timeout;
        match timeout(wait, Arc::clone(writer).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Some(permit)),
            _ => Err(away(format!(
                "another transaction writes to the SQLite file for more than {wait:?}; a handler that takes `Tx` writes by it alone"
            ))),
        }
    }

    /// Runs something that asks the database, for no longer than a statement may take.
    ///
    /// # Errors
    /// Its own, or that it took too long.
    pub(super) async fn run<T>(
        &self,
        ask: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, DbErr> {
        let limit = self.rules.statement_timeout;
        let mut asked = pin!(timeout(limit, ask));
        // Dropped before what it watches, which so comes back to a pool that knows.
        let watch = self.interrupts.watch();
        match asked.as_mut().await {
            Ok(answer) => {
                watch.end();
                answer
            }
            Err(_) => Err(silence(limit)),
        }
    }
}

/// The database took too long.
pub(super) fn silence(limit: Duration) -> DbErr {
    away(format!("the database gave no answer in {limit:?}"))
}

/// An error that is a 503.
pub(super) fn away(sentence: impl Into<String>) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(sentence.into()))
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("backend", &self.0.backend)
            .field("is_open", &self.0.open.get().is_some())
            .finish()
    }
}
