//! Who likes an article.

use super::by_slug;
use super::view::{Article, Body, one};
use crate::auth::Viewer;
use crate::models::favorite;
use cepa::orm::prelude::*;
use cepa::prelude::*;

pub(super) async fn add(
    Path(slug): Path<String>,
    viewer: Viewer,
    tx: Tx,
) -> Result<Json<Body<Article>>> {
    let article = by_slug(&tx, &slug).await?;
    let favorite = favorite::ActiveModel {
        article_id: Set(article.id),
        user_id: Set(viewer.0.id),
    };
    // Who likes it already likes it still.
    let columns = [favorite::Column::ArticleId, favorite::Column::UserId];
    let insert = favorite::Entity::insert(favorite).on_conflict_do_nothing_on(columns);
    insert.exec_without_returning(&tx).await?;
    one(&tx, Some(&viewer), article).await
}

pub(super) async fn remove(
    Path(slug): Path<String>,
    viewer: Viewer,
    tx: Tx,
) -> Result<Json<Body<Article>>> {
    let article = by_slug(&tx, &slug).await?;
    favorite::Entity::delete_by_id((article.id, viewer.0.id))
        .exec(&tx)
        .await?;
    one(&tx, Some(&viewer), article).await
}
