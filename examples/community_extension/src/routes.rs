//! The routes: flags listed and switched.

use std::collections::BTreeMap;

use cepa::prelude::*;
use serde::Deserialize;

use crate::error::FlagError;
use crate::store::Store;

pub(crate) fn add(app: App) -> App {
    app.get("/", list).put("/{name}", switch)
}

#[derive(Deserialize)]
struct Switch {
    on: bool,
}

/// The flags as they are kept, whatever this request overrides.
async fn list(State(store): State<Store>) -> Json<BTreeMap<String, bool>> {
    Json((*store.flags().0).clone())
}

async fn switch(
    Path(name): Path<String>,
    State(store): State<Store>,
    Json(Switch { on }): Json<Switch>,
) -> Result<Json<Value>> {
    if !store.set(&name, on) {
        return Err(FlagError::Unknown(name).into());
    }
    Ok(Json(json!({ name: on })))
}
