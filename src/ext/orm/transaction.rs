//! `Transaction`: one that its owner commits, or rolls back.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use sea_orm::entity::prelude::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    StreamTrait, TransactionOptions, TransactionSession, TransactionStream, TransactionTrait,
};
use tokio::sync::{Mutex, MutexGuard, OwnedSemaphorePermit};
use tokio::time::timeout;

use super::fault::Fault;
use super::interrupt::Watch;
use super::pool::Pool;

/// A transaction begun by `begin` of a [`Db`](super::Db), of a [`Tx`](super::Tx), or of another one,
/// in which it is nested then. Dropped without [`commit`](Self::commit), it is rolled back; the one
/// around it stays as it is.
///
/// While one that is nested in it is open, it answers nothing but an error: databases know only the
/// innermost one, whose end would be the end of what others wrote in between.
pub struct Transaction {
    // Dropped before the session, which lets the next one write.
    level: Arc<Level>,
    session: Arc<Session>,
}

/// A transaction of SeaORM, the outermost one or one of those nested in it.
struct Level {
    // Dropped before the one around it, whose end would meet a connection in use otherwise.
    inner: DatabaseTransaction,
    outer: Option<Arc<Self>>,
}

impl Level {
    /// Whether one is open that is nested in this.
    fn is_covered(self: &Arc<Self>) -> bool {
        let is_covered = Arc::strong_count(self) > 1;
        // What the nested one did with the connection at its end was before.
        fence(Ordering::Acquire);
        is_covered
    }
}

/// What a transaction and those nested in it share.
struct Session {
    pool: Pool,
    /// A statement failed or was cut, after which PostgreSQL may answer a commit with a rollback.
    is_doubtful: AtomicBool,
    /// The database has rolled it back, and would run what follows outside of a transaction.
    is_lost: AtomicBool,
    /// Who asks has the connection. It is waited for here: SeaORM panics where a transaction is
    /// dropped while another one has it, or waits for it.
    turn: Mutex<()>,
    _writer: Option<OwnedSemaphorePermit>,
}

impl Session {
    /// Runs a statement, unless the transaction is lost, and notes how it ended.
    async fn run<T>(&self, ask: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        self.is_there()?;
        let doubt = Alarm(Some(&self.is_doubtful));
        let answer = self.pool.open()?.run(ask).await;
        match &answer {
            Ok(_) => doubt.off(),
            Err(error) => self.note(error),
        }
        answer
    }

    /// # Errors
    /// The database undid it.
    fn is_there(&self) -> Result<(), DbErr> {
        match self.is_lost.load(Ordering::Acquire) {
            true => Err(lost()),
            false => Ok(()),
        }
    }

    /// MariaDB rolls a transaction back at a deadlock, SQLite where its disk is full, and both go on
    /// without one.
    fn note(&self, error: &DbErr) {
        if Fault::of(error).is_passing() && self.pool.backend() != DbBackend::Postgres {
            self.is_lost.store(true, Ordering::Release);
        }
    }

    /// Waits until nobody else asks.
    async fn turn(&self) -> Result<MutexGuard<'_, ()>, DbErr> {
        let limit = self.pool.open()?.rules.statement_timeout;
        let turn = timeout(limit, self.turn.lock()).await;
        turn.map_err(|_| {
            DbErr::Custom(format!(
                "the transaction was in use for more than {limit:?}: a stream of it is read to its end, or dropped, before the next statement"
            ))
        })
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

fn lost() -> DbErr {
    DbErr::Custom("the database undid this transaction, when a statement failed before".to_owned())
}

fn undone() -> DbErr {
    DbErr::Custom(
        "PostgreSQL undid this transaction, since a statement of it failed; what may fail stands in a nested one, `tx.begin().await?`"
            .to_owned(),
    )
}

fn covered() -> DbErr {
    DbErr::Custom(
        "a transaction that is nested in this one is open: ask that one, or end it first by `commit`, `rollback` or drop; two nested ones are begun one after the other, never at once"
            .to_owned(),
    )
}

impl Transaction {
    pub(super) fn new(
        pool: Pool,
        begun: DatabaseTransaction,
        writer: Option<OwnedSemaphorePermit>,
    ) -> Self {
        let level = Level {
            inner: begun,
            outer: None,
        };
        Self {
            level: Arc::new(level),
            session: Arc::new(Session {
                pool,
                is_doubtful: AtomicBool::new(false),
                is_lost: AtomicBool::new(false),
                turn: Mutex::new(()),
                _writer: writer,
            }),
        }
    }

    /// Waits until the connection is free for this one.
    ///
    /// # Errors
    /// One that is nested in it is open.
    async fn turn(&self) -> Result<MutexGuard<'_, ()>, DbErr> {
        let turn = self.session.turn().await?;
        match self.level.is_covered() {
            true => Err(covered()),
            false => Ok(turn),
        }
    }

