//! `Migrations`: what is applied at start, and what an operator can do.

use std::fmt;

use sea_orm::{DatabaseConnection, DbBackend, DbErr, DynIden};
use sea_orm_migration::{MigrationTrait, MigratorTrait, SchemaManager};

use super::migrate::{self, Direction, Record, is_whole};
use super::{Database, drop_all, lock};
use crate::{Error, Mode, Result, log};

/// The migrations of a program.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    migrations: fn() -> Vec<Box<dyn MigrationTrait>>,
    table: fn() -> DynIden,
}

impl Plan {
    pub(super) fn of<M: MigratorTrait>() -> Self {
        Self {
            migrations: M::migrations,
            table: M::migration_table_name,
        }
    }

    /// Two migrations of one name, of which only one would be applied.
    pub(super) fn problem(&self) -> Option<String> {
        let mut names = std::collections::HashSet::new();
        let all = (self.migrations)();
        let twice = all.iter().find(|it| !names.insert(it.name().to_owned()))?;
        Some(format!(
            "two migrations are named `{}`: `DeriveMigrationName` takes the name of the file, so each has a file of its own, or implements `MigrationName`",
            twice.name()
        ))
    }
}

/// A migration, and whether it is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MigrationState {
    /// Its name.
    pub name: String,
    /// Whether the database has it.
    pub is_applied: bool,
}

/// The migrations of a [`Database`], to apply and undo them; made by
/// [`Database::migrations`](super::Database::migrations).
///
/// Each method opens a connection of its own, and waits for other processes that migrate.
pub struct Migrations<'a> {
    database: &'a Database,
    plan: Plan,
}

impl<'a> Migrations<'a> {
    pub(super) fn of(database: &'a Database) -> Result<Self> {
        let plan = database.plan.ok_or_else(|| {
            Error::internal("the database has no migrations: add `.migrate::<Migrator>()`")
        })?;
        Ok(Self::new(database, plan))
    }

    pub(super) fn new(database: &'a Database, plan: Plan) -> Self {
        Self { database, plan }
    }

    fn record(&self) -> Record {
        Record((self.plan.table)())
    }

    /// Applies what is pending, at most so many, and says which.
    ///
    /// # Errors
    /// The one that failed, and what stays of it. Those before it are applied.
    pub async fn up(&self, most: Option<usize>) -> Result<Vec<String>> {
        let db = self.database.alone().await?;
        let done = self.up_on(&db, most).await;
        self.database.leave(db).await;
        done
    }

    pub(super) async fn up_on(
        &self,
        db: &DatabaseConnection,
        most: Option<usize>,
    ) -> Result<Vec<String>> {
        lock::lock(db).await?;
        let record = self.record();
        record.create(db).await?;
        let applied = record.names(db).await?;
        let all = (self.plan.migrations)();
        warn_of_unknown(&applied, &all);
        let pending = all
            .iter()
            .filter(|it| !applied.iter().any(|name| name == it.name()));
        let pending = pending.take(most.unwrap_or(usize::MAX));
        self.run(db, &record, pending, Direction::Up).await
    }

    /// Undoes so many of those that are applied, the last in the program's order first, and says
    /// which.
    ///
    /// # Errors
    /// As [`up`](Self::up); a migration without `down` is one.
    pub async fn down(&self, most: usize) -> Result<Vec<String>> {
        let db = self.database.alone().await?;
        let undo = async {
            lock::lock(&db).await?;
            let record = self.record();
            record.create(&db).await?;
            let applied = record.names(&db).await?;
            let all = (self.plan.migrations)();
            let known = all.iter().rev();
            let known = known.filter(|it| applied.iter().any(|name| name == it.name()));
            self.run(&db, &record, known.take(most), Direction::Down)
                .await
        };
        let done = undo.await;
        self.database.leave(db).await;
        done
    }

