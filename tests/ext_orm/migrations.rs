//! Migrations: at start, by hand, and where one fails.

use std::time::Duration;

use cepa::orm::migration::*;
use cepa::orm::sea_orm::{DbBackend, Statement};
use cepa::orm::{Database, Db, TestDatabase, Tx};
use cepa::{App, Error, Mode};

use crate::models::{self, Migrator};
use crate::on_each;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}

/// A migration of any statements.
struct Sql(&'static str, &'static [&'static str], Option<bool>);

impl MigrationName for Sql {
    fn name(&self) -> &str {
        self.0
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Sql {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        for sql in self.1 {
            schema.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        self.2
    }
}

async fn has_table(db: &Db, table: &str) -> bool {
    SchemaManager::new(&**db).has_table(table).await.unwrap()
}

#[test]
fn they_are_applied_at_start_and_undone_by_hand() {
    on_each(|test| {
        let database = || test.database().migrate::<Migrator>();
        let says = |words: &[&str]| database().command(words).unwrap();
        assert_eq!(says(&["status"]), "pending m1_authors\npending m2_notes\n");
        let client = App::new().plug(database()).get("/", async || "").test();
        client.get("/").send().assert_status(200);
        client.stop();
        assert_eq!(says(&["status"]), "applied m1_authors\napplied m2_notes\n");
        assert_eq!(says(&["up"]), "nothing to do\n");
        assert_eq!(says(&["down"]), "undone m2_notes\n");
        assert_eq!(says(&["status"]), "applied m1_authors\npending m2_notes\n");
        assert_eq!(says(&["up", "1"]), "applied m2_notes\n");
        assert_eq!(says(&["down", "9"]), "undone m2_notes\nundone m1_authors\n");
        assert_eq!(says(&["up", "1"]), "applied m1_authors\n");
        assert_eq!(says(&["fresh"]), "applied m1_authors\napplied m2_notes\n");
    });
}

#[test]
fn words_that_are_no_command_are_refused_with_those_that_are() {
    let test = TestDatabase::sqlite();
    let database = test.database().migrate::<Migrator>();
    for words in [&["sideways"][..], &[], &["up", "two"], &["up", "1", "2"]] {
        let error = database.command(words).unwrap_err().to_string();
        assert!(
            error.contains("up [n], down [n], status, fresh, seed"),
            "{error}"
        );
    }
    let error = test.database().command(["up"]).unwrap_err().to_string();
    assert!(error.contains("`.migrate::<Migrator>()`"), "{error}");
    let error = block_on(async { database.command(["up"]).unwrap_err().to_string() });
    assert!(error.contains("database.migrations()?"), "{error}");
}

#[test]
fn fresh_drops_whatever_there_is() {
    on_each(|test| {
        let database = test.database().migrate::<Migrator>();
        database.command(["up"]).unwrap();
        block_on(async {
            let db = test.database().connect().await.unwrap();
            for sql in [
                "INSERT INTO author (name) VALUES ('ada')",
                "INSERT INTO note (author_id, text) VALUES (1, 'x')",
                "CREATE TABLE other (id integer)",
                "CREATE VIEW seen AS SELECT name FROM author",
            ] {
                db.execute_unprepared(sql).await.unwrap();
            }
            db.close().await.unwrap();
        });
        assert_eq!(
            database.command(["fresh"]).unwrap(),
            "applied m1_authors\napplied m2_notes\n"
        );
        block_on(async {
            let db = test.database().connect().await.unwrap();
            assert!(!has_table(&db, "other").await);
            let sql = Statement::from_string(db.backend(), "SELECT name FROM author");
            assert!(db.query_all_raw(sql).await.unwrap().is_empty());
            db.close().await.unwrap();
        });
    });
}

/// A migration that makes a function or a type would fail the second time.
#[test]
fn fresh_drops_functions_and_types_too() {
    struct Everything;
    #[async_trait::async_trait]
    impl MigrationTrait for Everything {
        async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
            let all: &[&str] = match schema.get_database_backend() {
                DbBackend::Postgres => &[
                    "CREATE TYPE \"a Pair\" AS (a int, b int)",
                    "CREATE TYPE mood AS ENUM ('ok')",
                    "CREATE DOMAIN positive AS int CHECK (value > 0)",
                    "CREATE TYPE spans AS RANGE (subtype = float8)",
                    "CREATE TABLE held (id int GENERATED ALWAYS AS IDENTITY, pair \"a Pair\", span spans)",
                    "CREATE FUNCTION \"the Sum\"(it \"a Pair\", more int DEFAULT 1) RETURNS int \
                        LANGUAGE sql AS 'SELECT it.a + it.b + more'",
                    "CREATE FUNCTION \"the Sum\"(int) RETURNS int LANGUAGE sql AS 'SELECT $1'",
                    "CREATE PROCEDURE note_it(IN text, INOUT n int) LANGUAGE plpgsql AS 'BEGIN n := 1; END'",
                    "CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int, initcond = '0')",
                    "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
                    "CREATE TRIGGER stamps BEFORE INSERT ON held FOR EACH ROW EXECUTE FUNCTION stamp()",
                ],
                DbBackend::MySql => &[
                    "CREATE TABLE held (id int)",
                    "CREATE FUNCTION plus(a int) RETURNS int DETERMINISTIC RETURN a + 1",
                    "CREATE PROCEDURE note_it() SELECT 1",
                    "CREATE TRIGGER stamps BEFORE INSERT ON held FOR EACH ROW SET NEW.id = 1",
                ],
                _ => &[
                    "CREATE TABLE held (id int)",
                    "CREATE TRIGGER stamps AFTER INSERT ON held BEGIN SELECT 1; END",
                ],
            };
            for sql in all {
                schema.get_connection().execute_unprepared(sql).await?;
            }
            Ok(())
        }
    }
    impl MigrationName for Everything {
        fn name(&self) -> &str {
            "m1_everything"
        }
    }
    struct Migrator;
    impl MigratorTrait for Migrator {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            vec![Box::new(Everything)]
        }
    }
    on_each(|test| {
        let database = test.database().migrate::<Migrator>();
        for _ in 0..2 {
            let done = database.command(["fresh"]).unwrap();
            assert_eq!(done, "applied m1_everything\n");
        }
    });
}

#[test]
fn one_that_fails_says_where_and_leaves_the_database_as_it_was() {
    struct Failing;
    impl MigratorTrait for Failing {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            vec![
                Box::new(Sql("m1_good", &["CREATE TABLE good (id integer)"], None)),
                Box::new(Sql(
                    "m2_bad",
                    &["CREATE TABLE half (id integer)", "SELEKT 1"],
                    None,
                )),
                Box::new(Sql("m3_later", &["CREATE TABLE later (id integer)"], None)),
            ]
        }
    }
    on_each(|test| {
        let service = App::new()
            .plug(test.database().migrate::<Failing>())
            .build()
            .unwrap();
        let error = block_on(service.start()).unwrap_err().to_string();
        assert!(error.contains("`m2_bad` could not be applied"), "{error}");
        assert!(error.contains("1 before it were applied"), "{error}");
        let is_mariadb = test.url().starts_with("mysql");
        assert_eq!(
            error.contains("nothing of it stays"),
            !is_mariadb,
            "{error}"
        );
        block_on(async {
            let db = test.database().connect().await.unwrap();
            assert!(has_table(&db, "good").await);
            assert_eq!(has_table(&db, "half").await, is_mariadb);
            assert!(!has_table(&db, "later").await);
            db.close().await.unwrap();
        });
        let status = test
            .database()
            .migrate::<Failing>()
            .command(["status"])
            .unwrap();
        assert_eq!(
            status,
            "applied m1_good\npending m2_bad\npending m3_later\n"
        );
    });
}

#[test]
fn one_that_wants_no_transaction_has_none() {
    struct Bare;
    impl MigratorTrait for Bare {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            let concurrently: &[&str] = &[
                "CREATE TABLE bare (id integer)",
                "CREATE INDEX CONCURRENTLY bare_id ON bare (id)",
            ];
            vec![Box::new(Sql("m1_bare", concurrently, Some(false)))]
        }
    }
    // PostgreSQL builds an index concurrently outside of a transaction only.
    if let Ok(server) = std::env::var("CEPA_TEST_POSTGRES") {
        let test = TestDatabase::at(&server);
        let database = test.database().migrate::<Bare>();
        assert_eq!(database.command(["up"]).unwrap(), "applied m1_bare\n");
    }
}

