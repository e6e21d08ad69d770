//! The tests of TechEmpower's FrameworkBenchmarks by axum, to compare `examples/techempower` with: the
//! same answers, the same variables, and the same code in front of Postgres.

mod error;
mod fortunes;
#[cfg(feature = "minijinja")]
mod interpreted;
#[path = "../../../../examples/techempower/store/mod.rs"]
mod store;
mod worlds;

use axum::http::HeaderValue;
use axum::http::header::SERVER;
use axum::routing::get;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use serde::Serialize;
use std::env;
use std::error::Error;
use store::Store;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tower_http::set_header::SetResponseHeaderLayer;

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

fn app(store: Store) -> Router {
    let app = Router::new()
        .route("/plaintext", get(plaintext))
        .route("/json", get(json))
        .route("/fortunes", get(fortunes::fortunes))
        .route("/db", get(worlds::db))
        .route("/queries", get(worlds::queries))
        .route("/updates", get(worlds::updates))
        .route("/cached-queries", get(worlds::cached_queries));
    #[cfg(feature = "minijinja")]
    let app = app.route("/fortunes-minijinja", get(interpreted::fortunes));
    app.with_state(store)
        .layer(SetResponseHeaderLayer::overriding(
            SERVER,
            HeaderValue::from_static("axum"),
        ))
}

async fn stopped() {
    let mut terminate = signal(SignalKind::terminate()).expect("there are signals");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::var("DATABASE_URL").unwrap_or_else(|_| DATABASE.to_owned());
    let store = Store::new(&url)?;
    for line in store.open(|line| eprintln!("{line}")).await? {
        tokio::spawn(line);
    }
    let addr = env::var("ADDR").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(addr).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, app(store))
        .with_graceful_shutdown(stopped())
        .await?;
    Ok(())
}
