//! What is acknowledged is there, whatever ended early before.

use std::time::Duration;

use cepa::orm::prelude::*;
use cepa::prelude::*;
use cepa::{AppService, Timeout};
use tokio::task::JoinSet;

use crate::faults::{PATIENCE, add, app, database};
use crate::models::author;
use crate::on_each_server;
use crate::proxy::{Line, Proxy};

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
