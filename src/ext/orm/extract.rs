//! `Db` and `Tx` as arguments of handlers and middleware.

use std::fmt;
use std::sync::Arc;

use sea_orm::{DatabaseConnection, DbBackend, DbErr, TransactionOptions};

use super::beside::Beside;
use super::pool::Pool;
use super::tx::TxSlot;
use super::watch::watched;
use super::{Transaction, Tx};
use crate::{Error, FromRequest, Need, Request, Result};

/// The database: a pool of connections, as an argument of handlers and middleware.
///
/// It is a connection for SeaORM: `User::find().all(&db)`. Each statement is on its own;
/// `db.begin().await?` begins a [`Transaction`], and [`Tx`] is that of the request. Cheap to clone,
/// and good for work beside the requests.
#[derive(Clone)]
pub struct Db {
    pub(super) pool: Pool,
    /// The same pool, with an ear for the statements of one request.
    watched: Option<DatabaseConnection>,
    /// The same for what is asked beside the transaction of the request.
    beside: Option<Arc<Beside>>,
}

impl Db {
    pub(super) fn new(pool: Pool) -> Self {
        Self {
            pool,
            watched: None,
            beside: None,
        }
    }

    pub(super) fn watched(
        pool: Pool,
        connection: DatabaseConnection,
        beside: Option<Beside>,
    ) -> Self {
        Self {
            pool,
            watched: Some(connection),
            beside: beside.map(Arc::new),
        }
    }

    /// Which database it is.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.pool.backend()
    }

    pub(super) fn connection(&self) -> &DatabaseConnection {
        if let Some(beside) = &self.beside {
            beside.note();
        }
        let watched = self.watched.as_ref();
        watched.unwrap_or_else(|| self.pool.connection())
    }

    pub(super) async fn begin_with(
        &self,
        options: TransactionOptions,
    ) -> Result<Transaction, DbErr> {
        self.pool.begin(self.connection(), options).await
    }

    /// Closes a pool that [`Database::connect`](super::Database::connect) opened; an app closes its
    /// own when it stops. Connections that are in use are waited for, 5 seconds.
    ///
    /// # Errors
    /// What the database says.
    pub async fn close(self) -> Result<()> {
        Ok(self.pool.close().await?)
    }
}

const MISSING: &str = "there is no database: add `.plug(Database::url(..))`";
const FIX: &str = "add `.plug(Database::url(..))`";

impl FromRequest for Db {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let pool = req.state::<Pool>();
        let pool = pool.ok_or_else(|| Error::internal(MISSING))?;
        Ok(watched(pool, req))
    }

    fn requires() -> Vec<Need> {
        vec![Need::state::<Pool>().with_name("Db").with_fix(FIX)]
    }
}

impl FromRequest for Tx {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let db = req.extract().await?;
        let slot = req.local::<TxSlot>();
        let slot = slot.ok_or_else(|| Error::internal(MISSING))?;
        Ok(Self::new(slot.clone(), db))
    }

    fn requires() -> Vec<Need> {
        vec![Need::local::<TxSlot>().with_name("Tx").with_fix(FIX)]
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db")
            .field("backend", &self.backend())
            .finish()
    }
}
