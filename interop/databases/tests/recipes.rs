//! The recipes of `docs/databases.md`: sqlx, diesel-async and tokio-postgres through `state`. Those for
//! PostgreSQL where `CEPA_TEST_POSTGRES` names a server.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::sync::Arc;

use cepa::AppService;
use cepa::prelude::*;
use diesel::prelude::*;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, deadpool::Pool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sqlx::SqlitePool;
use tokio_postgres::{Client, NoTls};

const TABLE: &str = "CREATE TABLE book (id integer PRIMARY KEY, title text NOT NULL);
    INSERT INTO book VALUES (7, 'Onions')";

async fn ask(service: &AppService, path: &str) -> (u16, String) {
    let req = cepa::http::Request::get(path).body("").unwrap();
    let mut res = service.answer(req).await;
    let text = res.take_body().collect(1024).await.unwrap();
    (res.status().as_u16(), String::from_utf8(text.to_vec()).unwrap())
}

async fn check(app: App) {
    let service = app.build().unwrap();
    service.start().await.unwrap();
    assert_eq!(ask(&service, "/books/7").await, (200, "Onions".to_owned()));
    assert_eq!(ask(&service, "/books/8").await.0, 404);
    service.stop().await.unwrap();
}

/// A schema of its own, that a URL makes the only one; gone with the test.
struct Schema {
    name: String,
    url: String,
}

impl Schema {
    async fn new(name: &str) -> Option<Self> {
        let server = std::env::var("CEPA_TEST_POSTGRES").ok()?;
        let name = format!("cepa_recipe_{name}_{}", std::process::id());
        let schema = Self {
            url: format!("{server}?options=-csearch_path%3D{name}"),
            name,
        };
        schema.ask(&format!("CREATE SCHEMA {}", schema.name)).await;
        schema.ask(TABLE).await;
        Some(schema)
    }

    async fn ask(&self, sql: &str) {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        client.batch_execute(sql).await.unwrap();
        drop(client);
        connection.await.unwrap().unwrap();
    }

    async fn remove(self) {
        self.ask(&format!("DROP SCHEMA {} CASCADE", self.name)).await;
    }
}

mod with_sqlx {
    use super::*;

    pub(super) fn app(db: SqlitePool) -> App {
        let app = App::new().state(db.clone()).get("/books/{id}", title);
        app.on_stop(async move || db.close().await)
    }

    async fn title(State(db): State<SqlitePool>, Path(id): Path<i64>) -> Result<String> {
        let title = sqlx::query_scalar("SELECT title FROM book WHERE id = ?").bind(id);
        title.fetch_optional(&db).await?.or_not_found("there is no such book")
    }
}

#[tokio::test]
async fn sqlx_is_a_pool_in_a_state() {
    let options = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
    let db = options.connect("sqlite::memory:").await.unwrap();
    sqlx::raw_sql(TABLE).execute(&db).await.unwrap();
    check(with_sqlx::app(db)).await;
}

diesel::table! { book (id) { id -> Integer, title -> Text, } }

mod with_diesel {
    use super::*;

    pub(super) fn app(url: &str) -> Result<App> {
        let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(url);
        let db = Pool::builder(manager).build()?;
        let app = App::new().state(db.clone()).get("/books/{id}", title);
        Ok(app.on_stop(async move || db.close()))
    }

    async fn title(State(db): State<Pool<AsyncPgConnection>>, Path(id): Path<i32>) -> Result<String> {
        let mut db = db.get().await?;
        let title = book::table.find(id).select(book::title).first(&mut db).await;
        title.optional()?.or_not_found("there is no such book")
    }
}

#[tokio::test]
async fn diesel_is_a_pool_in_a_state() {
    let Some(schema) = Schema::new("diesel").await else {
        return;
    };
    check(with_diesel::app(&schema.url).unwrap()).await;
    schema.remove().await;
}

mod with_tokio_postgres {
    use super::*;

    pub(super) async fn app(url: &str) -> Result<App> {
        let (db, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        Ok(App::new().state(Arc::new(db)).get("/books/{id}", title))
    }

    async fn title(State(db): State<Arc<Client>>, Path(id): Path<i32>) -> Result<String> {
        let row = db.query_opt("SELECT title FROM book WHERE id = $1", &[&id]).await?;
        Ok(row.or_not_found("there is no such book")?.get(0))
    }
}

#[tokio::test]
async fn tokio_postgres_is_a_client_in_a_state() {
    let Some(schema) = Schema::new("tokio_postgres").await else {
        return;
    };
    check(with_tokio_postgres::app(&schema.url).await.unwrap()).await;
    schema.remove().await;
}

#[test]
fn the_page_shows_what_is_tested() {
    let lines = |text: &str| -> String {
        let lines = text
            .lines()
            .map(|line| line.trim().replace("pub(super) ", ""));
        lines
            .filter(|line| !line.is_empty())
            .map(|line| line + "\n")
            .collect()
    };
    let tested = lines(include_str!("recipes.rs"));
    let page = include_str!("../../../docs/databases.md");
    let shown: Vec<&str> = page.split("```rust,ignore\n").skip(1).collect();
    assert_eq!(shown.len(), 3);
    for recipe in shown {
        let recipe = lines(recipe.split("```").next().unwrap_or_default());
        assert!(tested.contains(&recipe), "{recipe}");
    }
}
