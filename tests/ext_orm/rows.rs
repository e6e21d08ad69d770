//! Rows as they come, which stop coming or are not read to their end.

use std::sync::Arc;
use std::time::Instant;

use cepa::orm::prelude::*;
use cepa::prelude::*;

use crate::faults::{PATIENCE, add, app, assert_works_again, database, names};
use crate::models::{Migrator, note};
use crate::on_each_server;
use crate::proxy::{Line, Proxy};

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
