//! Transactions that are nested in others, as savepoints.

use std::time::Duration;

use cepa::orm::prelude::*;
use cepa::prelude::*;

use crate::on_each;
use crate::transactions::{add, app, assert_names};

#[test]
fn a_nested_one_that_is_dropped_leaves_the_one_around_it_as_it_is() {
    async fn handler(tx: Tx) -> Result<()> {
        add(&tx, "outer").await?;
        let nested = tx.begin().await?;
        add(&nested, "dropped").await?;
        drop(nested);
        let nested = tx.begin().await?;
        add(&nested, "rolled back").await?;
        nested.rollback().await?;
        let nested = tx.begin().await?;
        add(&nested, "kept").await?;
        let inner = nested.begin().await?;
        add(&inner, "inner").await?;
        drop(inner);
        nested.commit().await?;
        add(&tx, "last").await?;
        Ok(())
    }
    on_each(|test| {
        let client = app(test).get("/nested", handler).test();
        client.get("/nested").send().assert_status(200);
        assert_names(&client, "outer,kept,last");
        client.stop();
    });
}

#[test]
fn a_failure_in_a_nested_one_does_not_undo_the_rest() {
    async fn handler(tx: Tx) -> Result<()> {
        add(&tx, "ada").await?;
        let nested = tx.begin().await?;
        assert!(add(&nested, "ada").await.is_err());
        nested.rollback().await?;
        add(&tx, "grace").await?;
        Ok(())
    }
    on_each(|test| {
        let client = app(test).get("/nested", handler).test();
        client.get("/nested").send().assert_status(200);
        assert_names(&client, "ada,grace");
        client.stop();
    });
}

#[test]
fn a_nested_one_that_is_left_open_is_an_error_and_not_half_a_commit() {
    async fn handler(tx: Tx) -> Result<()> {
        add(&tx, "outer").await?;
        let nested = tx.begin().await?;
        add(&nested, "inner").await?;
        std::mem::forget(nested);
        Ok(())
    }
    on_each(|test| {
        let client = app(test).get("/forgets", handler).test();
        let res = client.get("/forgets").send();
        res.assert_status(500);
        let error = res.error().unwrap().to_string();
        assert!(error.contains("nested in it is open"), "{error}");
        if !test.url().starts_with("sqlite") {
            assert_names(&client, "");
        }
    });
}

/// Savepoints end by their depth: the end of the one would be the end of the other.
#[test]
fn two_nested_ones_at_once_are_refused_and_the_first_is_whole() {
    async fn handler(tx: Tx) -> Result<String> {
        add(&tx, "outer").await?;
        let one = tx.transaction(async |tx| {
            add(tx, "one").await?;
            tokio::time::sleep(Duration::from_millis(50)).await;
            add(tx, "one more").await
        });
        let two = tx.transaction(async |tx| {
            add(tx, "two").await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
            Err::<(), _>(DbErr::Custom("no".to_owned()))
        });
        let (one, two) = tokio::join!(one, two);
        one?;
        Ok(two.unwrap_err().to_string())
    }
    on_each(|test| {
        let client = app(test).get("/both", handler).test();
        let res = client.get("/both").send();
        res.assert_status(200)
            .assert_contains("one after the other");
        assert_names(&client, "outer,one,one more");
        client.stop();
    });
}

#[test]
fn while_a_nested_one_is_open_the_one_around_it_writes_nothing() {
    async fn handler(tx: Tx) -> Result<String> {
        let nested = tx.begin().await?;
        let inner = nested.begin().await?;
        add(&inner, "inner").await?;
        let beside = [
            add(&tx, "beside").await.unwrap_err(),
            add(&nested, "beside").await.unwrap_err(),
        ];
        inner.commit().await?;
        add(&nested, "nested").await?;
        nested.commit().await?;
        add(&tx, "outer").await?;
        let told = beside.map(|error| error.to_string());
        Ok(told.join("; "))
    }
    on_each(|test| {
        let client = app(test).get("/both", handler).test();
        let text = client.get("/both").send().text().to_owned();
        assert_eq!(text.matches("ask that one").count(), 2, "{text}");
        assert_names(&client, "inner,nested,outer");
        client.stop();
    });
}

/// SeaORM panics where a transaction is dropped while another one has their connection.
#[test]
fn one_that_is_not_begun_in_time_does_not_disturb_the_statement_it_waits_for() {
    async fn handler(db: Db) -> Result<()> {
        let transaction = db.begin().await?;
        add(&transaction, "before").await?;
        let slow = match db.backend() {
            DbBackend::Postgres => "SELECT pg_sleep(0.3)",
            DbBackend::MySql => "SELECT SLEEP(0.3)",
            _ => {
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) \
                    SELECT count(*) FROM n"
            }
        };
        let begin = tokio::time::timeout(Duration::from_millis(50), transaction.begin());
        let slow = transaction.execute_unprepared(slow);
        // The one that waits is dropped while the other one runs.
        let (slow, begun) = tokio::join!(slow, async move { begin.await.is_ok() });
        slow?;
        assert!(!begun);
        add(&transaction, "after").await?;
        Ok(transaction.commit().await?)
    }
    on_each(|test| {
        let client = app(test).get("/waits", handler).test();
        client.get("/waits").send().assert_status(200);
        assert_names(&client, "before,after");
        client.stop();
    });
}
