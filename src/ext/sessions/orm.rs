//! `OrmStore`: sessions in the database of the app.
//!
//! One table, `cepa_session`, with a row for each session: the hash of its id, that of its user, when it
//! ends, and the rest as a text. A change reads the row, locks it and writes it, in one transaction.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use super::clock;
use super::config::of_title;
use super::id::SessionKey;
use super::record::{SessionChange, SessionRecord};
use super::store::SessionStore;
use crate::orm::sea_orm::sea_query::{
    DeleteStatement, Expr, ExprTrait, Order, Query, SelectStatement,
};
use crate::orm::sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, TransactionTrait};
use crate::orm::{Database, Db};
use crate::{AppService, Error, Provided, Result, Route};

const TABLE: &str = "cepa_session";
const ID: &str = "id_hash";
const USER: &str = "user_hash";
const EXPIRES: &str = "expires";
const RECORD: &str = "record";

/// Keeps the sessions in the app's database: SQLite, PostgreSQL or MariaDB. Clones share the table.
///
/// The table `cepa_session` is made when it is needed first; where the program may not make tables, a
/// migration with [`OrmStore::table`] does. What is over is removed once a minute.
///
/// Sessions stand around the database, so that what a handler wrote is committed before its session
/// is kept: `build` reports the other order.
///
/// ```
/// # #[cfg(feature = "orm-sqlite")] {
/// use cepa::orm::Database;
/// use cepa::prelude::*;
/// use cepa::sessions::{OrmStore, Session, Sessions};
///
/// fn app(database: Database) -> App {
///     let store = OrmStore::new(database.db());
///     App::new()
///         .plug(Sessions::new(store))
///         .plug(database) // in a program `Database::from_env()`
///         .post("/", async |session: Session| session.insert("seen", true))
///         .get("/", async |session: Session| session.contains("seen").map(|seen| seen.to_string()))
/// }
///
/// let test = cepa::orm::TestDatabase::sqlite();
/// let client = app(test.database()).test();
/// client.post("/").send().assert_status(200);
/// client.get("/").send().assert_text("true");
/// # client.stop();
/// # }
/// ```
///
/// SQLite has one writer at a time. A handler that has written by `Tx` and ends sessions then
/// ([`revoke_user`](super::Session::revoke_user)) would wait for itself, and is a 503: there, write by
/// `Db`.
#[derive(Clone)]
pub struct OrmStore {
    db: Db,
    /// Whether there is a table.
    made: Arc<OnceCell<()>>,
}

impl OrmStore {
    /// In this database, usually `database.db()` of the one that is plugged.
    #[must_use]
    pub fn new(db: Db) -> Self {
        let made = Arc::default();
        Self { db, made }
    }

    /// The statements that make the table and its indexes where they are not, for a migration.
    #[must_use]
    pub fn table(backend: DbBackend) -> &'static [&'static str] {
        match backend {
            DbBackend::MySql => &[concat!(
                "CREATE TABLE IF NOT EXISTS cepa_session (",
                "id_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, ",
                "user_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL, ",
                "expires BIGINT NOT NULL, ",
                "record MEDIUMTEXT CHARACTER SET utf8mb4 NOT NULL, ",
                "INDEX cepa_session_user (user_hash), INDEX cepa_session_expires (expires))",
            )],
            _ => &[
                concat!(
                    "CREATE TABLE IF NOT EXISTS cepa_session (id_hash CHAR(64) NOT NULL PRIMARY KEY, ",
                    "user_hash CHAR(64) NULL, expires BIGINT NOT NULL, record TEXT NOT NULL)",
                ),
                "CREATE INDEX IF NOT EXISTS cepa_session_user ON cepa_session (user_hash)",
                "CREATE INDEX IF NOT EXISTS cepa_session_expires ON cepa_session (expires)",
            ],
        }
    }

    /// The database, once it has the table.
    async fn db(&self) -> Result<&Db> {
        self.made.get_or_try_init(|| make(&self.db)).await?;
        Ok(&self.db)
    }

    /// Removes rows, and says how many of them were not over yet.
    async fn remove(&self, mut delete: DeleteStatement) -> Result<u64> {
        delete.from_table(TABLE);
        let alive = delete.and_where(Expr::col(EXPIRES).gt(now())).to_owned();
        Ok(self.db().await?.execute(&alive).await?.rows_affected())
    }
}

/// Makes the table; if that is not allowed, it may be there all the same.
async fn make(db: &Db) -> Result<()> {
    let make = async {
        for sql in OrmStore::table(db.backend()) {
            db.execute_unprepared(sql).await?;
        }
        Ok(())
    };
    let made: Result<(), DbErr> = make.await;
    let Err(error) = made else {
        return Ok(());
    };
    let mut any = rows();
    match db.query_one(any.limit(1)).await {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::from(error)),
    }
}

fn rows() -> SelectStatement {
    Query::select()
        .columns([ID, EXPIRES, RECORD])
        .from(TABLE)
        .take()
}

/// The row of this key, if its time is not over.
fn row(key: &SessionKey) -> SelectStatement {
    let mut rows = rows();
    let is_it = Expr::col(ID)
        .eq(key.to_hex())
        .and(Expr::col(EXPIRES).gt(now()));
    rows.and_where(is_it).take()
}

fn now() -> i64 {
    signed(clock::now())
}

fn signed(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}

fn hash_of(user: &str) -> String {
    SessionKey::from_bytes(Sha256::digest(user).into()).to_hex()
}

