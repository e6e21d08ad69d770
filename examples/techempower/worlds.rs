//! Rows of the table `World`: one, several, several that change, several from memory.

use crate::count::Count;
use crate::store::{Store, World};
use cepa::prelude::*;

type Worlds = Result<Json<Vec<World>>>;

pub(crate) async fn db(State(store): State<Store>) -> Result<Json<World>> {
    Ok(Json(store.random_world().await?))
}

/// Each row is read by a query of its own.
pub(crate) async fn queries(State(store): State<Store>, Count(count): Count) -> Worlds {
    Ok(Json(store.random_worlds(count).await?))
}

/// Each row is read by a query of its own; all are written at once.
pub(crate) async fn updates(State(store): State<Store>, Count(count): Count) -> Worlds {
    Ok(Json(store.update_worlds(count).await?))
}

pub(crate) async fn cached_queries(State(store): State<Store>, Count(count): Count) -> Worlds {
    Ok(Json(store.cached_worlds(count).await?))
}
