//! Articles as they are answered, with what other tables know of them.

use crate::auth::Viewer;
use crate::models::{article, favorite, tag};
use crate::profiles::{Profile, profiles};
use crate::time::Time;
use cepa::orm::prelude::*;
use cepa::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

#[derive(Deserialize, Serialize)]
pub(crate) struct Body<T> {
    pub(super) article: T,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Article {
    slug: String,
    title: String,
    description: String,
    /// Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    tag_list: Vec<String>,
    created_at: Time,
    updated_at: Time,
    favorited: bool,
    favorites_count: i64,
    author: Profile,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Articles {
    pub(super) articles: Vec<Article>,
    /// Of all pages.
    pub(super) articles_count: u64,
}

/// One article, with its body.
pub(super) async fn one(
    db: &impl ConnectionTrait,
    viewer: Option<&Viewer>,
    article: article::Model,
) -> Result<Json<Body<Article>>> {
    let body = article.body.clone();
    let mut found = many(db, viewer, vec![article]).await?;
    let mut article = found.pop().or_not_found("not found")?;
    article.body = Some(body);
    Ok(Json(Body { article }))
}

/// Articles without their bodies. Each other table is asked once, however many there are.
pub(super) async fn many(
    db: &impl ConnectionTrait,
    viewer: Option<&Viewer>,
    articles: Vec<article::Model>,
) -> Result<Vec<Article>> {
    if articles.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i32> = articles.iter().map(|it| it.id).collect();
    let authors = articles.iter().map(|it| it.author_id).collect();
    let authors = profiles(db, viewer, authors).await?;
    let mut tags = tags(db, &ids).await?;
    let counts = counts(db, &ids).await?;
    let liked = match viewer {
        Some(viewer) => liked(db, &ids, viewer).await?,
        None => HashSet::new(),
    };
    let articles = articles.into_iter().filter_map(|it| {
        Some(Article {
            author: authors.get(&it.author_id)?.clone(),
            tag_list: tags.remove(&it.id).unwrap_or_default(),
            favorited: liked.contains(&it.id),
            favorites_count: counts.get(&it.id).copied().unwrap_or(0),
            slug: it.slug,
            title: it.title,
            description: it.description,
            body: None,
            created_at: Time(it.created_at),
            updated_at: Time(it.updated_at),
        })
    });
    Ok(articles.collect())
}

async fn tags(db: &impl ConnectionTrait, ids: &[i32]) -> Result<HashMap<i32, Vec<String>>> {
    let tags = tag::Entity::find()
        .filter(tag::Column::ArticleId.is_in(ids.iter().copied()))
        .order_by_asc(tag::Column::Position);
    let mut of = HashMap::<i32, Vec<String>>::new();
    for tag in tags.all(db).await? {
        of.entry(tag.article_id).or_default().push(tag.name);
    }
    Ok(of)
}

async fn counts(db: &impl ConnectionTrait, ids: &[i32]) -> Result<HashMap<i32, i64>> {
    let counts: Vec<(i32, i64)> = favorite::Entity::find()
        .select_only()
        .column(favorite::Column::ArticleId)
        .column_as(favorite::Column::UserId.count(), "count")
        .filter(favorite::Column::ArticleId.is_in(ids.iter().copied()))
        .group_by(favorite::Column::ArticleId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(counts.into_iter().collect())
}

async fn liked(db: &impl ConnectionTrait, ids: &[i32], viewer: &Viewer) -> Result<HashSet<i32>> {
    let liked = favorite::Entity::find()
        .filter(favorite::Column::UserId.eq(viewer.0.id))
        .filter(favorite::Column::ArticleId.is_in(ids.iter().copied()));
    let liked = liked.all(db).await?.into_iter();
    Ok(liked.map(|it| it.article_id).collect())
}
