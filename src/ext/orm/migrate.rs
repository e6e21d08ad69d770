//! One migration: applied or undone, and recorded, at once.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sea_orm::sea_query::{Expr, ExprTrait, IntoIden, Query};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, DynIden, Schema, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::{
    IntoSchemaManagerConnection, MigrationTrait, SchemaManager, seaql_migrations,
};
use tokio::time::{Instant, sleep};

use super::fault::Fault;

/// How long a file of SQLite in which another process writes is waited for.
const PATIENCE: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
}

/// Where it is recorded which migrations are applied.
pub(super) struct Record(pub(super) DynIden);

impl Record {
    pub(super) async fn create(&self, db: &impl ConnectionTrait) -> Result<(), DbErr> {
        let schema = Schema::new(db.get_database_backend());
        let mut table = schema.create_table_from_entity(seaql_migrations::Entity);
        table.table(self.0.clone()).if_not_exists();
        db.execute(&table).await.map(drop)
    }

    /// The names of those that are applied, the first applied first.
    pub(super) async fn names(&self, db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
        let (version, at) = (column("version"), column("applied_at"));
        let mut query = Query::select();
        query.column(version.clone()).from(self.0.clone());
        query
            .order_by(at, sea_orm::Order::Asc)
            .order_by(version, sea_orm::Order::Asc);
        let rows = db.query_all(&query).await?;
        rows.iter().map(|row| row.try_get("", "version")).collect()
    }

    async fn has(&self, db: &impl ConnectionTrait, name: &str) -> Result<bool, DbErr> {
        let mut query = Query::select();
        query.column(column("version")).from(self.0.clone());
        query.and_where(Expr::col(column("version")).eq(name));
        Ok(db.query_one(&query).await?.is_some())
    }

    async fn note(
        &self,
        db: &impl ConnectionTrait,
        name: &str,
        direction: Direction,
    ) -> Result<(), DbErr> {
        if direction == Direction::Down {
            let mut query = Query::delete();
            query
                .from_table(self.0.clone())
                .and_where(Expr::col(column("version")).eq(name));
            return db.execute(&query).await.map(drop);
        }
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let mut query = Query::insert();
        query
            .into_table(self.0.clone())
            .columns([column("version"), column("applied_at")]);
        query.values_panic([name.into(), (now.as_secs() as i64).into()]);
        db.execute(&query).await.map(drop)
    }
}

fn column(name: &'static str) -> DynIden {
    name.into_iden()
}

/// Whether all of the migration stays, or nothing.
pub(super) fn is_whole(migration: &dyn MigrationTrait, backend: DbBackend) -> bool {
    backend != DbBackend::MySql && migration.use_transaction() != Some(false)
}

/// Applies a migration, or undoes it; `false` if another process was faster.
///
/// # Errors
/// What the migration or the database says. PostgreSQL and SQLite are as they were then, unless the
/// migration wants no transaction.
pub(super) async fn run(
    db: &DatabaseConnection,
    record: &Record,
    migration: &dyn MigrationTrait,
    direction: Direction,
) -> Result<bool, DbErr> {
    let backend = db.get_database_backend();
    let uses_transaction = migration
        .use_transaction()
        .unwrap_or(backend != DbBackend::MySql);
    if !uses_transaction {
        return run_on(db, record, migration, direction).await;
    }
    let transaction = begin(db).await?;
    let is_done = run_on(&transaction, record, migration, direction).await?;
    transaction.commit().await?;
    Ok(is_done)
}

async fn run_on<'c, C>(
    db: &'c C,
    record: &Record,
    migration: &dyn MigrationTrait,
    direction: Direction,
) -> Result<bool, DbErr>
where
    C: ConnectionTrait,
    &'c C: IntoSchemaManagerConnection<'c>,
{
    let name = migration.name();
    if record.has(db, name).await? == (direction == Direction::Up) {
        return Ok(false);
    }
    let schema = SchemaManager::new(db);
    match direction {
        Direction::Up => migration.up(&schema).await?,
        Direction::Down => migration.down(&schema).await?,
    }
    record.note(db, name, direction).await?;
    Ok(true)
}

/// A transaction that, on SQLite, is the only one that writes.
pub(super) async fn begin(db: &DatabaseConnection) -> Result<sea_orm::DatabaseTransaction, DbErr> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let begun = Instant::now();
    loop {
        match db.begin_with_options(options).await {
            Err(error) if Fault::of(&error) == Fault::Conflict && begun.elapsed() < PATIENCE => {
                sleep(PAUSE).await;
            }
            begun => return begun,
        }
    }
}
