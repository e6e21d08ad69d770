//! `Transaction`: one that its owner commits, or rolls back.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::entity::prelude::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    StreamTrait, TransactionOptions, TransactionSession, TransactionTrait,
};
use tokio::sync::OwnedSemaphorePermit;

use super::fault::Fault;
use super::pool::Pool;

/// A transaction begun by `begin` of a [`Db`](super::Db), of a [`Tx`](super::Tx), or of another one,
/// in which it is nested then. Dropped without [`commit`](Self::commit), it is rolled back; the one
/// around it stays as it is.
pub struct Transaction {
    // Dropped before the one around it, whose end would meet a connection in use otherwise.
    inner: Arc<DatabaseTransaction>,
    outer: Option<Arc<DatabaseTransaction>>,
    session: Arc<Session>,
}

/// What a transaction and those nested in it share.
struct Session {
    pool: Pool,
    /// A statement failed or was cut, after which PostgreSQL may answer a commit with a rollback.
    is_doubtful: AtomicBool,
    /// The database has rolled it back, and would run what follows outside of a transaction.
    is_lost: AtomicBool,
    _writer: Option<OwnedSemaphorePermit>,
}

impl Session {
    /// Runs a statement, unless the transaction is lost, and notes how it ended.
    async fn run<T>(&self, ask: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        if self.is_lost.load(Ordering::Acquire) {
            return Err(lost());
        }
        let doubt = Alarm(Some(&self.is_doubtful));
        let answer = self.pool.open()?.run(ask).await;
        match &answer {
            Ok(_) => doubt.off(),
            Err(error) => {
                let is_undone = Fault::of(error).is_passing();
                if is_undone && self.pool.backend() != DbBackend::Postgres {
                    self.is_lost.store(true, Ordering::Release);
                }
            }
        }
        answer
    }
}

/// Sets a flag when it is dropped, unless it was turned off: also where the future it is in ends early.
struct Alarm<'a>(Option<&'a AtomicBool>);

impl Alarm<'_> {
    fn off(mut self) {
        self.0 = None;
    }
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if let Some(flag) = self.0 {
            flag.store(true, Ordering::Release);
        }
    }
}

/// MariaDB rolls a transaction back at a deadlock, SQLite where its disk is full, and both go on
/// without one.
fn lost() -> DbErr {
    DbErr::Custom("the database undid this transaction, when a statement failed before".to_owned())
}

fn undone() -> DbErr {
    DbErr::Custom(
        "PostgreSQL undid this transaction, since a statement of it failed; what may fail stands in a nested one, `tx.begin().await?`"
            .to_owned(),
    )
}

impl Transaction {
    pub(super) fn new(
        pool: Pool,
        begun: DatabaseTransaction,
        writer: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            inner: Arc::new(begun),
            outer: None,
            session: Arc::new(Session {
                pool,
                is_doubtful: AtomicBool::new(false),
                is_lost: AtomicBool::new(false),
                _writer: writer,
            }),
        }
    }

    /// Begins one that is nested in this, as a savepoint.
    pub(super) async fn nested(&self, options: TransactionOptions) -> Result<Self, DbErr> {
        // SeaORM answers a savepoint that cannot be made, or is not waited for, by a rollback of the
        // transaction around it, and what follows would be on its own.
        let loss = Alarm(Some(&self.session.is_lost));
        let begun = self
            .session
            .run(self.inner.begin_with_options(options))
            .await?;
        loss.off();
        Ok(Self {
            inner: Arc::new(begun),
            outer: Some(Arc::clone(&self.inner)),
            session: Arc::clone(&self.session),
        })
    }

    /// Makes what was written last; of a nested one, as long as the one around it is committed too.
    ///
    /// # Errors
    /// What the database says. A transaction that it has undone on its own is an error too, and so is
    /// one that another is still open in.
    pub async fn commit(self) -> Result<(), DbErr> {
        let Self {
            inner,
            outer,
            session,
        } = self;
        let is_doubtful = session.is_doubtful.load(Ordering::Acquire) && outer.is_none();
        if is_doubtful && session.pool.backend() == DbBackend::Postgres {
            let asked = session.run(inner.execute_unprepared("SELECT 1")).await;
            asked.map_err(|_| undone())?;
        }
        let inner = Arc::try_unwrap(inner).map_err(|_| {
            let sentence = "a transaction cannot be committed while one that is nested in it is open: commit or drop that first";
            DbErr::Custom(sentence.to_owned())
        })?;
        session.run(inner.commit()).await
    }

    /// Undoes what was written.
    ///
    /// # Errors
    /// What the database says; it is undone all the same, when the connection ends.
    pub async fn rollback(self) -> Result<(), DbErr> {
        let Self { inner, session, .. } = self;
        match Arc::try_unwrap(inner) {
            Ok(inner) => session.pool.open()?.run(inner.rollback()).await,
            // The nested one that is open holds it, and rolls back by being dropped.
            Err(_) => Ok(()),
        }
    }
}

/// The transaction of SeaORM, for functions that ask for one.
impl Deref for Transaction {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.inner
    }
}

#[async_trait::async_trait]
impl TransactionSession for Transaction {
    async fn commit(self) -> Result<(), DbErr> {
        Self::commit(self).await
    }

    async fn rollback(self) -> Result<(), DbErr> {
        Self::rollback(self).await
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.session.pool.backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.session.run(self.inner.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.session.run(self.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.session.run(self.inner.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.session.run(self.inner.query_all_raw(statement)).await
    }
}

impl StreamTrait for Transaction {
    type Stream<'a> = <DatabaseTransaction as StreamTrait>::Stream<'a>;

    fn get_database_backend(&self) -> DbBackend {
        self.session.pool.backend()
    }

    fn stream_raw<'a>(
        &'a self,
        statement: Statement,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Self::Stream<'a>, DbErr>> + 'a + Send>> {
        self.inner.stream_raw(statement)
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("backend", &self.session.pool.backend())
            .field("is_nested", &self.outer.is_some())
            .finish()
    }
}