/// The session in a row.
fn read(row: &QueryResult) -> Result<(SessionKey, SessionRecord)> {
    let (id, text): (String, String) = (row.try_get("", ID)?, row.try_get("", RECORD)?);
    let expires: i64 = row.try_get("", EXPIRES)?;
    let other = || Error::internal("the table of the sessions has something else in a row");
    let key = SessionKey::from_hex(id.trim_end()).ok_or_else(other)?;
    let mut record = SessionRecord::of_text(&text).ok_or_else(other)?;
    // A use alone is noted in the column.
    record.apply(&SessionChange::new(u64::try_from(expires).unwrap_or(0)));
    Ok((key, record))
}

impl SessionStore for OrmStore {
    async fn load(&self, key: &SessionKey) -> Result<Option<SessionRecord>> {
        let row = self.db().await?.query_one(&row(key)).await?;
        Ok(match row {
            Some(row) => Some(read(&row)?.1),
            None => None,
        })
    }

    async fn create(&self, key: &SessionKey, record: SessionRecord) -> Result<()> {
        let values = [
            Expr::val(key.to_hex()),
            Expr::val(record.user().map(hash_of)),
            Expr::val(signed(record.expires())),
            Expr::val(record.to_text()),
        ];
        let mut insert = Query::insert();
        insert
            .into_table(TABLE)
            .columns([ID, USER, EXPIRES, RECORD]);
        insert.values_panic(values);
        self.db().await?.execute(&insert).await?;
        Ok(())
    }

    async fn update(&self, key: &SessionKey, change: SessionChange) -> Result<bool> {
        let db = self.db().await?;
        let mut update = Query::update();
        let expires = Expr::val(signed(change.expires()));
        let is_it = Expr::col(ID).eq(key.to_hex());
        update.table(TABLE).value(EXPIRES, expires).and_where(is_it);
        if change == SessionChange::new(change.expires()) {
            update.and_where(Expr::col(EXPIRES).gt(now()));
            return Ok(db.execute(&update).await?.rows_affected() > 0);
        }
        let transaction = db.begin().await?;
        let mut locked = row(key);
        if db.backend() != DbBackend::Sqlite {
            locked.lock_exclusive();
        }
        let Some(row) = transaction.query_one(&locked).await? else {
            transaction.rollback().await?;
            return Ok(false);
        };
        let (_, mut record) = read(&row)?;
        record.apply(&change);
        let key = change.new_key().unwrap_or(key);
        update
            .value(ID, Expr::val(key.to_hex()))
            .value(USER, Expr::val(record.user().map(hash_of)))
            .value(RECORD, Expr::val(record.to_text()));
        transaction.execute(&update).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn delete(&self, key: &SessionKey) -> Result<()> {
        let is_it = Expr::col(ID).eq(key.to_hex());
        let delete = Query::delete().and_where(is_it).take();
        self.remove(delete).await.map(drop)
    }

    async fn delete_user(&self, user: &str, except: Option<&SessionKey>) -> Result<u64> {
        let mut delete = Query::delete();
        delete.and_where(Expr::col(USER).eq(hash_of(user)));
        if let Some(key) = except {
            delete.and_where(Expr::col(ID).ne(key.to_hex()));
        }
        self.remove(delete).await
    }

    async fn of_user(&self, user: &str) -> Result<Vec<(SessionKey, SessionRecord)>> {
        let is_of = Expr::col(USER).eq(hash_of(user));
        let is_alive = Expr::col(EXPIRES).gt(now());
        let select = rows().and_where(is_of).and_where(is_alive).take();
        let rows = self.db().await?.query_all(&select).await?;
        rows.iter().map(read).collect()
    }

    async fn delete_oldest(&self, user: &str, left: usize) -> Result<u64> {
        let mut oldest = Query::select();
        oldest
            .column(ID)
            .from(TABLE)
            .and_where(Expr::col(USER).eq(hash_of(user)))
            .order_by(EXPIRES, Order::Desc)
            .order_by(ID, Order::Desc)
            .limit(1_000)
            .offset(left as u64);
        let rows = self.db().await?.query_all(&oldest).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let ids: Result<Vec<String>, DbErr> = rows.iter().map(|row| row.try_get("", ID)).collect();
        let delete = Query::delete().and_where(Expr::col(ID).is_in(ids?)).take();
        self.remove(delete).await
    }

    async fn delete_all(&self) -> Result<u64> {
        self.remove(Query::delete()).await
    }

    async fn sweep(&self) -> Result<u64> {
        let mut delete = Query::delete();
        let is_over = Expr::col(EXPIRES).lte(now());
        delete.from_table(TABLE).and_where(is_over);
        Ok(self.db().await?.execute(&delete).await?.rows_affected())
    }

    fn check(&self, app: &AppService, middleware: &str) -> Result<(), String> {
        let is_inside = |route: &Route| {
            let database = route.providers(&Provided::mark::<Database>()).next();
            let sessions = of_title(route, middleware).last();
            sessions.is_some_and(|sessions| database.is_some_and(|it| it < sessions))
        };
        match app.routes().iter().find(|route| is_inside(route)) {
            None => Ok(()),
            Some(route) => Err(format!(
                "on the way to `{}` the database stands around its sessions, so a transaction would wait for the session that waits for it: plug `Sessions` before `Database`",
                route.path()
            )),
        }
    }
}

impl fmt::Debug for OrmStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrmStore")
            .field("db", &self.db)
            .finish_non_exhaustive()
    }
}
