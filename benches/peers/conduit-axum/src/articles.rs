//! The list of articles, and one of them.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ColumnTrait as _, DatabaseConnection, EntityTrait, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
};
use serde::Deserialize;

use crate::auth::Viewer;
use crate::error::{AppError, Result};
use crate::models::{article, favorite, tag, user};
use crate::view::{Articles, Body, many, one};

#[derive(Deserialize)]
pub struct Filter {
    tag: Option<String>,
    author: Option<String>,
    favorited: Option<String>,
    limit: Option<u64>,
    offset: Option<u64>,
}

pub async fn all(
    State(db): State<DatabaseConnection>,
    viewer: Option<Viewer>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<Articles>> {
    let Query(filter) = filter.map_err(|_| AppError::new(422, "query", "is invalid"))?;
    let limit = filter.limit.unwrap_or(20);
    let offset = filter.offset.unwrap_or(0);
    if !(1..=1000).contains(&limit) || i64::try_from(offset).is_err() {
        return Err(AppError::new(422, "limit or offset", "is out of range"));
    }
    let mut articles = article::Entity::find();
    if let Some(name) = filter.tag {
        let tagged = tag::Entity::find().filter(tag::Column::Name.eq(name));
        let ids = only(tagged, tag::Column::ArticleId);
        articles = articles.filter(article::Column::Id.in_subquery(ids));
    }
    if let Some(name) = filter.author {
        articles = articles.filter(article::Column::AuthorId.in_subquery(named(name)));
    }
    if let Some(name) = filter.favorited {
        let likes = favorite::Entity::find();
        let likes = likes.filter(favorite::Column::UserId.in_subquery(named(name)));
        let ids = only(likes, favorite::Column::ArticleId);
        articles = articles.filter(article::Column::Id.in_subquery(ids));
    }
    let articles_count = articles.clone().count(&db).await?;
    let articles = articles
        .order_by_desc(article::Column::Id)
        .limit(limit)
        .offset(offset);
    let articles = many(&db, viewer.as_ref(), articles.all(&db).await?).await?;
    Ok(Json(Articles {
        articles,
        articles_count,
    }))
}

pub async fn show(
    State(db): State<DatabaseConnection>,
    Path(slug): Path<String>,
    viewer: Option<Viewer>,
) -> Result<Json<Body>> {
    let article = article::Entity::find().filter(article::Column::Slug.eq(slug));
    let article = article
        .one(&db)
        .await?
        .ok_or_else(|| AppError::not_found("article"))?;
    one(&db, viewer.as_ref(), article).await
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
