//! `Database`: which one, and how its pool is kept.

use std::ffi::OsString;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use sea_orm::{ConnectOptions, DbBackend};
use sea_orm_migration::MigratorTrait;

use super::error::{map, map_transaction};
use super::middleware::Transactions;
use super::migrations::Plan;
use super::pool::Pool;
use super::{Tx, url};
use crate::health::HealthCheck;
use crate::{App, Extension, Fallible, Mode, Result};

/// Where the database is without `DATABASE_URL`: a file in the working folder.
const DEFAULT_URL: &str = "sqlite://app.db";

/// Adds a database to an app; see [the module](crate::orm).
#[must_use = "an extension does nothing until it is plugged"]
pub struct Database {
    pub(super) url: String,
    pub(super) pool: Pool,
    pub(super) name: String,
    pub(super) max_connections: Option<u32>,
    pub(super) acquire_timeout: Duration,
    pub(super) statement_timeout: Duration,
    pub(super) start_timeout: Duration,
    pub(super) slow: Duration,
    pub(super) options: Option<Box<Change>>,
    pub(super) plan: Option<Plan>,
    pub(super) synced: Option<String>,
    pub(super) seed: Option<Box<Seed>>,
    /// That of the app it is plugged into.
    mode: Option<Mode>,
    problem: Option<String>,
}

type Change = dyn Fn(&mut ConnectOptions) + Send + Sync;
type Seed = dyn Fn(Tx) -> Pin<Box<dyn Future<Output = Result<()>> + Send>> + Send + Sync;

impl Database {
    /// The database at this URL: `sqlite://app.db`, `postgres://user:password@host/name`,
    /// `mysql://user:password@host/name`.
    ///
    /// The path of a SQLite file is one in the working folder, `sqlite:///var/lib/app.db` a whole
    /// one, `sqlite::memory:` no file at all. A file that is not there is made, its folder is not.
    pub fn url(url: impl Into<String>) -> Self {
        let url = url.into();
        let backend = url::backend(&url);
        Self {
            pool: Pool::new(*backend.as_ref().unwrap_or(&DbBackend::Sqlite)),
            url,
            name: "database".to_owned(),
            max_connections: None,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            start_timeout: Duration::from_secs(30),
            slow: Duration::from_millis(500),
            options: None,
            plan: None,
            synced: None,
            seed: None,
            mode: None,
            problem: backend.err(),
        }
    }

    /// The database at `DATABASE_URL`; where that is not set, or empty, the SQLite file `app.db` in
    /// the working folder.
    pub fn from_env() -> Self {
        Self::of_variable(std::env::var_os("DATABASE_URL"))
    }

    fn of_variable(value: Option<OsString>) -> Self {
        match value.filter(|it| !it.is_empty()).map(OsString::into_string) {
            None => Self::url(DEFAULT_URL),
            Some(Ok(url)) => Self::url(url),
            Some(Err(_)) => Self {
                problem: Some(
                    "`DATABASE_URL` is not UTF-8: percent-encode what is no ASCII in it".to_owned(),
                ),
                ..Self::url(DEFAULT_URL)
            },
        }
    }

    /// The name of its check in `/readyz`, where an app has several. Default: `database`.
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// How many connections it keeps at most. Default: 10, of SQLite 8; a SQLite database in memory
    /// has one.
    pub fn with_max_connections(mut self, connections: u32) -> Self {
        self.max_connections = Some(connections);
        self
    }

