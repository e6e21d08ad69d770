//! A line to the database: a connection, and who makes it anew when it is lost.

use super::Result;
use super::connection::{Connection, Driver};
use std::error::Error;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio_postgres::Config;

/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(250);

pub(super) struct Line {
    config: Config,
    connection: RwLock<Option<Arc<Connection>>>,
}

impl Line {
    pub(super) fn new(config: Config) -> Self {
        Self {
            config,
            connection: RwLock::new(None),
        }
    }

    /// The connection, if there is one now.
    pub(super) fn connection(&self) -> Option<Arc<Connection>> {
        let connection = self.connection.read();
        connection.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) async fn connect(&self) -> Result<Driver> {
        let (connection, driver) = Connection::open(&self.config).await?;
        self.set(Some(Arc::new(connection)));
        Ok(driver)
    }

    /// Waits for the connection to be lost, and connects again, without an end.
    pub(super) async fn keep(self: Arc<Self>, mut driver: Driver, report: fn(&str)) {
        loop {
            let ended = driver.await;
            self.set(None);
            let why = ended.map(Result::err).ok().flatten();
            let why = why.map_or_else(|| "it ended".to_owned(), |error| told(&error));
            report(&format!("the database is away: {why}"));
            driver = loop {
                match self.connect().await {
                    Ok(driver) => break driver,
                    Err(_) => tokio::time::sleep(PAUSE).await,
                }
            };
            report("the database is back");
        }
    }

    fn set(&self, connection: Option<Arc<Connection>>) {
        let kept = self.connection.write();
        *kept.unwrap_or_else(PoisonError::into_inner) = connection;
    }
}

/// An error with its causes.
fn told(error: &dyn Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
