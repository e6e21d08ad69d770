//! All tags that articles have.

use crate::models::tag;
use cepa::orm::prelude::*;
use cepa::prelude::*;

async fn list(db: Db) -> Result<Json<Value>> {
    let tags: Vec<String> = tag::Entity::find()
        .select_only()
        .column(tag::Column::Name)
        .distinct()
        .order_by_asc(tag::Column::Name)
        .into_tuple()
        .all(&db)
        .await?;
    Ok(Json(json!({ "tags": tags })))
}

pub(crate) fn routes(app: App) -> App {
    app.get("/tags", list)
}
