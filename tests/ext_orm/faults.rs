//! Networks and servers that fail, between an app and its database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cepa::health::Health;
use cepa::orm::prelude::*;
use cepa::prelude::*;
use cepa::testing::TestClient;
use tokio::sync::Semaphore;

use crate::models::{Migrator, author};
use crate::on_each_server;
use crate::proxy::{Line, Proxy};

const SHORT: Duration = Duration::from_millis(300);
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn add(Path(name): Path<String>, tx: Tx) -> Result<()> {
    let author = author::ActiveModel {
        name: Set(name),
        ..Default::default()
    };
    author.insert(&tx).await?;
    Ok(())
}

pub(crate) async fn names(db: Db) -> Result<String> {
    let authors = author::Entity::find()
        .order_by_asc(author::Column::Id)
        .all(&db)
        .await?;
    let names: Vec<_> = authors.into_iter().map(|it| it.name).collect();
    Ok(names.join(","))
}

/// With little patience.
pub(crate) fn database(url: &str) -> Database {
    Database::url(url)
        .with_max_connections(2)
        .with_acquire_timeout(SHORT)
        .with_statement_timeout(SHORT)
        .with_start_timeout(PATIENCE)
}

pub(crate) fn app(database: Database) -> App {
    App::new()
        .plug(database.migrate::<Migrator>())
        .plug(Health::new().with_max_age(Duration::ZERO))
        .post("/{name}", add)
        .get("/", names)
}

/// Asks until it is answered, since connections that broke are noticed one after the other.
#[track_caller]
pub(crate) fn assert_works_again(client: &TestClient, names: &str) {
    let begun = Instant::now();
    loop {
        let res = client.get("/").send();
        if res.status() == 200 {
            res.assert_text(names);
            return;
        }
        res.assert_status(503);
        assert!(begun.elapsed() < PATIENCE, "{:?}", res.error());
    }
}

#[test]
fn connections_that_are_cut_are_503_once_and_made_anew() {
    on_each_server(|test| {
        let proxy = Proxy::to(test.url());
        let client = app(database(&proxy.url(test.url()))).test();
        client.post("/ada").send().assert_status(200);
        for _ in 0..3 {
            proxy.cut();
            assert_works_again(&client, "ada");
        }
        client.stop();
    });
}

#[test]
fn a_transaction_that_is_cut_is_503_and_leaves_nothing() {
    on_each_server(|test| {
        let proxy = Arc::new(Proxy::to(test.url()));
        let between = Arc::clone(&proxy);
        let handler = move |tx: Tx| {
            let proxy = Arc::clone(&between);
            async move {
                add(Path("one".to_owned()), tx.clone()).await?;
                proxy.cut();
                add(Path("two".to_owned()), tx).await
            }
        };
        let client = app(database(&proxy.url(test.url())))
            .get("/cut", handler)
            .test();
        let res = client.get("/cut").send();
        res.assert_status(503).assert_header("retry-after", "1");
        assert_works_again(&client, "");
        client.stop();
    });
}

#[test]
fn a_commit_that_is_cut_is_no_success() {
    on_each_server(|test| {
        let proxy = Arc::new(Proxy::to(test.url()));
        let between = Arc::clone(&proxy);
        let handler = move |tx: Tx| {
            let proxy = Arc::clone(&between);
            async move {
                add(Path("one".to_owned()), tx).await?;
                proxy.cut();
                Ok::<_, Error>("saved")
            }
        };
        let client = app(database(&proxy.url(test.url())))
            .get("/cut", handler)
            .test();
        client.get("/cut").send().assert_status(503);
        assert_works_again(&client, "");
        client.stop();
    });
}

#[test]
fn a_server_that_goes_is_503_and_one_that_comes_back_is_used_again() {
    on_each_server(|test| {
        let proxy = Proxy::to(test.url());
        let client = app(database(&proxy.url(test.url()))).test();
        client.post("/ada").send().assert_status(200);
        proxy.set(Line::Refuses);
        for _ in 0..3 {
            let begun = Instant::now();
            let res = client.get("/").send();
            res.assert_status(503).assert_header("retry-after", "1");
            assert!(!res.text().contains("connect") && begun.elapsed() < PATIENCE);
        }
        client.get("/readyz").send().assert_status(503);
        proxy.set(Line::Passes);
        assert_works_again(&client, "ada");
        client.get("/readyz").send().assert_status(200);
        client.stop();
    });
}

