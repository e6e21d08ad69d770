//! Part of the RealWorld backend by axum, to compare `examples/conduit` with: the list of articles, one
//! article, and signing in, on a database that `examples/conduit` made. The same answers by the same
//! statements, with what stands around them there: CORS, an id and a log line for each request, metrics.

mod articles;
mod auth;
mod error;
mod models;
mod users;
mod view;

use argon2::Argon2;
use auth::Keys;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderName, Method};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use axum_prometheus::PrometheusMetricLayer;
use error::{AppError, Result};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use serde_json::{Value, json};
use std::env;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tower_http::ServiceBuilderExt as _;
use tower_http::cors::{Any, CorsLayer};
use tower_http::request_id::MakeRequestUuid;
use tower_http::trace::{DefaultOnResponse, TraceLayer};
use tracing::Level;

#[derive(Clone)]
struct Shared {
    db: DatabaseConnection,
    keys: Keys,
    passwords: Argon2<'static>,
    /// How many hashes are computed at once.
    hashes: std::sync::Arc<tokio::sync::Semaphore>,
}

impl axum::extract::FromRef<Shared> for DatabaseConnection {
    fn from_ref(shared: &Shared) -> Self {
        shared.db.clone()
    }
}

async fn ready(
    axum::extract::State(db): axum::extract::State<DatabaseConnection>,
) -> Result<Json<Value>> {
    db.ping().await?;
    Ok(Json(json!({ "status": "ok" })))
}

fn app(shared: Shared) -> Router {
    let (metrics, handle) = PrometheusMetricLayer::pair();
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([AUTHORIZATION, CONTENT_TYPE]);
    let id = HeaderName::from_static("x-request-id");
    let around = tower::ServiceBuilder::new()
        .set_request_id(id.clone(), MakeRequestUuid)
        .propagate_request_id(id)
        .layer(TraceLayer::new_for_http().on_response(DefaultOnResponse::new().level(Level::INFO)))
        .layer(cors);
    let api = Router::new()
        .route("/users/login", post(users::sign_in))
        .route("/articles", get(articles::all))
        .route("/articles/{slug}", get(articles::show));
    Router::new()
        .nest("/api", api)
        .route("/livez", get(async || Json(json!({ "status": "ok" }))))
        .route("/readyz", get(ready))
        .route("/metrics", get(async move || handle.render()))
        .fallback(async || AppError::not_found("path"))
        .method_not_allowed_fallback(async || AppError::new(405, "method", "is not allowed"))
        .layer(metrics)
        .layer(around)
        .with_state(shared)
}

async fn connect(url: String) -> Result<DatabaseConnection, sea_orm::DbErr> {
    let mut options = ConnectOptions::new(url);
    options
        .sqlx_logging(false)
        .max_connections(8)
        .acquire_timeout(Duration::from_secs(5))
        .test_before_acquire_if_idle_for(Duration::from_secs(1))
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .busy_timeout(Duration::from_secs(5))
                .foreign_keys(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal)
        });
    Database::connect(options).await
}

async fn stopped() {
    let mut terminate = signal(SignalKind::terminate()).expect("there are signals");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let url = env::var("DATABASE_URL").unwrap_or_else(|_| "sqlite://app.db".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let shared = Shared {
        db: connect(url).await?,
        keys: Keys::new(env::var("JWT_SECRET")?.as_bytes()),
        passwords: Argon2::default(),
        hashes: std::sync::Arc::new(tokio::sync::Semaphore::new(cores)),
    };
    let addr = env::var("ADDR").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(addr).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, app(shared))
        .with_graceful_shutdown(stopped())
        .await?;
    Ok(())
}