#[test]
fn one_that_cannot_be_undone_says_so() {
    struct OneWay;
    impl MigratorTrait for OneWay {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            vec![Box::new(Sql(
                "m1_one_way",
                &["CREATE TABLE one (id integer)"],
                None,
            ))]
        }
    }
    on_each(|test| {
        let database = test.database().migrate::<OneWay>();
        database.command(["up"]).unwrap();
        let error = database.command(["down"]).unwrap_err().to_string();
        assert!(
            error.contains("`m1_one_way` could not be undone"),
            "{error}"
        );
        assert_eq!(
            database.command(["status"]).unwrap(),
            "applied m1_one_way\n"
        );
    });
}

#[test]
fn two_of_one_name_are_a_build_error() {
    struct Twice;
    impl MigratorTrait for Twice {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            vec![
                Box::new(models::schema::Authors),
                Box::new(models::schema::Authors),
            ]
        }
    }
    let database = Database::url("sqlite::memory:").migrate::<Twice>();
    let error = App::new().plug(database).build().unwrap_err().to_string();
    assert!(
        error.contains("two migrations are named `m1_authors`"),
        "{error}"
    );
}

#[test]
fn a_program_older_than_its_database_starts() {
    struct Older;
    impl MigratorTrait for Older {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            vec![Box::new(models::schema::Authors)]
        }
    }
    on_each(|test| {
        test.database()
            .migrate::<Migrator>()
            .command(["up"])
            .unwrap();
        let service = App::new()
            .plug(test.database().migrate::<Older>())
            .build()
            .unwrap();
        block_on(async {
            service.start().await.unwrap();
            service.stop().await.unwrap();
        });
    });
}

