//! Many who write to one SQLite file.

use std::time::Duration;

use cepa::orm::TestDatabase;
use cepa::orm::prelude::*;
use cepa::prelude::*;
use tokio::task::JoinSet;

const WRITERS: usize = 64;
const ROUNDS: usize = 10;
const PATIENCE: Duration = Duration::from_secs(120);

async fn counted(db: &impl ConnectionTrait) -> Result<i64> {
    let sql = "SELECT n FROM counter";
    let backend = db.get_database_backend();
    let row = db
        .query_one_raw(Statement::from_string(backend, sql))
        .await?;
    Ok(row.or_not_found("no counter")?.try_get("", "n")?)
}

/// Reads, waits, and writes what it read plus one: right only if nobody writes in between.
async fn in_a_request(tx: Tx) -> Result<()> {
    let n = counted(&tx).await?;
    tokio::task::yield_now().await;
    tx.execute_unprepared(&format!("UPDATE counter SET n = {}", n + 1))
        .await?;
    Ok(())
}

async fn by_hand(db: Db) -> Result<()> {
    let transaction = db.begin().await?;
    let n = counted(&transaction).await?;
    tokio::task::yield_now().await;
    transaction
        .execute_unprepared(&format!("UPDATE counter SET n = {}", n + 1))
        .await?;
    Ok(transaction.commit().await?)
}

async fn alone(db: Db) -> Result<()> {
    db.execute_unprepared("UPDATE counter SET n = n + 1")
        .await?;
    Ok(())
}

fn app(test: &TestDatabase) -> App {
    // With the connections and times of a program that says nothing of them.
    App::new()
        .plug(Database::url(test.url()))
        .post("/request", in_a_request)
        .post("/hand", by_hand)
        .post("/alone", alone)
        .get("/", async |db: Db| -> Result<String> {
            Ok(counted(&db).await?.to_string())
        })
}

#[test]
fn sixty_four_who_write_at_once_are_all_served() {
    let test = TestDatabase::sqlite();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    let written = runtime.block_on(async {
        let service = app(&test).build().unwrap();
        service.start().await.unwrap();
        let db = test.database().connect().await.unwrap();
        db.execute_unprepared("CREATE TABLE counter (n integer)")
            .await
            .unwrap();
        db.execute_unprepared("INSERT INTO counter VALUES (0)")
            .await
            .unwrap();
        let mut tasks = JoinSet::new();
        for writer in 0..WRITERS {
            let service = service.clone();
            tasks.spawn(async move {
                for round in 0..ROUNDS {
                    let path = ["/request", "/hand", "/alone"][(writer + round) % 3];
                    let req = http::Request::post(path).body(()).unwrap();
                    let res = service.answer(req).await;
                    let error = res.error().map(ToString::to_string);
                    assert_eq!(res.status(), 200, "{path}: {error:?}");
                }
            });
        }
        let all = async {
            while let Some(ended) = tasks.join_next().await {
                ended.unwrap();
            }
        };
        tokio::time::timeout(PATIENCE, all).await.unwrap();
        let written = counted(&db).await.unwrap();
        db.close().await.unwrap();
        service.stop().await.unwrap();
        written
    });
    assert_eq!(written as usize, WRITERS * ROUNDS);
}

#[test]
fn readers_do_not_wait_for_a_writer() {
    async fn both(tx: Tx, db: Db) -> Result<String> {
        tx.execute_unprepared("UPDATE counter SET n = 7").await?;
        Ok(counted(&db).await?.to_string())
    }
    let test = TestDatabase::sqlite();
    let client = app(&test).get("/both", both).test();
    client.block_on(async {
        let db = test.database().connect().await.unwrap();
        db.execute_unprepared("CREATE TABLE counter (n integer)")
            .await
            .unwrap();
        db.execute_unprepared("INSERT INTO counter VALUES (1)")
            .await
            .unwrap();
        db.close().await.unwrap();
    });
    client.get("/both").send().assert_text("1");
    client.get("/").send().assert_text("7");
    client.stop();
}

#[test]
fn who_waits_too_long_to_write_is_told_so_with_503() {
    async fn both(tx: Tx, db: Db) -> Result<()> {
        tx.execute_unprepared("UPDATE counter SET n = 7").await?;
        alone(db).await
    }
    let test = TestDatabase::sqlite();
    let database = test
        .database()
        .with_acquire_timeout(Duration::from_millis(100));
    let db = database.db();
    let client = App::new()
        .plug(database)
        .on_start(async move || {
            db.execute_unprepared("CREATE TABLE counter (n integer)")
                .await
                .map(drop)
        })
        .get("/both", both)
        .test();
    let res = client.get("/both").send();
    res.assert_status(503).assert_header("retry-after", "1");
    let error = res.error().unwrap().to_string();
    assert!(
        error.contains("a handler that takes `Tx` writes by it alone"),
        "{error}"
    );
    client.stop();
}
