//! The tests of TechEmpower's FrameworkBenchmarks, on Postgres.
//!
//! ```text
//! cargo run --release --example techempower --features full
//! curl -i 127.0.0.1:3000/fortunes
//! curl -i '127.0.0.1:3000/queries?q=20'
//! ```
//!
//! `DATABASE_URL` names the database, by default that of a fresh `docker run -p 5432:5432
//! -e POSTGRES_PASSWORD=postgres postgres`: `postgres://postgres:postgres@127.0.0.1:5432/postgres`.
//! The tables are made and filled where they are missing. There is no access log, as the rules of the
//! tests demand.

mod count;
mod fortunes;
#[cfg(feature = "orm-postgres")]
mod orm;
mod store;
mod worlds;

use cepa::log;
use cepa::prelude::*;
use cepa::templates::Templates;
use serde::Serialize;
use std::env;
use std::error::Error as StdError;
use std::time::Duration;
use store::{Store, StoreError};

const DATABASE: &str = "postgres://postgres:postgres@127.0.0.1:5432/postgres";

async fn plaintext() -> &'static str {
    "Hello, World!"
}

#[derive(Serialize)]
struct Message {
    message: &'static str,
}

async fn json() -> Json<Message> {
    Json(Message {
        message: "Hello, World!",
    })
}

/// Opens the database before the first request, and keeps it up until the last.
fn database(store: Store) -> impl Extension {
    |app: App| {
        app.state(store.clone())
            .map_error(|error: &StoreError| match error {
                StoreError::Away(_) => Error::unavailable("the database is away")
                    .with_retry_after(Duration::from_secs(1)),
                StoreError::Failed(_) => Error::internal("a query failed"),
            })
            .on_start_with(move |app| async move {
                let opened = store.open(log::warn).await;
                for line in opened.or_unavailable("DATABASE_URL names no database to work with")? {
                    let mut stopping = app.stopping();
                    app.spawn(async move {
                        tokio::select! {
                            () = line => {}
                            () = stopping.wait() => {}
                        }
                    });
                }
                Ok::<_, Error>(())
            })
    }
}

fn app(store: Store) -> App {
    App::new()
        .plug(database(store))
        .plug(Templates::embedded([fortunes::PAGE]))
        .get("/plaintext", plaintext)
        .get("/json", json)
        .get("/fortunes", fortunes::fortunes)
        .get("/db", worlds::db)
        .get("/queries", worlds::queries)
        .get("/updates", worlds::updates)
        .get("/cached-queries", worlds::cached_queries)
}

fn main() -> Result<(), Box<dyn StdError>> {
    let url = env::var("DATABASE_URL").unwrap_or_else(|_| DATABASE.to_owned());
    let store = Store::new(&url).map_err(|error| format!("DATABASE_URL: {error}"))?;
    let app = app(store);
    #[cfg(feature = "orm-postgres")]
    let app = app.mount("/orm", orm::routes(&url));
    app.run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))?;
    Ok(())
}
