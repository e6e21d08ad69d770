//! `Tx`, the transaction of a request, and transactions that are begun by hand.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use cepa::Timeout;
use cepa::orm::TestDatabase;
use cepa::orm::prelude::*;
use cepa::orm::sea_orm::StreamTrait;
use cepa::prelude::*;
use cepa::testing::TestClient;
use futures_core::Stream as _;

use crate::models::{Migrator, author};
use crate::on_each;

pub(crate) async fn add(db: &impl ConnectionTrait, name: &str) -> Result<author::Model, DbErr> {
    let author = author::ActiveModel {
        name: Set(name.to_owned()),
        ..Default::default()
    };
    author.insert(db).await
}

async fn names(db: Db) -> Result<String> {
    let authors = author::Entity::find()
        .order_by_asc(author::Column::Id)
        .all(&db)
        .await?;
    let names: Vec<_> = authors.into_iter().map(|it| it.name).collect();
    Ok(names.join(","))
}

pub(crate) fn app(test: &TestDatabase) -> App {
    App::new()
        .plug(test.database().migrate::<Migrator>())
        .get("/", names)
        .post("/clear", async |db: Db| -> Result<()> {
            author::Entity::delete_many().exec(&db).await?;
            Ok(())
        })
}

#[track_caller]
pub(crate) fn assert_names(client: &TestClient, names: &str) {
    client.get("/").send().assert_text(names);
}

#[test]
fn a_success_and_a_redirect_commit_and_everything_else_rolls_back() {
    async fn answer(Path(status): Path<u16>, tx: Tx) -> Result<StatusCode> {
        add(&tx, &format!("s{status}")).await?;
        Ok(StatusCode::from_u16(status)?)
    }
    on_each(|test| {
        let client = app(test).get("/{status}", answer).test();
        for status in [200, 201, 204, 303, 304, 400, 404, 409, 500, 503] {
            client
                .get(format!("/{status}"))
                .send()
                .assert_status(status);
        }
        assert_names(&client, "s200,s201,s204,s303,s304");
        client.stop();
    });
}

#[test]
fn an_error_a_panic_and_a_timeout_roll_back() {
    async fn fails(tx: Tx) -> Result<()> {
        add(&tx, "error").await?;
        Err(Error::internal("no"))
    }
    async fn panics(tx: Tx) -> Result<()> {
        add(&tx, "panic").await?;
        panic!("no")
    }
    async fn hangs(tx: Tx) -> Result<()> {
        add(&tx, "hang").await?;
        std::future::pending().await
    }
    on_each(|test| {
        let soon = Timeout::new(Duration::from_millis(200));
        let inside = app(test)
            .get("/error", fails)
            .get("/panic", panics)
            .get("/hang", hangs.with(soon));
        let client = inside.test();
        for (path, status) in [("/error", 500), ("/panic", 500), ("/hang", 503)] {
            client.get(path).send().assert_status(status);
        }
        assert_names(&client, "");
        client.stop();
        // Around the database.
        let outside = App::new()
            .with(soon)
            .mount("/", app(test).get("/hang", hangs));
        let client = outside.test();
        client.get("/hang").send().assert_status(503);
        client.stop();
        let client = app(test).test();
        assert_names(&client, "");
        client.stop();
    });
}

#[test]
fn all_who_take_it_in_one_request_have_the_same_one() {
    async fn before(tx: Tx, req: Request, next: Next) -> Result<Response> {
        add(&tx, "before").await?;
        let res = next.run(req).await;
        add(&tx, "after").await?;
        Ok(res)
    }
    async fn handler(tx: Tx, again: Tx) -> Result<StatusCode> {
        add(&tx, "one").await?;
        let both = author::Entity::find().count(&again).await?;
        Ok(StatusCode::from_u16(if both == 2 { 200 } else { 500 })?)
    }
    on_each(|test| {
        let client = app(test).get("/ok", handler.with(before)).test();
        client.get("/ok").send().assert_status(200);
        assert_names(&client, "before,one,after");
        client.stop();
    });
}

#[test]
fn it_begins_with_its_first_statement() {
    // One connection, which a transaction that began too early would have.
    async fn handler(_: Tx, db: Db) -> Result<String> {
        Ok(author::Entity::find().count(&db).await?.to_string())
    }
    on_each(|test| {
        let database = test
            .database()
            .with_max_connections(1)
            .migrate::<Migrator>();
        let client = App::new().plug(database).get("/", handler).test();
        client.get("/").send().assert_text("0");
        client.stop();
    });
}

#[test]
fn a_commit_that_fails_is_the_answer() {
    async fn handler(tx: Tx) -> Result<&'static str> {
        // Checked at the commit only.
        tx.execute_unprepared("INSERT INTO child (id, parent) VALUES (1, 7)")
            .await?;
        Ok("saved")
    }
    let mut servers = vec![TestDatabase::sqlite()];
    servers.extend(
        std::env::var("CEPA_TEST_POSTGRES")
            .iter()
            .map(|url| TestDatabase::at(url)),
    );
    for test in servers {
        let tables = [
            "CREATE TABLE parent (id int PRIMARY KEY)",
            "CREATE TABLE child (id int, parent int REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)",
        ];
        let database = test.database();
        let db = database.db();
        let client = App::new()
            .plug(database)
            .on_start(async move || -> Result<()> {
                for table in tables {
                    db.execute_unprepared(table).await?;
                }
                Ok(())
            })
            .get("/", handler)
            .test();
        let res = client.get("/").send();
        res.assert_status(409);
        assert!(!res.text().contains("saved"));
        client.stop();
    }
}

