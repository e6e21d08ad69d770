//! How SQLite is set up for a server.

use sea_orm::ConnectOptions;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

use super::{Database, url};

/// Readers and a writer beside each other (WAL), waiting in place of "database is locked", foreign
/// keys that hold, and a file that is made where there is none.
pub(super) fn set_up(options: &mut ConnectOptions, config: &Database) {
    let wait = config.acquire_timeout;
    if url::is_in_memory(&config.url) {
        options.map_sqlx_sqlite_opts(move |sqlite| sqlite.busy_timeout(wait).foreign_keys(true));
        return;
    }
    let is_read_only = ["mode=ro", "immutable=1", "immutable=true"]
        .iter()
        .any(|it| config.url.contains(it));
    options.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite.busy_timeout(wait).foreign_keys(true);
        match is_read_only {
            true => sqlite,
            // What was committed outlives the process, by `NORMAL` in WAL; at a power cut the last
            // commits may be missing, never a part of one.
            false => sqlite
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal),
        }
    });
}
