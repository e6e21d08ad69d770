//! Drops all that is in a database: tables, views and types.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement, TransactionTrait};

use super::migrate;

/// Drops everything in the schema, or database, of this connection, which has to be the only one of
/// its pool.
pub(super) async fn drop_all(db: &DatabaseConnection) -> Result<(), DbErr> {
    match db.get_database_backend() {
        DbBackend::Postgres => {
            let transaction = db.begin().await?;
            postgres(&transaction).await?;
            transaction.commit().await
        }
        DbBackend::MySql => mariadb(db).await,
        _ => sqlite(db).await,
    }
}

/// The names that a query finds, one or two to a row.
async fn names(db: &impl ConnectionTrait, sql: &str) -> Result<Vec<[String; 2]>, DbErr> {
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await?;
    let names = rows
        .iter()
        .map(|row| Ok([row.try_get("", "kind")?, row.try_get("", "name")?]));
    names.collect()
}

async fn postgres(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    // Not what belongs to an extension of PostgreSQL; sequences after the tables they belong to.
    let sql = "SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' \
        WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS kind, \
        CAST(c.relname AS text) AS name FROM pg_class c \
        WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) \
        AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') \
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') \
        UNION ALL SELECT 'TYPE', CAST(t.typname AS text) FROM pg_type t \
        WHERE t.typnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND t.typtype IN ('e', 'd') \
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e') \
        ORDER BY 1 DESC";
    for [kind, name] in names(db, sql).await? {
        let name = name.replace('"', "\"\"");
        db.execute_unprepared(&format!("DROP {kind} IF EXISTS \"{name}\" CASCADE"))
            .await?;
    }
    Ok(())
}

async fn mariadb(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let sql = "SELECT IF(TABLE_TYPE = 'VIEW', 'VIEW', 'TABLE') AS kind, TABLE_NAME AS name \
        FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()";
    let all = names(db, sql).await?;
    db.execute_unprepared("SET FOREIGN_KEY_CHECKS = 0").await?;
    for [kind, name] in all {
        let name = name.replace('`', "``");
        db.execute_unprepared(&format!("DROP {kind} IF EXISTS `{name}`"))
            .await?;
    }
    db.execute_unprepared("SET FOREIGN_KEY_CHECKS = 1")
        .await
        .map(drop)
}

async fn sqlite(db: &DatabaseConnection) -> Result<(), DbErr> {
    // Nothing inside a transaction, so before it.
    db.execute_unprepared("PRAGMA foreign_keys = OFF").await?;
    let dropped = async {
        let transaction = migrate::begin(db).await?;
        let sql = "SELECT type AS kind, name FROM sqlite_master \
            WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type DESC";
        for [kind, name] in names(&transaction, sql).await? {
            let name = name.replace('"', "\"\"");
            transaction
                .execute_unprepared(&format!("DROP {kind} IF EXISTS \"{name}\""))
                .await?;
        }
        transaction.commit().await
    };
    let dropped = dropped.await;
    db.execute_unprepared("PRAGMA foreign_keys = ON").await?;
    dropped
}
