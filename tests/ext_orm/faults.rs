//! Networks and servers that fail, between an app and its database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cepa::health::Health;
use cepa::orm::prelude::*;
use cepa::prelude::*;
use cepa::testing::TestClient;
use cepa::{AppService, Timeout};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::models::{Migrator, author, note};
use crate::on_each_server;
use crate::proxy::{Line, Proxy};

const SHORT: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_secs(30);

async fn add(Path(name): Path<String>, tx: Tx) -> Result<()> {
    let author = author::ActiveModel {
        name: Set(name),
        ..Default::default()
    };
    author.insert(&tx).await?;
    Ok(())
}

async fn names(db: Db) -> Result<String> {
    let authors = author::Entity::find()
        .order_by_asc(author::Column::Id)
        .all(&db)
        .await?;
    let names: Vec<_> = authors.into_iter().map(|it| it.name).collect();
    Ok(names.join(","))
}

/// With little patience.
fn database(url: &str) -> Database {
    Database::url(url)
        .with_max_connections(2)
        .with_acquire_timeout(SHORT)
        .with_statement_timeout(SHORT)
        .with_start_timeout(PATIENCE)
}

fn app(database: Database) -> App {
    App::new()
        .plug(database.migrate::<Migrator>())
        .plug(Health::new().with_max_age(Duration::ZERO))
        .post("/{name}", add)
        .get("/", names)
}

/// Asks until it is answered, since connections that broke are noticed one after the other.
#[track_caller]
fn assert_works_again(client: &TestClient, names: &str) {
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

/// More rows than all buffers between hold.
async fn fill(db: Db) -> Result<()> {
    let sql = match db.backend() {
        DbBackend::Postgres => {
            "INSERT INTO note (text) SELECT repeat('x', 200) FROM generate_series(1, 100000)"
        }
        DbBackend::MySql => "INSERT INTO note (text) SELECT repeat('x', 200) FROM seq_1_to_100000",
        _ => {
            "INSERT INTO note (text) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
                WHERE i < 100000) SELECT hex(zeroblob(100)) FROM n"
        }
    };
    db.execute_unprepared(sql).await?;
    Ok(())
}

#[test]
fn rows_that_stop_coming_are_an_error_in_time() {
    on_each_server(|test| {
        let proxy = Arc::new(Proxy::to(test.url()));
        let between = Arc::clone(&proxy);
        let export = move |db: Db| {
            let proxy = Arc::clone(&between);
            async move {
                let mut rows = db.rows(note::Entity::find()).await?;
                for _ in 0..10 {
                    rows.next().await.unwrap()?;
                }
                proxy.set(Line::Stalls);
                while let Some(row) = rows.next().await {
                    row?;
                }
                Ok::<_, Error>("all")
            }
        };
        let database = database(&proxy.url(test.url())).with_max_connections(1);
        let client = app(database).get("/export", export).test();
        let own = App::new().plug(test.database().migrate::<Migrator>());
        let own = own.post("/", fill).test();
        own.post("/").send().assert_status(200);
        own.stop();
        let begun = Instant::now();
        let res = client.get("/export").send();
        res.assert_status(503);
        let error = res.error().unwrap().to_string();
        assert!(error.contains("no answer in 300ms"), "{error}");
        assert!(begun.elapsed() < PATIENCE / 3, "{:?}", begun.elapsed());
        proxy.pass_new();
        assert_works_again(&client, "");
        client.stop();
    });
}

