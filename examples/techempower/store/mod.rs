//! What the tests keep in Postgres. This knows nothing of HTTP.
//!
//! There is a connection for each worker thread, which all requests of that thread share: their queries
//! are pipelined. A connection that is lost is made anew in the background.

mod cache;
mod connection;
mod line;
mod random;

use cache::Cache;
use connection::Connection;
use line::Line;
pub(crate) use random::number;
use serde::Serialize;
use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;
use tokio_postgres::Config;

#[derive(Clone, Copy, Serialize)]
pub(crate) struct World {
    pub(crate) id: i32,
    #[serde(rename = "randomNumber")]
    pub(crate) random_number: i32,
}

#[derive(Serialize)]
pub(crate) struct Fortune {
    pub(crate) id: i32,
    pub(crate) message: String,
}

type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum StoreError {
    /// There is no connection for now.
    Away(Option<tokio_postgres::Error>),
    Failed(tokio_postgres::Error),
}

/// The database; cheap to clone.
#[derive(Clone)]
pub(crate) struct Store(Arc<Shared>);

struct Shared {
    lines: Vec<Arc<Line>>,
    cache: Cache,
}

impl Store {
    /// With a connection for each thread that a runtime has, once it is opened.
    pub(crate) fn new(url: &str) -> Result<Self, tokio_postgres::Error> {
        let mut config: Config = url.parse()?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_secs(10));
        }
        let lines = (0..available_parallelism().map_or(1, usize::from))
            .map(|_| Arc::new(Line::new(config.clone())));
        Ok(Self(Arc::new(Shared {
            lines: lines.collect(),
            cache: Cache::default(),
        })))
    }

    /// Connects, makes the tables that are missing, fills the cache. What it returns keeps the
    /// connections up for as long as it is run; what becomes of them is reported.
    pub(crate) async fn open(
        &self,
        report: fn(&str),
    ) -> Result<Vec<impl Future<Output = ()> + use<>>> {
        let mut keepers = Vec::new();
        for line in &self.0.lines {
            let driver = line.connect().await?;
            keepers.push(Arc::clone(line).keep(driver, report));
        }
        let worlds = self.connection()?.all_worlds().await?;
        self.0.cache.keep(&worlds);
        Ok(keepers)
    }

    pub(crate) async fn random_world(&self) -> Result<World> {
        self.connection()?.world(number()).await
    }

    /// Each by a query of its own.
    pub(crate) async fn random_worlds(&self, count: usize) -> Result<Vec<World>> {
        let ids = (0..count).map(|_| number());
        self.connection()?.worlds(ids).await
    }

    /// So many different worlds, each read by a query of its own, with new numbers that are written
    /// at once.
    pub(crate) async fn update_worlds(&self, count: usize) -> Result<Vec<World>> {
        let connection = self.connection()?;
        let ids = random::distinct(count);
        let mut worlds = connection.worlds(ids.into_iter()).await?;
        for world in &mut worlds {
            world.random_number = number();
        }
        connection.update(&worlds).await?;
        Ok(worlds)
    }

    /// From memory; what is not there yet is read.
    pub(crate) async fn cached_worlds(&self, count: usize) -> Result<Vec<World>> {
        let ids: Vec<_> = (0..count).map(|_| number()).collect();
        let (mut worlds, missing) = self.0.cache.find(&ids);
        if !missing.is_empty() {
            let read = self.connection()?.worlds(missing.into_iter()).await?;
            self.0.cache.keep(&read);
            worlds.extend(read);
        }
        Ok(worlds)
    }

    pub(crate) async fn fortunes(&self) -> Result<Vec<Fortune>> {
        self.connection()?.fortunes().await
    }

    /// The connection of this thread, or another one that is up.
    fn connection(&self) -> Result<Arc<Connection>> {
        let lines = &self.0.lines;
        let place = place() % lines.len();
        let mut tried = lines[place..].iter().chain(&lines[..place]);
        let found = tried.find_map(|line| line.connection());
        found.ok_or(StoreError::Away(None))
    }
}

/// The number of this thread among those that asked.
fn place() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static PLACE: Cell<Option<usize>> = const { Cell::new(None) };
    }
    PLACE.get().unwrap_or_else(|| {
        let place = THREADS.fetch_add(1, Ordering::Relaxed);
        PLACE.set(Some(place));
        place
    })
}

/// A connection that ends says so to those who wait: without a word, or that the server stops.
impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        // Class 57, "operator intervention", P01 to P03: it stops, it starts.
        let stops = |code: &str| code.starts_with("57P");
        match error.is_closed() || error.code().is_some_and(|it| stops(it.code())) {
            true => Self::Away(Some(error)),
            false => Self::Failed(error),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Away(_) => "the database is away",
            Self::Failed(_) => "the database refuses",
        })
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Away(error) => error.as_ref().map(|error| error as _),
            Self::Failed(error) => Some(error),
        }
    }
}
