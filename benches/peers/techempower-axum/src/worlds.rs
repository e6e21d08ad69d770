//! Rows of the table `World`: one, several, several that change, several from memory.

use crate::error::Failure;
use crate::store::{Store, World};
use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use std::num::IntErrorKind;

type Worlds = Result<Json<Vec<World>>, Failure>;

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    q: String,
}

impl Asked {
    fn count(&self) -> usize {
        let count = match self.q.parse::<i64>() {
            Ok(count) => count,
            Err(error) if *error.kind() == IntErrorKind::PosOverflow => i64::MAX,
            Err(_) => 1,
        };
        count.clamp(1, 500) as usize
    }
}

pub(crate) async fn db(State(store): State<Store>) -> Result<Json<World>, Failure> {
    Ok(Json(store.random_world().await?))
}

pub(crate) async fn queries(State(store): State<Store>, Query(asked): Query<Asked>) -> Worlds {
    Ok(Json(store.random_worlds(asked.count()).await?))
}

pub(crate) async fn updates(State(store): State<Store>, Query(asked): Query<Asked>) -> Worlds {
    Ok(Json(store.update_worlds(asked.count()).await?))
}

pub(crate) async fn cached_queries(
    State(store): State<Store>,
    Query(asked): Query<Asked>,
) -> Worlds {
    Ok(Json(store.cached_worlds(asked.count()).await?))
}