#[test]
fn rows_that_are_dropped_early_leave_their_connection_to_others() {
    async fn first(db: Db) -> Result<String> {
        let mut rows = db.rows(note::Entity::find()).await?;
        let first = rows.next().await.unwrap()?;
        Ok(first.text.len().to_string())
    }
    crate::on_each(|test| {
        let database = test.database().with_max_connections(1);
        let app = App::new().plug(database.migrate::<Migrator>());
        let client = app
            .post("/", fill)
            .get("/", names)
            .get("/first", first)
            .post("/{name}", add)
            .test();
        client.post("/").send().assert_status(200);
        for _ in 0..3 {
            client.get("/first").send().assert_text("200");
        }
        client.post("/ada").send().assert_status(200);
        client.get("/").send().assert_text("ada");
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

/// A `BEGIN` whose request ends while it is under way may have begun a transaction that nobody knows
/// of; what the next one writes on that connection would be lost with it.
#[test]
fn what_is_acknowledged_is_there_after_many_requests_that_ended_early() {
    assert_that_nothing_is_lost_beside("early");
}

/// As above, where the transaction is begun past the `Db`.
#[test]
fn what_is_acknowledged_is_there_after_many_that_ended_past_the_db() {
    assert_that_nothing_is_lost_beside("past");
}

#[allow(clippy::too_many_lines, reason = "one story, told in its order")]
fn assert_that_nothing_is_lost_beside(way: &'static str) {
    async fn write(service: &AppService, name: String) -> bool {
        let req = http::Request::post(format!("/alone/{name}"))
            .body(())
            .unwrap();
        service.answer(req).await.status() == 200
    }
    async fn alone(Path(name): Path<String>, db: Db) -> Result<()> {
        let author = author::ActiveModel {
            name: Set(name),
            ..Default::default()
        };
        author.insert(&db).await?;
        Ok(())
    }
    /// Ends early, after the milliseconds in the path.
    async fn early(Path(after): Path<u64>, tx: Tx) -> Result<()> {
        let add = add(Path(format!("early{after}")), tx);
        match tokio::time::timeout(Duration::from_millis(after), add).await {
            Ok(added) => added,
            Err(_) => Err(Error::unavailable("time is up")),
        }
    }
    /// The same by the pool of SeaORM.
    async fn past(Path(after): Path<u64>, db: Db) -> Result<()> {
        let add = async {
            let transaction = (*db).begin().await?;
            let author = author::ActiveModel {
                name: Set(format!("early{after}")),
                ..Default::default()
            };
            author.insert(&transaction).await?;
            transaction.commit().await
        };
        match tokio::time::timeout(Duration::from_millis(after), add).await {
            Ok(added) => Ok(added?),
            Err(_) => Err(Error::unavailable("time is up")),
        }
    }
    on_each_server(|test| {
        let proxy = Proxy::to(test.url());
        let database = database(&proxy.url(test.url()))
            .with_acquire_timeout(PATIENCE)
            .with_statement_timeout(PATIENCE);
        let patient = Timeout::new(PATIENCE);
        let app = app(database)
            .post("/alone/{name}", alone)
            .get("/early/{after}", early.with(patient))
            .get("/past/{after}", past.with(patient));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let service = app.build().unwrap();
        let acknowledged = runtime.block_on(async {
            service.start().await.unwrap();
            proxy.set(Line::Delays(Duration::from_millis(2)));
            let mut tasks = JoinSet::new();
            for task in 0..4 {
                let service = service.clone();
                tasks.spawn(async move {
                    let mut acknowledged = Vec::new();
                    for round in 0..25_u64 {
                        let path = format!("/{way}/{}", (round * 7 + task) % 20);
                        let early = service.answer(http::Request::get(path).body(()).unwrap());
                        drop(early.await);
                        let name = format!("alone{task}-{round}");
                        if write(&service, name.clone()).await {
                            acknowledged.push(name);
                        }
                    }
                    acknowledged
                });
            }
            let mut all = Vec::new();
            while let Some(task) = tokio::time::timeout(PATIENCE, tasks.join_next())
                .await
                .unwrap()
            {
                all.extend(task.unwrap());
            }
            service.stop().await.unwrap();
            all
        });
        assert!(acknowledged.len() >= 90, "{}", acknowledged.len());
        let found = runtime.block_on(async {
            let db = test.database().connect().await.unwrap();
            let all = author::Entity::find().all(&db).await.unwrap();
            db.close().await.unwrap();
            all.into_iter()
                .map(|it| it.name)
                .collect::<std::collections::HashSet<_>>()
        });
        let lost: Vec<_> = acknowledged
            .iter()
            .filter(|name| !found.contains(*name))
            .collect();
        assert!(
            lost.is_empty(),
            "{} acknowledged, and lost: {lost:?}",
            acknowledged.len()
        );
    });
}