    async fn run<T>(&self, ask: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        let _turn = self.turn().await?;
        self.session.run(ask).await
    }

    /// Begins one that is nested in this, as a savepoint.
    pub(super) async fn nested(&self, options: TransactionOptions) -> Result<Self, DbErr> {
        let _turn = self.turn().await?;
        // SeaORM answers a savepoint that cannot be made, or is not waited for, by a rollback of the
        // transaction around it, and what follows would be on its own.
        let loss = Alarm(Some(&self.session.is_lost));
        let begin = self.level.inner.begin_with_options(options);
        let begun = self.session.run(begin).await?;
        loss.off();
        let level = Level {
            inner: begun,
            outer: Some(Arc::clone(&self.level)),
        };
        Ok(Self {
            level: Arc::new(level),
            session: Arc::clone(&self.session),
        })
    }

    /// Makes what was written last; of a nested one, as long as the one around it is committed too.
    ///
    /// # Errors
    /// What the database says. A transaction that it has undone on its own is an error too, and so is
    /// one that another is still open in.
    pub async fn commit(self) -> Result<(), DbErr> {
        let Self { session, level } = self;
        let level = Arc::try_unwrap(level).map_err(|_| {
            let sentence = "a transaction cannot be committed while one that is nested in it is open: commit or drop that first";
            DbErr::Custom(sentence.to_owned())
        })?;
        let is_doubtful = session.is_doubtful.load(Ordering::Acquire) && level.outer.is_none();
        if is_doubtful && session.pool.backend() == DbBackend::Postgres {
            let asked = session
                .run(level.inner.execute_unprepared("SELECT 1"))
                .await;
            asked.map_err(|_| undone())?;
        }
        session.run(level.inner.commit()).await
    }

    /// Undoes what was written.
    ///
    /// # Errors
    /// What the database says; it is undone all the same, when the connection ends.
    pub async fn rollback(self) -> Result<(), DbErr> {
        let Self { session, level } = self;
        match Arc::try_unwrap(level) {
            Ok(level) => session.pool.open()?.run(level.inner.rollback()).await,
            // The nested one that is open holds it, and rolls back by being dropped.
            Err(_) => Ok(()),
        }
    }
}

/// The transaction of SeaORM, for functions that ask for one. What is asked by it is not under the
/// rules of this one: for how long a statement takes, that nested ones end before it goes on, and that
/// it is an error to go on after a deadlock, where MariaDB undoes the transaction.
impl Deref for Transaction {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        // Whether one of its statements fails is not seen here.
        self.session.is_doubtful.store(true, Ordering::Release);
        &self.level.inner
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
        self.run(self.level.inner.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.run(self.level.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.run(self.level.inner.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.run(self.level.inner.query_all_raw(statement)).await
    }
}

impl StreamTrait for Transaction {
    type Stream<'a> = Pin<Box<dyn Stream<Item = Result<QueryResult, DbErr>> + Send + 'a>>;

    fn get_database_backend(&self) -> DbBackend {
        self.session.pool.backend()
    }

    fn stream_raw<'a>(
        &'a self,
        statement: Statement,
    ) -> Pin<Box<dyn Future<Output = Result<Self::Stream<'a>, DbErr>> + 'a + Send>> {
        Box::pin(async move {
            let turn = self.turn().await?;
            let begin = self.level.inner.stream_raw(statement);
            let stream = self.session.run(begin).await?;
            // One that is dropped before its end does not tell how that was.
            self.session.is_doubtful.store(true, Ordering::Release);
            let watch = self.session.pool.open()?.interrupts.watch();
            Ok(Box::pin(Streamed {
                stream,
                session: &self.session,
                watch: Some(watch),
                _turn: turn,
            }) as Self::Stream<'a>)
        })
    }
}

/// Rows of a transaction, as they come.
struct Streamed<'a> {
    stream: TransactionStream<'a>,
    session: &'a Session,
    /// Until the last row.
    watch: Option<Watch<'a>>,
    _turn: MutexGuard<'a, ()>,
}

impl Stream for Streamed<'_> {
    type Item = Result<QueryResult, DbErr>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let row = ready!(Pin::new(&mut self.stream).poll_next(cx));
        if let Some(Err(error)) = &row {
            self.session.note(error);
        }
        if !matches!(row, Some(Ok(_)))
            && let Some(watch) = self.watch.take()
        {
            watch.end();
        }
        Poll::Ready(row)
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("backend", &self.session.pool.backend())
            .field("is_nested", &self.level.outer.is_some())
            .finish()
    }
}
