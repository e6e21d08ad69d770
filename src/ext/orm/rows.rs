//! `Rows`: the rows of a statement as they come, for answers of any length.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use sea_orm::{
    DbErr, EntityTrait, QueryResult, QueryStream, Select, SelectModel, Selector, SelectorTrait,
    StreamTrait,
};
use tokio::time::{Sleep, sleep};

use super::Db;
use super::interrupt::Interrupts;
use super::pool::silence;
use crate::{Error, Result};

/// The rows of a statement, each as it comes from the database; a stream, made by [`Db::rows`].
///
/// Dropped before its end, it ends the statement.
pub struct Rows<T> {
    stream: QueryStream,
    make: fn(QueryResult) -> Result<T, DbErr>,
    /// Read before anything was answered.
    first: Option<QueryResult>,
    /// There was an error, or the last row.
    is_over: bool,
    /// How long the next row may take, and its end while one is waited for.
    limit: Duration,
    end: Option<Pin<Box<Sleep>>>,
    /// Told of an end before the last row, which leaves a connection in the middle of its answer.
    interrupts: Option<Arc<Interrupts>>,
}

/// What [`Db::rows`] takes: a select of an entity, or one `into_model`, `into_partial_model`.
pub trait IntoRows {
    #[doc(hidden)]
    type Rows: SelectorTrait;

    #[doc(hidden)]
    fn into_selector(self) -> Selector<Self::Rows>;
}

impl<E: EntityTrait> IntoRows for Select<E> {
    type Rows = SelectModel<E::Model>;

    fn into_selector(self) -> Selector<Self::Rows> {
        self.into_model()
    }
}

impl<S: SelectorTrait> IntoRows for Selector<S> {
    type Rows = S;

    fn into_selector(self) -> Self {
        self
    }
}

impl Db {
    /// The rows of a select as they come, however many: memory holds a few of them.
    ///
    /// ```
    /// # #[cfg(feature = "orm-sqlite")] {
    /// use cepa::Ndjson;
    /// use cepa::orm::prelude::*;
    /// use cepa::prelude::*;
    /// # mod note {
    /// #     use cepa::orm::prelude::*;
    /// #     use serde::Serialize;
    /// #     #[sea_orm::model]
    /// #     #[derive(Clone, Debug, DeriveEntityModel, Serialize)]
    /// #     #[sea_orm(table_name = "note")]
    /// #     pub struct Model {
    /// #         #[sea_orm(primary_key)]
    /// #         pub id: i32,
    /// #         pub text: String,
    /// #     }
    /// #     impl ActiveModelBehavior for ActiveModel {}
    /// # }
    ///
    /// async fn export(db: Db) -> Result<impl IntoResponse> {
    ///     Ok(Ndjson(db.rows(note::Entity::find()).await?))
    /// }
    /// # async fn table(db: Db) -> Result<()> {
    /// #     db.execute_unprepared("CREATE TABLE note (id integer primary key, text text)").await?;
    /// #     db.execute_unprepared("INSERT INTO note (text) VALUES ('a'), ('b')").await?;
    /// #     Ok(())
    /// # }
    /// # fn main() {
    /// # let app = App::new().plug(Database::url("sqlite::memory:")).post("/", table);
    ///
    /// let client = app.get("/notes.ndjson", export).test();
    /// # client.post("/").send();
    /// let lines = "{\"id\":1,\"text\":\"a\"}\n{\"id\":2,\"text\":\"b\"}\n";
    /// client.get("/notes.ndjson").send().assert_text(lines);
    /// # }
    /// # }
    /// ```
    ///
    /// The first row is waited for, so that a statement that fails is an error like any other. One
    /// later breaks the response off, and so does a row that takes longer than a statement may
    /// ([`with_statement_timeout`](super::Database::with_statement_timeout)). Until the last row is read, a connection of the pool is in use: a
    /// client that reads slowly keeps it, as long as the server lets it (on SQLite, the file of the
    /// write-ahead log grows meanwhile).
    ///
    /// # Errors
    /// Those of the database.
    pub async fn rows<R>(&self, select: R) -> Result<Rows<<R::Rows as SelectorTrait>::Item>>
    where
        R: IntoRows,
    {
        let statement = select.into_selector().into_statement(self.backend());
        let open = self.pool.open()?;
        let begin = async {
            let mut stream = self.connection().stream_raw(statement).await?;
            let first = poll_fn(|cx| Pin::new(&mut stream).poll_next(cx)).await;
            Ok((first.transpose()?, stream))
        };
        let (first, stream) = open.run(begin).await?;
        Ok(Rows {
            stream,
            make: <R::Rows as SelectorTrait>::from_raw_query_result,
            is_over: first.is_none(),
            limit: open.rules.statement_timeout,
            end: None,
            interrupts: first.is_some().then(|| Arc::clone(&open.interrupts)),
            first,
        })
    }
}

impl<T> Rows<T> {
    /// The next row; `None` behind the last.
    ///
    /// # Errors
    /// Those of the database; there are no rows after one.
    pub async fn next(&mut self) -> Option<Result<T>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let row = match self.first.take() {
            Some(first) => Some(Ok(first)),
            None => match Pin::new(&mut self.stream).poll_next(cx) {
                Poll::Ready(row) => {
                    if !matches!(row, Some(Ok(_))) {
                        self.interrupts = None;
                    }
                    row
                }
                Poll::Pending => {
                    let limit = self.limit;
                    let end = self.end.get_or_insert_with(|| Box::pin(sleep(limit)));
                    ready!(end.as_mut().poll(cx));
                    Some(Err(silence(limit)))
                }
            },
        };
        self.end = None;
        let row = row.map(|row| row.and_then(self.make).map_err(Error::from));
        self.is_over = !matches!(row, Some(Ok(_)));
        Poll::Ready(row)
    }
}

impl<T> Stream for Rows<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(cx)
    }
}

impl<T> Drop for Rows<T> {
    fn drop(&mut self) {
        if let Some(interrupts) = &self.interrupts {
            // Before the connection is back in the pool.
            interrupts.note();
        }
    }
}

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}
