//! Sessions in the app's database: SQLite, and the servers that `CEPA_TEST_POSTGRES` and
//! `CEPA_TEST_MYSQL` name.
#![cfg(feature = "orm-sqlite")]

use std::time::Duration;

use cepa::orm::prelude::*;
use cepa::orm::{Database, TestDatabase};
use cepa::prelude::*;
use cepa::sessions::{OrmStore, Session, SessionStore, Sessions};
use cepa::testing::TestClient;

use crate::siblings::the_one_that_ends_first_makes_room;
use crate::stores::{agrees_with_the_rules, keeps_its_promises};
use crate::{id_in, routes, together};

/// A database of each kind that is there.
fn databases() -> Vec<TestDatabase> {
    let mut databases = vec![TestDatabase::sqlite()];
    #[cfg(all(feature = "orm-postgres", feature = "orm-mysql"))]
    for variable in ["CEPA_TEST_POSTGRES", "CEPA_TEST_MYSQL"] {
        let server = std::env::var(variable).ok();
        databases.extend(server.map(|server| TestDatabase::at(&server)));
    }
    databases
}

fn app(database: Database, store: &OrmStore) -> App {
    App::new()
        .plug(Sessions::new(store.clone()))
        .plug(database)
        .plug(routes)
}

/// The app, and its store.
fn started(test: &TestDatabase) -> (TestClient, OrmStore) {
    let database = test.database();
    let store = OrmStore::new(database.db());
    (app(database, &store).test(), store)
}

#[test]
fn the_store_in_a_database_keeps_its_promises() {
    for test in databases() {
        let (client, store) = started(&test);
        client.get("/unrelated").send().assert_status(200);
        client.block_on(async {
            keeps_its_promises(&store).await;
            agrees_with_the_rules(&store, 600).await;
        });
        client.stop();
    }
}

#[test]
fn a_user_has_so_many_sessions_in_a_database() {
    for test in databases() {
        let database = test.database();
        let sessions = Sessions::new(OrmStore::new(database.db())).with_sessions_per_user(2);
        let client = App::new().plug(sessions).plug(database).plug(routes).test();
        the_one_that_ends_first_makes_room(&client);
        client.stop();
    }
}

#[test]
fn a_session_in_a_database_outlives_the_program() {
    for test in databases() {
        let (client, _) = started(&test);
        let id = id_in(&client.post("/bind/ada%20%C3%A9").send());
        client.post("/set/fruit/onion").send().assert_status(200);
        client.stop();
        let (client, store) = started(&test);
        let ask = |path: &str| {
            let req = client.get(path).header("cookie", format!("session={id}"));
            req.send().text().to_owned()
        };
        assert_eq!(ask("/get/fruit"), "onion");
        assert_eq!(ask("/user"), "ada \u{e9}");
        // Names of users are compared sign by sign, whatever the database thinks of them.
        let others = ["Ada \u{e9}", "ada e", "ada \u{e9} "];
        for other in others {
            let ended = client.block_on(store.delete_user(other, None)).unwrap();
            assert_eq!(ended, 0, "{other:?}");
        }
        assert_eq!(ask("/user"), "ada \u{e9}");
        client.stop();
    }
}

#[test]
fn of_64_requests_at_once_none_loses_a_key_in_a_database() {
    for test in databases() {
        let database = test.database();
        let store = OrmStore::new(database.db());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let app = together::app(store, together::REQUESTS).plug(database);
            together::no_key_is_lost_in(app).await;
        });
    }
}

#[test]
fn what_is_over_is_swept_from_the_table() {
    for test in databases() {
        let database = test.database();
        let store = OrmStore::new(database.db());
        let sessions = Sessions::new(store.clone()).with_idle(Duration::from_millis(50));
        let client = App::new().plug(sessions).plug(database).plug(routes);
        let client = client.get("/rows", rows).test();
        for _ in 0..5 {
            client
                .post("/set/a/1")
                .header("cookie", "")
                .send()
                .assert_status(200);
        }
        client.get("/rows").send().assert_text("5");
        std::thread::sleep(Duration::from_millis(60));
        assert_eq!(client.block_on(store.sweep()).unwrap(), 5);
        client.get("/rows").send().assert_text("0");
        client.stop();
    }
}

/// By the task that the extension starts, once a minute.
#[tokio::test]
async fn the_table_is_swept_while_the_app_runs() {
    for test in databases() {
        let database = test.database();
        let store = OrmStore::new(database.db());
        let sessions = Sessions::new(store).with_idle(Duration::from_millis(50));
        let app = App::new().plug(sessions).plug(database).plug(routes);
        let client = app.get("/rows", rows).test();
        for _ in 0..3 {
            let req = client.post("/set/a/1").header("cookie", "");
            req.await.assert_status(200);
        }
        client.get("/rows").await.assert_text("3");
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(61)).await;
        tokio::time::resume();
        let swept = async {
            while client.get("/rows").await.text() != "0" {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let swept = tokio::time::timeout(Duration::from_secs(30), swept).await;
        swept.expect("what is over is swept");
        drop(client);
    }
}

async fn rows(db: Db) -> Result<String> {
    let statement = Statement::from_string(db.backend(), "SELECT record FROM cepa_session");
    let rows = db.query_all_raw(statement).await?;
    Ok(rows.len().to_string())
}

#[test]
fn a_handler_with_a_transaction_keeps_its_session_too() {
    for test in databases() {
        let database = test.database();
        let store = OrmStore::new(database.db());
        let write = async |tx: Tx, session: Session| -> Result<()> {
            tx.execute_unprepared("CREATE TABLE thing (id INTEGER)")
                .await?;
            tx.execute_unprepared("INSERT INTO thing VALUES (1)")
                .await?;
            session.insert("wrote", true)?;
            Ok(())
        };
        let client = app(database, &store).post("/write", write).test();
        client.post("/set/a/1").send().assert_status(200);
        client.post("/write").send().assert_status(200);
        client.get("/get/a").send().assert_text("1");
        client.stop();
    }
}

#[test]
fn sessions_inside_of_their_database_do_not_build() {
    let test = TestDatabase::sqlite();
    let database = test.database();
    let store = OrmStore::new(database.db());
    let app = App::new()
        .plug(database)
        .plug(Sessions::new(store))
        .get("/", async || "");
    let error = app.build().unwrap_err().to_string();
    assert!(
        error.contains("plug `Sessions` before `Database`"),
        "{error}"
    );
}

/// Named like the database, and none.
#[test]
fn a_namesake_of_the_database_is_no_problem() {
    struct Named;
    impl Middleware for Named {
        async fn handle(&self, req: Request, next: Next) -> Response {
            next.run(req).await
        }
        fn name(&self) -> std::borrow::Cow<'static, str> {
            "Database".into()
        }
    }
    let test = TestDatabase::sqlite();
    let database = test.database();
    let store = OrmStore::new(database.db());
    let app = App::new().with(Named).plug(Sessions::new(store));
    assert!(app.get("/", async || "").build().is_ok());
}

#[test]
fn a_database_that_is_not_open_is_a_503() {
    let test = TestDatabase::sqlite();
    let database = test.database();
    let store = OrmStore::new(database.db());
    drop(database);
    let client = App::new().plug(Sessions::new(store)).plug(routes).test();
    client.post("/set/a/1").send().assert_status(503);
    let id = "A".repeat(43);
    client
        .get("/get/a")
        .cookie("session", &id)
        .send()
        .assert_status(503);
}