    /// All migrations in their order, and whether they are applied. Nothing is written.
    ///
    /// # Errors
    /// What the database says.
    pub async fn status(&self) -> Result<Vec<MigrationState>> {
        let db = self.database.alone().await?;
        let ask = async {
            let record = self.record();
            let table = record.0.to_string();
            match SchemaManager::new(&db).has_table(table).await? {
                true => record.names(&db).await,
                false => Ok(Vec::new()),
            }
        };
        let applied: Result<Vec<String>, DbErr> = ask.await;
        self.database.leave(db).await;
        let applied = applied?;
        let all = (self.plan.migrations)();
        let state = |name: &str| MigrationState {
            name: name.to_owned(),
            is_applied: applied.iter().any(|applied| applied == name),
        };
        Ok(all.iter().map(|it| state(it.name())).collect())
    }

    /// Drops **everything** in the database and applies all migrations anew.
    ///
    /// # Errors
    /// In production ([`Mode`]), where it does nothing; otherwise as [`up`](Self::up).
    pub async fn fresh(&self) -> Result<Vec<String>> {
        if Mode::current().is_production() {
            return Err(Error::internal(
                "`fresh` drops all there is, so it does nothing in production; CEPA_ENV=development says that this is none",
            ));
        }
        let db = self.database.alone().await?;
        let renew = async {
            lock::lock(&db).await?;
            drop_all::drop_all(&db).await?;
            self.up_on(&db, None).await
        };
        let done = renew.await;
        self.database.leave(db).await;
        done
    }

    async fn run<'m>(
        &self,
        db: &DatabaseConnection,
        record: &Record,
        migrations: impl Iterator<Item = &'m Box<dyn MigrationTrait>>,
        direction: Direction,
    ) -> Result<Vec<String>> {
        let mut done = Vec::new();
        for migration in migrations {
            let migration = &**migration;
            match migrate::run(db, record, migration, direction).await {
                Ok(true) => done.push(migration.name().to_owned()),
                // Another process had it in the meantime.
                Ok(false) => {}
                Err(error) => {
                    let stays = stays(migration, db.get_database_backend());
                    let before = done.len();
                    let word = match direction {
                        Direction::Up => "applied",
                        Direction::Down => "undone",
                    };
                    return Err(Error::internal(format!(
                        "the migration `{}` could not be {word}; {stays}, {before} before it were {word}",
                        migration.name()
                    ))
                    .with_source(error));
                }
            }
        }
        Ok(done)
    }
}

fn stays(migration: &dyn MigrationTrait, backend: DbBackend) -> &'static str {
    match is_whole(migration, backend) {
        true => "nothing of it stays",
        false => "what its statements did until then stays, since it ran without a transaction",
    }
}

/// A program that is older than its database goes on: so it is when versions are replaced one
/// process after the other.
fn warn_of_unknown(applied: &[String], all: &[Box<dyn MigrationTrait>]) {
    let is_unknown = |name: &&String| !all.iter().any(|it| it.name() == **name);
    let unknown: Vec<&str> = applied
        .iter()
        .filter(is_unknown)
        .map(String::as_str)
        .collect();
    if !unknown.is_empty() {
        let names = unknown.join("`, `");
        log::warn(&format!(
            "the database has migrations that this program does not know: `{names}`; it is older than its database"
        ));
    }
}

/// Makes the tables of the entities below this path as they are declared, as far as that only adds.
pub(super) async fn sync(db: &DatabaseConnection, path: &str) -> Result<()> {
    lock::lock(db).await?;
    let schema = db.get_schema_registry(path);
    // It tells what is in it by this text alone.
    if format!("{schema:?}") == format!("{:?}", db.get_schema_builder()) {
        return Err(Error::internal(format!(
            "no entity is below `{path}`: `.sync_schema(..)` takes the path of a module, such as `module_path!()`"
        )));
    }
    if db.get_database_backend() == DbBackend::MySql {
        return Ok(schema.sync(db).await?);
    }
    let transaction = migrate::begin(db).await?;
    schema.sync(&transaction).await?;
    Ok(transaction.commit().await?)
}

impl fmt::Debug for Migrations<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migrations")
            .field("database", self.database)
            .finish()
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = (self.migrations)();
        f.debug_list()
            .entries(all.iter().map(|it| it.name().to_owned()))
            .finish()
    }
}
