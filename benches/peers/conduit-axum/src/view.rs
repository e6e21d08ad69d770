//! Articles as they are answered, with what other tables know of them.

use axum::Json;
use sea_orm::{
    ColumnTrait as _, DatabaseConnection, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use serde::{Serialize, Serializer};
use std::collections::{HashMap, HashSet};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::{format_description, offset};

use crate::auth::Viewer;
use crate::error::{AppError, Result};
use crate::models::{article, favorite, follow, tag, user};

const FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

fn iso<S: Serializer>(time: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    let utc = time.to_offset(offset!(UTC));
    let text = utc.format(FORMAT).map_err(serde::ser::Error::custom)?;
    serializer.serialize_str(&text)
}

#[derive(Clone, Serialize)]
struct Profile {
    username: String,
    bio: String,
    image: String,
    following: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Article {
    slug: String,
    title: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    tag_list: Vec<String>,
    #[serde(serialize_with = "iso")]
    created_at: OffsetDateTime,
    #[serde(serialize_with = "iso")]
    updated_at: OffsetDateTime,
    favorited: bool,
    favorites_count: i64,
    author: Profile,
}

#[derive(Serialize)]
pub struct Body {
    article: Article,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Articles {
    pub articles: Vec<Article>,
    pub articles_count: u64,
}

pub async fn one(
    db: &DatabaseConnection,
    viewer: Option<&Viewer>,
    article: article::Model,
) -> Result<Json<Body>> {
    let body = article.body.clone();
    let mut found = many(db, viewer, vec![article]).await?;
    let mut article = found.pop().ok_or_else(|| AppError::not_found("article"))?;
    article.body = Some(body);
    Ok(Json(Body { article }))
}

pub async fn many(
    db: &DatabaseConnection,
    viewer: Option<&Viewer>,
    articles: Vec<article::Model>,
) -> Result<Vec<Article>> {
    if articles.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i32> = articles.iter().map(|it| it.id).collect();
    let authors = profiles(db, viewer, articles.iter().map(|it| it.author_id).collect()).await?;
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
            created_at: it.created_at,
            updated_at: it.updated_at,
        })
    });
    Ok(articles.collect())
}

async fn profiles(
    db: &DatabaseConnection,
    viewer: Option<&Viewer>,
    ids: HashSet<i32>,
) -> Result<HashMap<i32, Profile>> {
    let mut followed = HashSet::new();
    if let Some(Viewer(viewer)) = viewer {
        let follows = follow::Entity::find()
            .filter(follow::Column::FollowerId.eq(viewer.id))
            .filter(follow::Column::FollowedId.is_in(ids.iter().copied()));
        followed.extend(follows.all(db).await?.into_iter().map(|it| it.followed_id));
    }
    let users = user::Entity::find().filter(user::Column::Id.is_in(ids));
    let users = users.all(db).await?.into_iter();
    let profile = |user: user::Model| Profile {
        following: followed.contains(&user.id),
        username: user.username,
        bio: user.bio,
        image: user.image,
    };
    Ok(users.map(|user| (user.id, profile(user))).collect())
}

async fn tags(db: &DatabaseConnection, ids: &[i32]) -> Result<HashMap<i32, Vec<String>>> {
    let tags = tag::Entity::find()
        .filter(tag::Column::ArticleId.is_in(ids.iter().copied()))
        .order_by_asc(tag::Column::Position);
    let mut of = HashMap::<i32, Vec<String>>::new();
    for tag in tags.all(db).await? {
        of.entry(tag.article_id).or_default().push(tag.name);
    }
    Ok(of)
}

async fn counts(db: &DatabaseConnection, ids: &[i32]) -> Result<HashMap<i32, i64>> {
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

async fn liked(db: &DatabaseConnection, ids: &[i32], viewer: &Viewer) -> Result<HashSet<i32>> {
    let liked = favorite::Entity::find()
        .filter(favorite::Column::UserId.eq(viewer.0.id))
        .filter(favorite::Column::ArticleId.is_in(ids.iter().copied()));
    Ok(liked
        .all(db)
        .await?
        .into_iter()
        .map(|it| it.article_id)
        .collect())
}
