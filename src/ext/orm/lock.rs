//! The lock that one process holds while it migrates.
//!
//! PostgreSQL and MariaDB keep it with the connection, so it ends with the process too. SQLite has
//! none, and needs none: there each migration is a transaction of the only writer.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use tokio::time::{Instant, sleep};

use crate::log;

/// How long it is waited for.
const PATIENCE: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_millis(100);

/// Waits until no other process migrates. The connection has to be the only one of its pool.
///
/// It is asked for again and again: a statement that waits would be one that an index which is built
/// concurrently waits for in turn.
///
/// # Errors
/// Another process migrates for longer than ten minutes; what the database says.
pub(super) async fn lock(connection: &DatabaseConnection) -> Result<(), DbErr> {
    let sql = match connection.get_database_backend() {
        DbBackend::Postgres => {
            "SELECT CAST(pg_try_advisory_lock(hashtext('cepa migrations'), hashtext(current_schema())) AS int) AS got"
        }
        DbBackend::MySql => {
            "SELECT CAST(GET_LOCK(CONCAT('cepa migrations ', MD5(DATABASE())), 0) AS SIGNED) AS got"
        }
        _ => return Ok(()),
    };
    let begun = Instant::now();
    let mut is_told = false;
    while !got(connection, sql).await? {
        if begun.elapsed() > PATIENCE {
            let sentence =
                format!("another process migrates this database for more than {PATIENCE:?}");
            return Err(DbErr::Migration(sentence));
        }
        if !std::mem::replace(&mut is_told, true) {
            log::info("another process migrates the database: waiting for it");
        }
        sleep(PAUSE).await;
    }
    Ok(())
}

async fn got(connection: &DatabaseConnection, sql: &str) -> Result<bool, DbErr> {
    let backend = connection.get_database_backend();
    let row = connection
        .query_one_raw(Statement::from_string(backend, sql))
        .await?;
    let Some(row) = row else {
        return Ok(false);
    };
    Ok(match backend {
        DbBackend::MySql => row.try_get::<Option<i64>>("", "got")? == Some(1),
        _ => row.try_get::<Option<i32>>("", "got")? == Some(1),
    })
}
