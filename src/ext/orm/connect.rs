//! From a URL to a pool: the options of each database, and the patience with one that is not there
//! yet.

use std::sync::Arc;
use std::time::Duration;

#[cfg(any(feature = "orm-postgres", feature = "orm-mysql"))]
use sea_orm::sqlx;
use sea_orm::{ConnectOptions, DatabaseConnection, DbBackend, DbErr};
use tokio::time::{Instant, sleep, timeout};

use super::fault::Fault;
use super::interrupt::Interrupts;
#[cfg(any(feature = "orm-postgres", feature = "orm-mysql"))]
use super::release::Release;
use super::url;
use super::{Database, pool};
use crate::{Error, Result, log};

/// How long one attempt to connect may take.
const ATTEMPT: Duration = Duration::from_secs(5);
/// Between attempts, doubled each time.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(50);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Connections that were idle for this long are asked whether they live before they are used. Those
/// in steady use are not.
const IDLE: Duration = Duration::from_secs(1);

/// How many connections a pool has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Size {
    UpTo(u32),
    /// One that stays: what it holds, such as a lock, or all of a database in memory, is gone with it.
    One,
}

/// Opens a pool, and waits for a database that does not answer yet.
///
/// # Errors
/// A sentence with the URL, its password left out.
pub(super) async fn connect(
    config: &Database,
    size: Size,
    interrupts: &Arc<Interrupts>,
) -> Result<DatabaseConnection> {
    let releases = Releases::new(config, interrupts);
    let options = options(config, size, &releases);
    let pool = sea_orm::Database::connect(options).await;
    let pool = pool.map_err(|error| cannot(config, "cannot be opened", &error))?;
    releases.set(&pool);
    let deadline = Instant::now() + config.start_timeout;
    let mut pause = FIRST_PAUSE;
    loop {
        let attempt = ATTEMPT.min(deadline.saturating_duration_since(Instant::now()));
        let asked = timeout(attempt, probe(&pool)).await;
        let silence = || Err(pool::away(format!("no answer in {attempt:?}")));
        let Err(error) = asked.unwrap_or_else(|_| silence()) else {
            return Ok(pool);
        };
        if !Fault::is_late(&error) || is_hopeless(config, &error) {
            return Err(cannot(config, "refuses", &error));
        }
        if Instant::now() + pause >= deadline {
            let waited = format!("did not answer in {:?}", config.start_timeout);
            return Err(cannot(config, &waited, &error));
        }
        if pause == FIRST_PAUSE {
            let (url, wait) = (url::shown(&config.url), config.start_timeout);
            log::warn(&format!(
                "the database {url} is waited for, {wait:?} at most: {error}"
            ));
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn cannot(config: &Database, what: &str, error: &DbErr) -> Error {
    let url = url::shown(&config.url);
    Error::internal(format!("the database {url} {what}")).with_source(error.clone())
}

/// A file that cannot be opened now cannot be opened later, unless that only took long.
fn is_hopeless(config: &Database, error: &DbErr) -> bool {
    let is_refused =
        Fault::of(error) == Fault::Away && !matches!(error, DbErr::ConnectionAcquire(_));
    config.backend() == DbBackend::Sqlite && is_refused
}

/// Makes one connection outside of the pool, which would not tell why it cannot.
async fn probe(pool: &DatabaseConnection) -> Result<(), DbErr> {
    match &pool.inner {
        #[cfg(feature = "orm-postgres")]
        sea_orm::DatabaseConnectionType::SqlxPostgresPoolConnection(_) => {
            once(&*pool.get_postgres_connection_pool().connect_options()).await
        }
        #[cfg(feature = "orm-mysql")]
        sea_orm::DatabaseConnectionType::SqlxMySqlPoolConnection(_) => {
            once(&*pool.get_mysql_connection_pool().connect_options()).await
        }
        _ => pool.ping().await,
    }
}

#[cfg(any(feature = "orm-postgres", feature = "orm-mysql"))]
async fn once<O>(options: &O) -> Result<(), DbErr>
where
    O: sqlx::ConnectOptions<Connection: Sized>,
{
    let once = async { sqlx::Connection::close(options.connect().await?).await };
    let failed = |error| DbErr::Conn(sea_orm::RuntimeErr::SqlxError(Arc::new(error)));
    once.await.map_err(failed)
}

/// What is asked of connections that come back, by the kind of server.
struct Releases {
    #[cfg(feature = "orm-postgres")]
    postgres: Arc<Release<sqlx::PgConnection>>,
    #[cfg(feature = "orm-mysql")]
    mysql: Arc<Release<sqlx::MySqlConnection>>,
}

impl Releases {
    fn new(config: &Database, interrupts: &Arc<Interrupts>) -> Self {
        let patience = config.acquire_timeout.min(ATTEMPT);
        let _ = (interrupts, patience);
        Self {
            #[cfg(feature = "orm-postgres")]
            postgres: Release::new(Arc::clone(interrupts), patience),
            #[cfg(feature = "orm-mysql")]
            mysql: Release::new(Arc::clone(interrupts), patience),
        }
    }

    fn hook(&self, options: &mut ConnectOptions) {
        #[cfg(feature = "orm-postgres")]
        {
            let release = Arc::clone(&self.postgres);
            options.map_sqlx_postgres_pool_opts(move |pool| {
                let release = Arc::clone(&release);
                pool.after_release(move |connection, _| release.asked(connection))
            });
        }
        #[cfg(feature = "orm-mysql")]
        {
            let release = Arc::clone(&self.mysql);
            options.map_sqlx_mysql_pool_opts(move |pool| {
                let release = Arc::clone(&release);
                pool.after_release(move |connection, _| release.asked(connection))
            });
        }
        let _ = options;
    }

    fn set(&self, pool: &DatabaseConnection) {
        match &pool.inner {
            #[cfg(feature = "orm-postgres")]
            sea_orm::DatabaseConnectionType::SqlxPostgresPoolConnection(_) => {
                self.postgres
                    .set(pool.get_postgres_connection_pool().connect_options());
            }
            #[cfg(feature = "orm-mysql")]
            sea_orm::DatabaseConnectionType::SqlxMySqlPoolConnection(_) => {
                self.mysql
                    .set(pool.get_mysql_connection_pool().connect_options());
            }
            _ => {}
        }
    }
}

fn options(config: &Database, size: Size, releases: &Releases) -> ConnectOptions {
    let mut options = ConnectOptions::new(&config.url);
    options
        .connect_lazy(true)
        .sqlx_logging(false)
        .record_stmt_in_spans(true)
        .test_before_acquire_if_idle_for(IDLE)
        .acquire_timeout(config.acquire_timeout);
    if let Size::UpTo(connections) = size {
        options.max_connections(connections);
    }
    #[cfg(feature = "orm-sqlite")]
    super::sqlite::set_up(&mut options, config);
    releases.hook(&mut options);
    if let Some(change) = &config.options {
        change(&mut options);
    }
    if let Size::One = size {
        options
            .max_connections(1)
            .min_connections(0)
            .max_lifetime(None)
            .idle_timeout(None);
    }
    options
}
