//! Many articles, the newest first.

use super::page::Page;
use super::view::{Articles, many};
use crate::auth::Viewer;
use crate::models::{article, favorite, follow, tag, user};
use cepa::orm::prelude::*;
use cepa::prelude::*;
use sea_orm::sea_query::SelectStatement;
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Filter {
    tag: Option<String>,
    author: Option<String>,
    favorited: Option<String>,
}

pub(super) async fn all(
    Query(filter): Query<Filter>,
    page: Page,
    viewer: Option<Viewer>,
    db: Db,
) -> Result<Json<Articles>> {
    let mut articles = article::Entity::find();
    if let Some(name) = filter.tag {
        let tagged = tag::Entity::find().filter(tag::Column::Name.eq(name));
        let ids = only(tagged, tag::Column::ArticleId);
        articles = articles.filter(article::Column::Id.in_subquery(ids));
    }
    if let Some(name) = filter.author {
        let ids = named(name);
        articles = articles.filter(article::Column::AuthorId.in_subquery(ids));
    }
    if let Some(name) = filter.favorited {
        let likes = favorite::Entity::find();
        let likes = likes.filter(favorite::Column::UserId.in_subquery(named(name)));
        let ids = only(likes, favorite::Column::ArticleId);
        articles = articles.filter(article::Column::Id.in_subquery(ids));
    }
    answer(&db, viewer.as_ref(), articles, &page).await
}

/// Articles of those whom the viewer follows.
pub(super) async fn feed(viewer: Viewer, page: Page, db: Db) -> Result<Json<Articles>> {
    let follows = follow::Entity::find().filter(follow::Column::FollowerId.eq(viewer.0.id));
    let ids = only(follows, follow::Column::FollowedId);
    let articles = article::Entity::find().filter(article::Column::AuthorId.in_subquery(ids));
    answer(&db, Some(&viewer), articles, &page).await
}

async fn answer(
    db: &Db,
    viewer: Option<&Viewer>,
    articles: Select<article::Entity>,
    page: &Page,
) -> Result<Json<Articles>> {
    let articles_count = articles.clone().count(db).await?;
    let articles = articles
        .order_by_desc(article::Column::Id)
        .limit(page.limit)
        .offset(page.offset);
    let articles = many(db, viewer, articles.all(db).await?).await?;
    Ok(Json(Articles {
        articles,
        articles_count,
    }))
}

/// The id of the user of this name.
fn named(username: String) -> SelectStatement {
    let user = user::Entity::find().filter(user::Column::Username.eq(username));
    only(user, user::Column::Id)
}

/// One column, for a subquery.
fn only<E: EntityTrait>(rows: Select<E>, column: E::Column) -> SelectStatement {
    rows.select_only().column(column).into_query()
}
