//! Drops all that is in a database: tables, views, types, functions and procedures.

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

/// Not what belongs to an extension of PostgreSQL. Sequences go after the tables they belong to, and
/// routines after the types whose constructors they are. A routine is named with its arguments.
const POSTGRES: &str = "WITH own AS (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) \
    SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' \
    WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS kind, \
    quote_ident(c.relname) AS name FROM pg_class c \
    WHERE c.relnamespace = (SELECT oid FROM own) AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') \
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') \
    UNION ALL SELECT 'TYPE', quote_ident(t.typname) FROM pg_type t \
    WHERE t.typnamespace = (SELECT oid FROM own) AND (t.typtype IN ('e', 'd', 'r') \
    OR EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c')) \
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e') \
    UNION ALL SELECT 'ROUTINE', quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')' \
    FROM pg_proc p WHERE p.pronamespace = (SELECT oid FROM own) \
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype IN ('e', 'i')) \
    ORDER BY 1 DESC";

async fn postgres(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    for [kind, name] in names(db, POSTGRES).await? {
        db.execute_unprepared(&format!("DROP {kind} IF EXISTS {name} CASCADE"))
            .await?;
    }
    Ok(())
}

async fn mariadb(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let sql = "SELECT IF(TABLE_TYPE = 'VIEW', 'VIEW', 'TABLE') AS kind, TABLE_NAME AS name \
        FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() \
        UNION ALL SELECT ROUTINE_TYPE, ROUTINE_NAME \
        FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() \
        UNION ALL SELECT 'EVENT', EVENT_NAME \
        FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()";
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
