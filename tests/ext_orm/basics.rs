//! Plugged and used: `Db`, models, and what an app has by itself.

use cepa::health::Health;
use cepa::orm::TestDatabase;
use cepa::orm::prelude::*;
use cepa::orm::sea_orm::DatabaseConnection;
use cepa::prelude::*;
use cepa::testing::ExtensionCheck;

use crate::models::{Migrator, author, note};
use crate::on_each;

async fn add(Path((name, text)): Path<(String, String)>, db: Db) -> Result<Json<i32>> {
    let author = author::ActiveModel {
        name: Set(name),
        ..Default::default()
    };
    let author = author.insert(&db).await?;
    let note = note::ActiveModel {
        author_id: Set(Some(author.id)),
        text: Set(text),
        ..Default::default()
    };
    Ok(Json(note.insert(&db).await?.id))
}

async fn show(Path(id): Path<i32>, db: Db) -> Result<String> {
    let found = note::Entity::find_by_id(id)
        .find_also_related(author::Entity)
        .one(&db)
        .await?;
    let (note, author) = found.or_not_found("there is no such note")?;
    let author = author.map_or_else(String::new, |author| author.name);
    Ok(format!("{author}: {}", note.text))
}

/// A function as programs have that know SeaORM only.
async fn count(db: &DatabaseConnection) -> Result<u64, DbErr> {
    note::Entity::find().count(db).await
}

fn app(test: &TestDatabase) -> App {
    App::new()
        .plug(test.database().migrate::<Migrator>())
        .post("/{name}/{text}", add)
        .get("/{id}", show)
        .get("/", async |db: Db| -> Result<String> {
            Ok(count(&db).await?.to_string())
        })
}

#[test]
fn a_handler_writes_and_reads() {
    on_each(|test| {
        let client = app(test).test();
        client.post("/ada/hello").send().assert_status(200);
        client.get("/1").send().assert_text("ada: hello");
        client.get("/2").send().assert_status(404);
        client.get("/").send().assert_text("1");
        client.stop();
    });
}

#[test]
fn what_was_written_is_there_after_a_restart() {
    on_each(|test| {
        let client = app(test).test();
        client.post("/ada/hello").send().assert_status(200);
        client.stop();
        let client = app(test).test();
        client.get("/1").send().assert_text("ada: hello");
        client.stop();
    });
}

#[test]
fn a_stopped_app_has_closed_its_pool_and_says_so() {
    let test = TestDatabase::sqlite();
    let database = test.database();
    let db = database.db();
    let client = App::new().plug(database).get("/", async || "").test();
    client.get("/").send().assert_status(200);
    client.block_on(async { db.ping().await.unwrap() });
    client.stop();
    let error = client.block_on(async { db.execute_unprepared("SELECT 1").await.unwrap_err() });
    assert!(error.to_string().contains("closed"), "{error}");
}

#[test]
fn readyz_asks_the_database() {
    on_each(|test| {
        let client = app(test).plug(Health::new()).test();
        let answer = json!({ "status": "pass", "checks": { "database": { "status": "pass" } } });
        client
            .get("/readyz")
            .send()
            .assert_status(200)
            .assert_json(&answer);
        client.stop();
    });
}

#[test]
fn it_keeps_what_extensions_promise() {
    ExtensionCheck::new(|| Database::url("sqlite::memory:"))
        .with_consumer(async |db: Db| db.ping().await.map_or("away", |()| "there"))
        .refuses(
            || Database::url("mongodb://localhost/x"),
            "begins with `sqlite:`",
        )
        .refuses(
            || Database::url("sqlite::memory:").with_max_connections(0),
            "without connections",
        )
        .run();
}

#[test]
fn an_argument_without_a_database_is_a_build_error_with_the_fix() {
    let fix = "add `.plug(Database::url(..))`";
    let error = App::new().get("/", async |_: Db| "").build().unwrap_err();
    assert!(error.to_string().contains(fix), "{error}");
    let error = App::new().get("/", async |_: Tx| "").build().unwrap_err();
    assert!(error.to_string().contains(fix), "{error}");
}

#[test]
fn an_app_that_was_not_started_answers_503() {
    let test = TestDatabase::sqlite();
    let service = app(&test).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let req = http::Request::get("/1").body(()).unwrap();
    let res = runtime.block_on(service.answer(req));
    assert_eq!(res.status(), 503);
    let error = res.error().unwrap().to_string();
    assert!(error.contains("service.start().await"), "{error}");
}