    /// How long a statement waits for a connection, and on SQLite for other writers, until it is a
    /// 503. Default: 5 seconds.
    pub fn with_acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// How long a statement takes at most, its connection included, until it is a 503; migrations
    /// take as long as they need. Default: 30 seconds.
    pub fn with_statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }

    /// How long the start waits for a database that does not answer. Default: 30 seconds.
    pub fn with_start_timeout(mut self, timeout: Duration) -> Self {
        self.start_timeout = timeout;
        self
    }

    /// Statements that take this long are logged, with their route and without their values.
    /// Default: 500 ms.
    pub fn with_slow_statements(mut self, time: Duration) -> Self {
        self.slow = time;
        self
    }

    /// Changes the options of SeaORM, for what has no knob here. It is called last, so that it can
    /// also replace what is set here; but migrations, and a SQLite database in memory, have one
    /// connection that stays, whatever it says. `map_sqlx_postgres_pool_opts` and
    /// `map_sqlx_mysql_pool_opts` replace the check of connections that come back from a statement
    /// that nobody waited for.
    pub fn with_options(
        mut self,
        change: impl Fn(&mut ConnectOptions) + Send + Sync + 'static,
    ) -> Self {
        self.options = Some(Box::new(change));
        self
    }

    /// Applies the migrations that are pending when the app starts, before its first request. However
    /// many processes start at once, each is applied by one of them.
    ///
    /// A migration that fails ends the start; see [`Migrations`](super::Migrations) for what stays of
    /// it. Migrations that the database has and the program does not know are logged.
    pub fn migrate<M: MigratorTrait>(mut self) -> Self {
        self.plan = Some(Plan::of::<M>());
        self
    }

    /// Makes tables and columns of the entities below this module when the app starts, for the time
    /// before there are migrations: `.sync_schema(module_path!())`. It only adds, and only in
    /// development, after migrations if there are any. In production it does nothing, and without
    /// migrations is an error of the build.
    pub fn sync_schema(mut self, module: impl Into<String>) -> Self {
        self.synced = Some(module.into());
        self
    }

    /// What [`seed`](Self::seed) runs: a function that writes what a new database begins with.
    pub fn with_seed<F, Fut>(mut self, seed: F) -> Self
    where
        F: Fn(Tx) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Fallible> + Send + 'static,
    {
        self.seed = Some(Box::new(move |tx| {
            let seeded = seed(tx);
            Box::pin(async move { seeded.await.into_result() })
        }));
        self
    }

    pub(super) fn backend(&self) -> DbBackend {
        self.pool.backend()
    }

    /// Whether entities may change the schema.
    pub(super) fn is_synced(&self) -> bool {
        self.synced.is_some() && self.mode.unwrap_or_else(Mode::current).is_development()
    }

    /// Whether its tables would be made in development only.
    pub(super) fn unready(&self) -> Option<String> {
        let is_unready = self.synced.is_some() && self.plan.is_none() && !self.is_synced();
        is_unready.then(|| {
            "`sync_schema` is for development: write migrations, `.migrate::<Migrator>()`"
                .to_owned()
        })
    }

    pub(super) fn problem(&self) -> Option<String> {
        let zero = |time: Duration, knob: &str| {
            time.is_zero()
                .then(|| format!("nothing is done in no time: give `{knob}` more than zero"))
        };
        let connections = || {
            (self.max_connections == Some(0)).then(|| {
                "without connections nothing is asked: `.with_max_connections(1)`".to_owned()
            })
        };
        self.problem
            .clone()
            .or_else(connections)
            .or_else(|| zero(self.acquire_timeout, "with_acquire_timeout"))
            .or_else(|| zero(self.statement_timeout, "with_statement_timeout"))
            .or_else(|| zero(self.start_timeout, "with_start_timeout"))
            .or_else(|| self.plan.as_ref().and_then(Plan::problem))
    }
}

impl Extension for Database {
    fn install(mut self, app: App) -> App {
        self.mode = self.synced.is_some().then(|| app.current_mode());
        let problem = self.problem().or_else(|| self.unready());
        let app = match problem {
            Some(problem) => app.problem(problem),
            None => app,
        };
        let pool = self.pool.clone();
        let asked = pool.clone();
        let check = HealthCheck::new(self.name.as_str(), move || {
            let pool = asked.clone();
            async move { pool.ping().await }
        });
        app.state(pool.clone())
            .with(Transactions)
            .map_error(map)
            .map_error(map_transaction)
            .contribute(check)
            .on_start(async move || self.start().await)
            .on_stop(async move || pool.close().await)
    }
}

/// Without the password.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("url", &url::shown(&self.url))
            .field("max_connections", &self.max_connections)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("start_timeout", &self.start_timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_is_not_there_or_empty_means_a_file() {
        for value in [None, Some(OsString::new())] {
            assert_eq!(Database::of_variable(value).url, DEFAULT_URL);
        }
        let database = Database::of_variable(Some("sqlite::memory:".into()));
        assert_eq!(database.url, "sqlite::memory:");
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_no_text_is_a_problem_and_no_file() {
        use std::os::unix::ffi::OsStringExt as _;
        let value = OsString::from_vec(b"postgres://ada:p\xe4ss@host/db".to_vec());
        let problem = Database::of_variable(Some(value)).problem().unwrap();
        assert!(problem.contains("percent-encode"), "{problem}");
    }
}