#[test]
fn a_transaction_that_the_database_undid_is_never_a_success() {
    // PostgreSQL answers the commit of a failed transaction with a rollback, and no error.
    async fn handler(tx: Tx) -> Result<&'static str> {
        add(&tx, "ada").await?;
        drop(add(&tx, "ada").await);
        Ok("saved")
    }
    on_each(|test| {
        let client = app(test).get("/twice", handler).test();
        let res = client.get("/twice").send();
        match res.status().as_u16() {
            200 => assert_names(&client, "ada"),
            _ => assert_names(&client, ""),
        }
        if test.url().starts_with("postgres") {
            res.assert_status(500);
            let error = res.error().unwrap().to_string();
            assert!(error.contains("tx.begin().await"), "{error}");
        }
        client.stop();
    });
}

/// As above, where the statement that failed was asked past the transaction, or as a stream.
#[test]
fn a_failure_in_a_function_for_seaorm_or_in_a_stream_is_no_success_either() {
    async fn twice(db: &sea_orm::DatabaseTransaction) {
        for _ in 0..2 {
            drop(add(db, "ada").await);
        }
    }
    async fn handler(Path(how): Path<String>, db: Db) -> Result<&'static str> {
        let transaction = db.begin().await?;
        add(&transaction, "grace").await?;
        if how == "deref" {
            twice(&transaction).await;
        } else {
            let sql = Statement::from_string(db.backend(), "SELECT 1 FROM nowhere");
            let mut rows = transaction.stream_raw(sql).await?;
            if how == "read" {
                let row = poll_fn(|cx| Pin::new(&mut rows).poll_next(cx)).await;
                assert!(row.unwrap().is_err());
            }
        }
        transaction.commit().await?;
        Ok("saved")
    }
    on_each(|test| {
        let client = app(test).get("/{how}", handler).test();
        for how in ["deref", "read", "dropped"] {
            let res = client.get(format!("/{how}")).send();
            let names = client.get("/").send().text().to_owned();
            assert_eq!(
                res.status() == 200,
                names.contains("grace"),
                "{how}: {names}"
            );
            assert_eq!(
                res.status() == 200,
                how == "dropped" || !test.url().starts_with("postgres")
            );
            client.post("/clear").send().assert_status(200);
        }
        client.stop();
    });
}

#[test]
fn a_transaction_by_hand_is_committed_or_undone() {
    async fn handler(Path(commits): Path<bool>, db: Db) -> Result<()> {
        let transaction = db.begin().await?;
        add(&transaction, &format!("{commits}")).await?;
        match commits {
            true => transaction.commit().await?,
            false => drop(transaction),
        }
        Ok(())
    }
    on_each(|test| {
        let client = app(test).get("/{commits}", handler).test();
        client.get("/true").send().assert_status(200);
        client.get("/false").send().assert_status(200);
        assert_names(&client, "true");
        client.stop();
    });
}

#[test]
fn a_function_in_a_transaction_is_committed_by_its_result() {
    async fn handler(Path(name): Path<String>, db: Db, tx: Tx) -> Result<String> {
        let author = db
            .transaction(async |tx| {
                let author = add(tx, &name).await?;
                match name.as_str() {
                    "bad" => Err(Error::bad_request("no such names")),
                    _ => Ok(author),
                }
            })
            .await?;
        let nested: Result<(), DbErr> = tx
            .transaction(async |tx| {
                add(tx, "nested").await?;
                add(tx, &name).await.map(drop)
            })
            .await;
        add(&tx, &format!("{}-{}", author.name, nested.is_err())).await?;
        Ok(author.name)
    }
    /// As SeaORM has it.
    async fn boxed(db: Db) -> Result<()> {
        let added = TransactionTrait::transaction(&db, |tx| {
            Box::pin(async move { add(tx, "ada").await.map(drop) })
        });
        Ok(added.await?)
    }
    on_each(|test| {
        let client = app(test)
            .get("/boxed", boxed)
            .get("/{name}", handler)
            .test();
        client.get("/bad").send().assert_status(400);
        client.get("/ada").send().assert_text("ada");
        client.get("/boxed").send().assert_status(409);
        assert_names(&client, "ada,ada-true");
        client.stop();
    });
}

/// A stream of one item, which is made when it is asked for.
struct Once(Option<Pin<Box<dyn Future<Output = String> + Send>>>);

impl futures_core::Stream for Once {
    type Item = Result<String, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(item) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let item = std::task::ready!(item.as_mut().poll(cx));
        self.0 = None;
        Poll::Ready(Some(Ok(item)))
    }
}

#[test]
fn after_its_response_it_is_over() {
    async fn handler(tx: Tx) -> Result<Response> {
        add(&tx, "before").await?;
        let late = async move {
            match add(&tx, "late").await {
                Ok(_) => "added".to_owned(),
                Err(error) => error.to_string(),
            }
        };
        Ok(cepa::Stream(Once(Some(Box::pin(late)))).into_response())
    }
    on_each(|test| {
        let client = app(test).get("/stream", handler).test();
        let text = client.get("/stream").send().text().to_owned();
        assert!(text.contains("takes `Db`"), "{text}");
        assert_names(&client, "before");
        client.stop();
    });
}
