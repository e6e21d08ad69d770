//! `Db` as a connection of SeaORM: each statement under the rules of the pool.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

use sea_orm::entity::prelude::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    StreamTrait,
};

use super::Db;

/// The pool of SeaORM, for functions that ask for one. What is asked by it runs without the rules of
/// [`Database`](super::Database) for how long a statement takes, and who writes. Once it was taken,
/// connections are asked for more on their way back: what it leaves on them is not seen otherwise, such
/// as a transaction whose begin nobody waited for.
impl Deref for Db {
    type Target = DatabaseConnection;

    fn deref(&self) -> &DatabaseConnection {
        if let Ok(open) = self.pool.open() {
            open.interrupts.expect();
        }
        self.connection()
    }
}

impl Db {
    /// Runs a statement; on SQLite one that writes when nobody else does.
    async fn run<T>(
        &self,
        writes: bool,
        ask: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, DbErr> {
        let open = self.pool.open()?;
        let _writer = match self.backend() == DbBackend::Sqlite && writes {
            true => open.enter().await?,
            false => None,
        };
        open.run(ask).await
    }
}

/// Whether a statement may write. What begins otherwise and writes all the same waits as SQLite lets
/// it, in no order.
fn writes(sql: &str) -> bool {
    let reads = ["select", "with", "pragma", "explain", "values"];
    let sql = sql.trim_start();
    let begins = |word: &str| {
        sql.get(..word.len())
            .is_some_and(|it| it.eq_ignore_ascii_case(word))
    };
    !reads.into_iter().any(begins)
}

#[async_trait::async_trait]
impl ConnectionTrait for Db {
    fn get_database_backend(&self) -> DbBackend {
        self.backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let writes = writes(&statement.sql);
        self.run(writes, self.connection().execute_raw(statement))
            .await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.run(writes(sql), self.connection().execute_unprepared(sql))
            .await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let writes = writes(&statement.sql);
        self.run(writes, self.connection().query_one_raw(statement))
            .await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let writes = writes(&statement.sql);
        self.run(writes, self.connection().query_all_raw(statement))
            .await
    }
}

impl StreamTrait for Db {
    type Stream<'a> = <DatabaseConnection as StreamTrait>::Stream<'a>;

    fn get_database_backend(&self) -> DbBackend {
        self.backend()
    }

    fn stream_raw<'a>(
        &'a self,
        statement: Statement,
    ) -> Pin<Box<dyn Future<Output = Result<Self::Stream<'a>, DbErr>> + 'a + Send>> {
        self.connection().stream_raw(statement)
    }
}

#[cfg(test)]
mod tests {
    use super::writes;

    #[test]
    fn a_statement_that_may_write_is_told_by_its_first_word() {
        for reading in [
            "SELECT 1",
            " select 1",
            "WITH a AS (SELECT 1) SELECT 1",
            "PRAGMA x",
        ] {
            assert!(!writes(reading), "{reading}");
        }
        for writing in [
            "INSERT INTO a",
            "update a",
            "DELETE",
            "create table",
            "\u{e9}",
            "",
        ] {
            assert!(writes(writing), "{writing}");
        }
    }
}
