//! `TestDatabase`: nobody else's, and gone with its value.

use cepa::orm::TestDatabase;
use cepa::orm::prelude::*;

use crate::on_each;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}

async fn count(db: &Db, sql: &str) -> i64 {
    let ask = Statement::from_string(db.backend(), sql);
    let row = db.query_one_raw(ask).await.unwrap().unwrap();
    row.try_get("", "n").unwrap()
}

/// Another one at the same server.
fn other(test: &TestDatabase) -> TestDatabase {
    let variable = match test.url().split(':').next().unwrap() {
        "postgres" => "CEPA_TEST_POSTGRES",
        "mysql" => "CEPA_TEST_MYSQL",
        _ => return TestDatabase::sqlite(),
    };
    TestDatabase::at(&std::env::var(variable).unwrap())
}

#[test]
fn two_at_once_do_not_see_each_other() {
    on_each(|one| {
        let two = other(one);
        assert_ne!(one.url(), two.url());
        block_on(async {
            let (one, two) = (one.database().connect(), two.database().connect());
            let (one, two) = (one.await.unwrap(), two.await.unwrap());
            for db in [&one, &two] {
                db.execute_unprepared("CREATE TABLE mine (n integer)")
                    .await
                    .unwrap();
            }
            one.execute_unprepared("INSERT INTO mine VALUES (1)")
                .await
                .unwrap();
            let sql = "SELECT count(*) AS n FROM mine";
            assert_eq!((count(&one, sql).await, count(&two, sql).await), (1, 0));
            one.close().await.unwrap();
            two.close().await.unwrap();
        });
    });
}

#[test]
fn it_is_gone_with_its_value_even_where_connections_are_open() {
    on_each(|test| {
        let gone = other(test);
        let url = gone.url().to_owned();
        let start = url.find("cepa_test_").unwrap();
        let name: String = url[start..]
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        block_on(async {
            let left_open = gone.database().connect().await.unwrap();
            left_open
                .execute_unprepared("CREATE TABLE mine (n integer)")
                .await
                .unwrap();
            drop(gone);
            if let Some(file) = url.strip_prefix("sqlite://") {
                for end in ["", "-wal", "-shm"] {
                    assert!(!std::path::Path::new(&format!("{file}{end}")).exists());
                }
                return;
            }
            let db = test.database().connect().await.unwrap();
            let sql = format!(
                "SELECT count(*) AS n FROM information_schema.schemata WHERE schema_name = '{name}'"
            );
            assert_eq!(count(&db, &sql).await, 0);
            db.close().await.unwrap();
        });
    });
}