#[test]
fn a_line_that_stalls_is_503_and_costs_no_connection_forever() {
    on_each_server(|test| {
        let proxy = Proxy::to(test.url());
        let client = app(database(&proxy.url(test.url()))).test();
        client.post("/ada").send().assert_status(200);
        proxy.set(Line::Stalls);
        // More often than the pool has connections.
        for _ in 0..5 {
            let begun = Instant::now();
            client
                .get("/")
                .send()
                .assert_status(503)
                .assert_header("retry-after", "1");
            assert!(begun.elapsed() < PATIENCE);
        }
        // The connections that hang are lost: only new ones pass.
        proxy.cut();
        proxy.set(Line::Passes);
        assert_works_again(&client, "ada");
        client.stop();
    });
}

/// Nobody ends these connections, and by TLS the pool waits for the other end to do so.
#[test]
fn a_connection_that_hangs_for_ever_does_not_keep_its_place() {
    on_each_server(|test| {
        let proxy = Proxy::to(test.url());
        let database = database(&proxy.url(test.url())).with_max_connections(1);
        let client = app(database).test();
        client.post("/ada").send().assert_status(200);
        for _ in 0..2 {
            // Until the connection is back in the pool, which has a time limit for all but its ping.
            client.block_on(async { tokio::time::sleep(SHORT).await });
            proxy.set(Line::Stalls);
            client.get("/").send().assert_status(503);
            proxy.pass_new();
            let begun = Instant::now();
            assert_works_again(&client, "ada");
            assert!(begun.elapsed() < PATIENCE / 3, "{:?}", begun.elapsed());
        }
        client.stop();
    });
}

#[test]
fn a_server_that_is_down_at_start_is_waited_for() {
    on_each_server(|test| {
        let proxy = Proxy::to(test.url());
        proxy.set(Line::Refuses);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(400));
                proxy.set(Line::Passes);
            });
            let client = app(database(&proxy.url(test.url()))).test();
            client.get("/").send().assert_text("");
            client.stop();
        });
    });
}

#[test]
fn a_server_that_stays_down_ends_the_start_with_a_sentence() {
    on_each_server(|test| {
        let proxy = Proxy::to(test.url());
        for (line, cause) in [(Line::Refuses, "refused"), (Line::Stalls, "no answer in")] {
            proxy.set(line);
            let url = proxy.url(test.url()).replacen("root@", "root:secret@", 1);
            let database = database(&url).with_start_timeout(SHORT);
            let service = app(database).build().unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let begun = Instant::now();
            let error = runtime.block_on(service.start()).unwrap_err().to_string();
            assert!(begun.elapsed() < PATIENCE);
            assert!(error.contains("did not answer in 300ms"), "{error}");
            assert!(
                error.contains(cause) && !error.contains("secret"),
                "{error}"
            );
        }
    });
}

#[test]
fn a_database_that_does_not_exist_ends_the_start_at_once() {
    on_each_server(|test| {
        let (server, _) = test.url().split_once('?').unwrap();
        let (server, _) = server.rsplit_once('/').unwrap();
        let service = app(database(&format!("{server}/cepa_no_such_database")))
            .build()
            .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let error = runtime.block_on(async {
            tokio::time::timeout(PATIENCE / 3, service.start())
                .await
                .unwrap()
                .unwrap_err()
        });
        let error = error.to_string();
        assert!(
            error.contains("refuses") && error.contains("cepa_no_such_database"),
            "{error}"
        );
    });
}

#[test]
fn a_pool_that_is_exhausted_is_503_with_a_time_to_come_again() {
    crate::on_each(|test| {
        let gate = Arc::new(Semaphore::new(0));
        let inside = Arc::clone(&gate);
        let holds = move |tx: Tx| {
            let gate = Arc::clone(&inside);
            async move {
                tx.execute_unprepared("SELECT 1").await?;
                drop(gate.acquire().await);
                Ok::<_, Error>("held")
            }
        };
        let database = database(test.url()).with_max_connections(1);
        // The one who has the connection is patient.
        let database = database.with_statement_timeout(PATIENCE);
        let service = app(database).get("/holds", holds).build().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let get = |path: &str| service.answer(http::Request::get(path).body(()).unwrap());
        runtime.block_on(async {
            service.start().await.unwrap();
            let (first, held) = (get("/"), get("/holds"));
            assert_eq!(first.await.status(), 200);
            let held = tokio::spawn(held);
            tokio::task::yield_now().await;
            let res = loop {
                let res = get("/").await;
                if res.status() != 200 {
                    break res;
                }
            };
            assert_eq!(res.status(), 503);
            assert_eq!(res.header("retry-after"), Some("1"));
            gate.add_permits(1);
            assert_eq!(
                tokio::time::timeout(PATIENCE, held)
                    .await
                    .unwrap()
                    .unwrap()
                    .status(),
                200
            );
            assert_eq!(get("/").await.status(), 200);
            service.stop().await.unwrap();
        });
    });
}
