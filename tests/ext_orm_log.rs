//! What is said of statements. It is alone in its program, which has one log.

#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]
#![allow(unreachable_pub, reason = "the macros of models make public items")]

use std::fmt::{Debug, Write as _};
use std::sync::Mutex;
use std::time::Duration;

use cepa::Mode;
use cepa::orm::{TestDatabase, prelude::*};
use cepa::prelude::*;
use cepa::testing::TestClient;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

static LINES: Mutex<String> = Mutex::new(String::new());

/// Keeps the level and message of each event.
struct Lines;

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        ["cepa", "sqlx::postgres::notice"].contains(&metadata.target())
    }

    fn event(&self, event: &Event<'_>) {
        struct Text<'a>(&'a mut String);
        impl Visit for Text<'_> {
            fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
                write!(self.0, "{value:?}").unwrap();
            }
        }
        let lines = &mut *LINES.lock().unwrap();
        write!(lines, "{} ", event.metadata().level()).unwrap();
        event.record(&mut Text(lines));
        lines.push('\n');
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// What a request left in the log.
fn said(client: &TestClient, path: &str) -> String {
    LINES.lock().unwrap().clear();
    client.get(path).send().assert_status(200);
    std::mem::take(&mut *LINES.lock().unwrap())
}

mod note {
    use cepa::orm::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub text: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

async fn table(db: Db) -> Result<()> {
    db.execute_unprepared("CREATE TABLE note (id integer primary key, text text)")
        .await?;
    Ok(())
}

/// Asks for one row after the other, where one statement would do.
async fn one_by_one(Path(times): Path<i32>, db: Db, tx: Tx) -> Result<()> {
    for id in 0..times {
        match id < times / 2 {
            true => note::Entity::find_by_id(id).one(&db).await?,
            false => note::Entity::find_by_id(id).one(&tx).await?,
        };
    }
    Ok(())
}

async fn secret(db: Db) -> Result<()> {
    note::Entity::find()
        .filter(note::Column::Text.eq("a secret"))
        .all(&db)
        .await?;
    Ok(())
}

/// Holds a connection for its transaction, and asks for another one.
async fn both(tx: Tx, db: Db) -> Result<()> {
    note::Entity::find().one(&tx).await?;
    note::Entity::find().one(&db).await?;
    Ok(())
}

/// Goes away from a statement.
async fn early(db: Db) {
    let slow = db.execute_unprepared("SELECT pg_sleep(0.05)");
    drop(tokio::time::timeout(Duration::from_millis(10), slow).await);
}

fn app(mode: Mode, database: Database) -> TestClient {
    let app = App::new().mode(mode).plug(database).post("/table", table);
    app.get("/notes/{times}", one_by_one)
        .get("/secret", secret)
        .get("/both/{id}", both)
        .get("/early", early)
        .test()
}

#[test]
fn statements_that_are_slow_or_repeated_are_told_with_their_route_and_without_values() {
    tracing::subscriber::set_global_default(Lines).unwrap();
    let test = TestDatabase::sqlite();
    let client = app(Mode::Development, test.database());
    client.post("/table").send().assert_status(200);
    assert_eq!(said(&client, "/notes/10"), "");
    let repeated = said(&client, "/notes/11");
    let start = "WARN GET /notes/{times} ran one statement 11 times; ";
    assert!(repeated.starts_with(start), "{repeated}");
    assert!(
        repeated.ends_with("WHERE \"note\".\"id\" = ? LIMIT ?\n"),
        "{repeated}"
    );
    assert_eq!(repeated.lines().count(), 1, "{repeated}");
    // Nor do the requests of one route add up.
    assert_eq!(
        [said(&client, "/notes/9"), said(&client, "/notes/9")],
        ["", ""]
    );
    let beside = said(&client, "/both/1");
    let start = "WARN GET /both/{id} asks by `Db` while its `Tx` is open, ";
    assert!(beside.starts_with(start), "{beside}");
    assert_eq!(beside.lines().count(), 1, "{beside}");
    assert_eq!(said(&client, "/both/2"), "");
    client.stop();

    let client = app(Mode::Production, test.database());
    assert_eq!(said(&client, "/notes/50"), "");
    assert_eq!(said(&client, "/both/1"), "");
    client.stop();

    let slow = test.database().with_slow_statements(Duration::ZERO);
    let client = app(Mode::Production, slow);
    let said = said(&client, "/secret");
    assert!(said.starts_with("WARN slow statement, "), "{said}");
    assert!(
        said.contains(" in GET /secret: SELECT ") && said.contains("\"text\" = ?"),
        "{said}"
    );
    assert!(!said.contains("a secret"), "{said}");
    client.stop();
    an_interrupt_is_no_reason_for_warnings();
}

/// PostgreSQL has a notice for what ends no transaction.
fn an_interrupt_is_no_reason_for_warnings() {
    let Ok(server) = std::env::var("CEPA_TEST_POSTGRES") else {
        return;
    };
    let test = TestDatabase::at(&server);
    let client = app(Mode::Production, test.database());
    client.post("/table").send().assert_status(200);
    for path in [
        "/early", "/secret", "/secret", "/both/1", "/early", "/secret",
    ] {
        assert_eq!(said(&client, path), "", "{path}");
    }
    client.block_on(async { tokio::time::sleep(Duration::from_millis(200)).await });
    assert_eq!(said(&client, "/secret"), "");
    client.stop();
}