#[test]
fn seeds_are_written_whole_or_not_at_all() {
    async fn seed(tx: Tx) -> cepa::Result<()> {
        tx.execute_unprepared("INSERT INTO author (name) VALUES ('ada')")
            .await?;
        tx.execute_unprepared("INSERT INTO author (name) VALUES ('ada')")
            .await?;
        Ok(())
    }
    on_each(|test| {
        let database = || test.database().migrate::<Migrator>();
        database().command(["up"]).unwrap();
        let error = database().with_seed(seed).command(["seed"]).unwrap_err();
        assert!(error.downcast_ref::<DbErr>().is_some(), "{error}");
        let one = database().with_seed(async |tx: Tx| {
            tx.execute_unprepared("INSERT INTO author (name) VALUES ('ada')")
                .await
                .map(drop)
        });
        assert_eq!(one.command(["seed"]).unwrap(), "seeded\n");
        let error = database().command(["seed"]).unwrap_err().to_string();
        assert!(error.contains("`.with_seed(..)`"), "{error}");
    });
}

#[test]
fn tables_are_made_of_entities_while_there_are_no_migrations() {
    let entities = module_path!().replace("migrations", "models");
    on_each(|test| {
        // Twice: the second time there is nothing to add.
        for _ in 0..2 {
            let database = test.database().sync_schema(entities.as_str());
            block_on(async {
                let db = database.connect().await.unwrap();
                assert!(has_table(&db, "author").await && has_table(&db, "note").await);
                db.close().await.unwrap();
            });
        }
    });
    let test = TestDatabase::sqlite();
    let error = block_on(test.database().sync_schema("no::such::module").connect());
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("no entity is below `no::such::module`"),
        "{error}"
    );
}

