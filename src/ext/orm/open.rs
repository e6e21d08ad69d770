//! What a `Database` opens: the pool of an app, a pool without an app, a connection to migrate by.

use std::sync::Arc;

use sea_orm::{DatabaseConnection, DbBackend};

use super::connect::{Size, connect};
use super::interrupt::Interrupts;
use super::migrations::{Migrations, sync};
use super::pool::{Pool, Rules};
use super::tx::TxSlot;
use super::{Database, Db, Tx, url};
use crate::{Error, Result, log};

impl Database {
    /// The pool this will open, for what stands outside of requests: jobs, other extensions. It
    /// answers once the app has started, until it stops.
    ///
    /// ```
    /// # #[cfg(feature = "orm-sqlite")] {
    /// use cepa::orm::prelude::*;
    /// use cepa::prelude::*;
    ///
    /// let database = Database::url("sqlite::memory:");
    /// let db = database.db();
    /// let client = App::new()
    ///     .plug(database)
    ///     .on_start(async move || db.execute_unprepared("CREATE TABLE seen (at text)").await.map(drop))
    ///     .get("/", async || "started")
    ///     .test();
    /// client.get("/").send().assert_text("started");
    /// # }
    /// ```
    #[must_use]
    pub fn db(&self) -> Db {
        Db::new(self.pool.clone())
    }

    /// Opens the database without an app, for scripts and jobs, as the start of an app does, with its
    /// migrations. [`Db::close`] ends it.
    ///
    /// # Errors
    /// What is wrong with an option, such as `sync_schema` without migrations in production
    /// ([`Mode`](crate::Mode)); what the database says.
    pub async fn connect(self) -> Result<Db> {
        self.check()?;
        if let Some(problem) = self.unready() {
            return Err(Error::internal(problem));
        }
        let db = self.db();
        self.start().await?;
        Ok(db)
    }

    /// The migrations, to apply and undo them by hand; [`command`](Self::command) does it for the
    /// words of a command line.
    ///
    /// # Errors
    /// There are none: `.migrate::<Migrator>()`.
    pub fn migrations(&self) -> Result<Migrations<'_>> {
        Migrations::of(self)
    }

    /// Runs the function of [`with_seed`](Self::with_seed), in one transaction.
    ///
    /// # Errors
    /// There is none; what it says, and nothing was written then.
    pub async fn seed(&self) -> Result<()> {
        self.check()?;
        let seed = self.seed.as_ref();
        let seed =
            seed.ok_or_else(|| Error::internal("there is nothing to seed: add `.with_seed(..)`"))?;
        let pool = match self.is_in_memory() {
            true => self.pool.clone(),
            false => Pool::new(self.backend()),
        };
        if !self.is_in_memory() {
            self.open(&pool).await?;
        }
        let slot = TxSlot::default();
        let seeded = seed(Tx::new(slot.clone(), Db::new(pool.clone()))).await;
        let ended = slot.end(seeded.is_ok()).await;
        let closed = match self.is_in_memory() {
            true => Ok(()),
            false => pool.close().await,
        };
        // What went wrong first says most.
        seeded?;
        ended?;
        Ok(closed?)
    }

    /// Opens the pool, and brings the database to where the program expects it.
    pub(super) async fn start(&self) -> Result<()> {
        self.open(&self.pool).await?;
        if self.plan.is_none() && !self.is_synced() {
            return Ok(());
        }
        let db = self.alone().await?;
        let made = self.make(&db).await;
        self.leave(db).await;
        made
    }

    async fn make(&self, db: &DatabaseConnection) -> Result<()> {
        if let Some(plan) = self.plan {
            for name in Migrations::new(self, plan).up_on(db, None).await? {
                log::info(&format!("the migration `{name}` is applied"));
            }
        }
        match &self.synced {
            Some(module) if self.is_synced() => sync(db, module).await,
            _ => Ok(()),
        }
    }

    fn check(&self) -> Result<()> {
        match self.problem() {
            Some(problem) => Err(Error::internal(problem)),
            None => Ok(()),
        }
    }

    fn is_in_memory(&self) -> bool {
        self.backend() == DbBackend::Sqlite && url::is_in_memory(&self.url)
    }

    async fn open(&self, pool: &Pool) -> Result<()> {
        let interrupts = Arc::new(Interrupts::new());
        let most = match self.backend() {
            DbBackend::Sqlite => 8,
            _ => 10,
        };
        let size = match self.is_in_memory() {
            true => Size::One,
            false => Size::UpTo(self.max_connections.unwrap_or(most)),
        };
        let connection = connect(self, size, &interrupts).await?;
        let rules = Rules {
            acquire_timeout: self.acquire_timeout,
            statement_timeout: self.statement_timeout,
            slow: self.slow,
        };
        pool.set(connection, rules, interrupts);
        Ok(())
    }

    /// A pool of one connection: locks and settings that a connection has hold for all that is asked
    /// by it. A database in memory is where its one connection is.
    pub(super) async fn alone(&self) -> Result<DatabaseConnection> {
        self.check()?;
        match self.is_in_memory() {
            true => Ok(self.pool.open()?.connection.clone()),
            false => connect(self, Size::One, &Arc::new(Interrupts::new())).await,
        }
    }

    pub(super) async fn leave(&self, db: DatabaseConnection) {
        if !self.is_in_memory() {
            // Everything was said before; the connection ends either way.
            drop(db.close().await);
        }
    }
}
