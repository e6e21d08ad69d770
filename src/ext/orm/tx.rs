//! `Tx`: the transaction of a request.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::entity::prelude::async_trait;
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement, TransactionOptions,
};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};
use tokio::time::timeout;

use super::{Db, Transaction};

/// The transaction of this request, as an argument of handlers and middleware.
///
/// It begins with its first statement and ends with the response: it is committed before a success
/// or a redirect leaves, and a commit that fails becomes the answer; it is rolled back where the
/// status is 400 or above, and where there is no response: after a panic, at a timeout, when the
/// client has gone. All who take it in one request take the same one.
#[derive(Clone)]
pub struct Tx {
    slot: TxSlot,
    db: Db,
}

/// Where the transaction of a request is kept, for all who take it and for its end.
#[derive(Clone, Default)]
pub(super) struct TxSlot(Arc<Mutex<State>>);

#[derive(Default)]
pub(super) enum State {
    #[default]
    Idle,
    Open(Transaction),
    Over,
}

/// How long the end waits for a statement that somebody else runs.
const LAST_CALL: Duration = Duration::from_secs(5);

impl Tx {
    pub(super) fn new(slot: TxSlot, db: Db) -> Self {
        Self { slot, db }
    }

    /// The transaction, begun if it is not. Who has it is alone with it.
    async fn open(&self) -> Result<MappedMutexGuard<'_, Transaction>, DbErr> {
        let mut state = self.slot.0.lock().await;
        if let State::Idle = *state {
            *state = State::Open(self.db.begin_with(TransactionOptions::default()).await?);
        }
        let open = MutexGuard::try_map(state, |state| match state {
            State::Open(transaction) => Some(transaction),
            State::Idle | State::Over => None,
        });
        open.map_err(|_| DbErr::Custom(OVER.to_owned()))
    }

    pub(super) async fn nested(&self, options: TransactionOptions) -> Result<Transaction, DbErr> {
        self.open().await?.nested(options).await
    }
}

impl TxSlot {
    /// Whether it has begun, and nobody asks by it at this moment.
    pub(super) fn is_open(&self) -> bool {
        let state = self.0.try_lock();
        state.is_ok_and(|state| matches!(*state, State::Open(_)))
    }

    /// Ends it: commits, or rolls back. Nothing happens where it did not begin.
    ///
    /// # Errors
    /// Those of a commit.
    pub(super) async fn end(&self, commits: bool) -> Result<(), DbErr> {
        let Ok(mut state) = timeout(LAST_CALL, self.0.lock()).await else {
            return Err(DbErr::Custom(IN_USE.to_owned()));
        };
        match std::mem::replace(&mut *state, State::Over) {
            State::Open(transaction) if commits => transaction.commit().await,
            State::Open(transaction) => transaction.rollback().await,
            State::Idle | State::Over => Ok(()),
        }
    }
}

const OVER: &str = "the transaction of this request has ended with its response: what runs on, such as a body that is streamed or a task, takes `Db`";
const IN_USE: &str = "the transaction of this request is in use after its handler ended, so it cannot be committed: a task or a body that is streamed takes `Db`";

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.db.backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.open().await?.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.open().await?.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.open().await?.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.open().await?.query_all_raw(statement).await
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tx")
    }
}
