//! `TestDatabase`: a database for one test.

use std::future::Future;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, fmt, fs, thread};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::{Database, Db, url};

/// A database of its own for each test, which is gone with this value: safe beside other tests, and
/// fast to make.
///
/// ```
/// # #[cfg(feature = "orm-sqlite")] {
/// use cepa::orm::prelude::*;
/// use cepa::orm::TestDatabase;
/// use cepa::prelude::*;
///
/// fn app(database: Database) -> App {
///     App::new().plug(database).get("/", async |db: Db| -> Result<()> { Ok(db.ping().await?) })
/// }
///
/// let test = TestDatabase::sqlite();
/// app(test.database()).test().get("/").send().assert_status(200);
/// # }
/// ```
///
/// | database | what a test gets | what is removed |
/// |---|---|---|
/// | SQLite | a file in the folder for temporary files | the file |
/// | PostgreSQL | a schema, `cepa_test_..`, which the URL makes the only one | the schema |
/// | MariaDB | a database, `cepa_test_..` | the database |
///
/// What a process leaves that is killed can be known by that name.
///
/// # Panics
/// All that goes wrong is a panic, as in tests.
pub struct TestDatabase {
    url: String,
    name: String,
    /// The server, where there is one.
    server: Option<String>,
}

/// How long the server may take to make or remove one.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connections of one test, of which many run at once.
const CONNECTIONS: u32 = 4;

impl TestDatabase {
    /// A new SQLite file.
    #[cfg(feature = "orm-sqlite")]
    #[must_use]
    pub fn sqlite() -> Self {
        Self::at("sqlite:")
    }

    /// One at this server: a schema of the database in this URL for PostgreSQL, a database for
    /// MariaDB, whose user may make them. For `sqlite:` a new file, whatever follows.
    ///
    /// ```no_run
    /// use cepa::orm::TestDatabase;
    ///
    /// let url = std::env::var("TEST_DATABASE_URL").unwrap_or("sqlite:".to_owned());
    /// let test = TestDatabase::at(&url);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn at(url: &str) -> Self {
        let backend = url::backend(url).unwrap_or_else(|problem| panic!("{problem}"));
        let name = new_name();
        if backend == DbBackend::Sqlite {
            let file = env::temp_dir().join(format!("{name}.db"));
            let url = format!("sqlite://{}", file.display());
            let server = None;
            return Self { url, name, server };
        }
        let (server, options) = url.split_once('?').unwrap_or((url, ""));
        let made = match backend {
            DbBackend::Postgres => format!("CREATE SCHEMA {name}"),
            _ => format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"),
        };
        on_server(url, move |db| async move {
            db.execute_unprepared(&made).await.map(drop)
        });
        let mut own = match backend {
            DbBackend::Postgres => {
                format!("{server}?options[search_path]={name}&application_name={name}")
            }
            _ => {
                let (host, _) = server.rsplit_once('/').unwrap_or((server, ""));
                format!("{host}/{name}?")
            }
        };
        if !options.is_empty() {
            own = format!("{own}&{options}");
        }
        let server = Some(url.to_owned());
        Self {
            url: own,
            name,
            server,
        }
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The database to plug, which keeps 4 connections at most.
    pub fn database(&self) -> Database {
        Database::url(&self.url).with_max_connections(CONNECTIONS)
    }
}

/// Removes it. Connections that are open still are ended by the server.
impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Some(server) = &self.server else {
            let file = self.url.trim_start_matches("sqlite://");
            for end in ["", "-wal", "-shm"] {
                // A test that never opened it made no file.
                drop(fs::remove_file(format!("{file}{end}")));
            }
            return;
        };
        let name = self.name.clone();
        on_server(server, move |db| async move { remove(&db, &name).await });
    }
}

async fn remove(db: &Db, name: &str) -> Result<(), DbErr> {
    let backend = db.backend();
    let ask = |sql: String| Statement::from_string(backend, sql);
    if backend == DbBackend::Postgres {
        let sql = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'"
        );
        db.query_all_raw(ask(sql)).await?;
        let sql = format!("DROP SCHEMA {name} CASCADE");
        return db.execute_unprepared(&sql).await.map(drop);
    }
    let sql = format!("SELECT ID AS id FROM information_schema.PROCESSLIST WHERE DB = '{name}'");
    for row in db.query_all_raw(ask(sql)).await? {
        let id: i64 = row.try_get("", "id")?;
        // It may have ended by itself.
        drop(db.execute_unprepared(&format!("KILL {id}")).await);
    }
    db.execute_unprepared(&format!("DROP DATABASE {name}"))
        .await
        .map(drop)
}

/// Asks the server on a thread and a runtime of its own, since a test may be in one.
#[track_caller]
fn on_server<F, Fut>(url: &str, ask: F)
where
    F: FnOnce(Db) -> Fut + Send + 'static,
    Fut: Future<Output = Result<(), DbErr>>,
{
    let database = Database::url(url).with_max_connections(1);
    let database = database
        .with_statement_timeout(PATIENCE)
        .with_start_timeout(PATIENCE);
    let asked = thread::spawn(move || -> crate::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let db = database.connect().await?;
            let asked = ask(db.clone()).await;
            db.close().await?;
            Ok(asked?)
        })
    });
    match asked.join() {
        Ok(Ok(())) => {}
        // A second panic would end the process before the first is told.
        _ if thread::panicking() => {}
        Ok(Err(error)) => panic!("the server for tests: {error}"),
        Err(_) => panic!("the server for tests: the thread that asked it panicked"),
    }
}

/// A name that no other test has, of this process or another.
fn new_name() -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let made = MADE.fetch_add(1, Ordering::Relaxed);
    format!("cepa_test_{}_{:x}_{made}", process::id(), now.as_micros())
}

impl fmt::Debug for TestDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestDatabase")
            .field("url", &url::shown(&self.url))
            .finish()
    }
}