#[test]
fn tables_of_entities_are_for_development() {
    let database = |test: &TestDatabase| test.database().sync_schema(module_path!());
    let test = TestDatabase::sqlite();
    let app = App::new().mode(Mode::Production).plug(database(&test));
    let error = app.build().unwrap_err().to_string();
    assert!(error.contains("`.migrate::<Migrator>()`"), "{error}");
    let app = App::new()
        .mode(Mode::Production)
        .plug(database(&test).migrate::<Migrator>());
    assert!(app.build().is_ok());
}

/// Whether the connection holds the lock.
fn held(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => {
            "SELECT CAST(count(*) AS int) AS held FROM pg_locks \
                        WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        }
        DbBackend::MySql => {
            "SELECT CAST(IS_USED_LOCK(CONCAT('cepa migrations ', MD5(DATABASE()))) \
                        = CONNECTION_ID() AS int) AS held"
        }
        _ => "SELECT 1 AS held",
    }
}

/// A connection that is replaced takes the lock along.
#[test]
fn whatever_the_options_are_migrations_keep_their_connection() {
    struct Locked;
    impl MigrationName for Locked {
        fn name(&self) -> &str {
            "m1_locked"
        }
    }
    #[async_trait::async_trait]
    impl MigrationTrait for Locked {
        async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
            let db = schema.get_connection();
            let sql = held(schema.get_database_backend());
            for _ in 0..3 {
                let ask = Statement::from_string(schema.get_database_backend(), sql);
                let row = db.query_one_raw(ask).await?.unwrap();
                assert_eq!(row.try_get::<i32>("", "held")?, 1);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Ok(())
        }

        fn use_transaction(&self) -> Option<bool> {
            Some(false)
        }
    }
    struct Migrator;
    impl MigratorTrait for Migrator {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            vec![Box::new(Locked)]
        }
    }
    fn change(options: &mut sea_orm::ConnectOptions) {
        let soon = Duration::from_millis(10);
        options.max_connections(4).min_connections(2);
        options.max_lifetime(soon).idle_timeout(soon);
    }
    on_each(|test| {
        let database = test.database().with_options(change).migrate::<Migrator>();
        assert_eq!(database.command(["up"]).unwrap(), "applied m1_locked\n");
    });
    block_on(async {
        let database = Database::url("sqlite::memory:").with_options(change);
        let db = database
            .migrate::<models::Migrator>()
            .connect()
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        for _ in 0..3 {
            assert!(has_table(&db, "author").await);
        }
        db.close().await.unwrap();
    });
}

/// By the mode of the app, not by that of the environment.
#[test]
fn in_production_entities_add_nothing_to_migrations() {
    struct Other;
    impl MigratorTrait for Other {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            let sql = &["CREATE TABLE other (id integer)"];
            vec![Box::new(Sql("m1_other", sql, None))]
        }
    }
    let entities = module_path!().replace("migrations", "models");
    for mode in [Mode::Production, Mode::Development] {
        let test = TestDatabase::sqlite();
        let database = test.database().sync_schema(entities.as_str());
        let app = App::new().mode(mode).plug(database.migrate::<Other>());
        let service = app.build().unwrap();
        block_on(async {
            service.start().await.unwrap();
            let db = test.database().connect().await.unwrap();
            assert!(has_table(&db, "other").await);
            assert_eq!(has_table(&db, "author").await, mode.is_development());
            db.close().await.unwrap();
            service.stop().await.unwrap();
        });
    }
}

#[test]
fn what_is_wrong_is_said_without_an_app_too() {
    let begun = std::time::Instant::now();
    let error = block_on(Database::url("sqlite:///no/such/folder/app.db").connect()).unwrap_err();
    let told = error.to_string();
    assert!(told.contains("unable to open"), "{told}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{told}");
    let error = block_on(Database::url("nonsense").connect()).unwrap_err();
    let told: &Error = &error;
    assert!(
        told.to_string().contains("is no URL of a database"),
        "{error}"
    );
}
