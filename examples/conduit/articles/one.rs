//! One article: written, read, changed, deleted.

use super::view::{Article, Body, one};
use super::{by_slug, slug};
use crate::auth::Viewer;
use crate::errors::{about, filled, filled_if_sent};
use crate::models::{article, tag};
use crate::time::now;
use cepa::orm::prelude::*;
use cepa::{FieldErrors, prelude::*};
use serde::Deserialize;
use std::collections::HashSet;

/// What is sent. To make an article all but the tags is needed; to change one, what is left out
/// stays.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Draft {
    title: Option<String>,
    description: Option<String>,
    body: Option<String>,
    tag_list: Option<Vec<String>>,
}

pub(super) async fn show(
    Path(slug): Path<String>,
    viewer: Option<Viewer>,
    db: Db,
) -> Result<Json<Body<Article>>> {
    let article = by_slug(&db, &slug).await?;
    one(&db, viewer.as_ref(), article).await
}

pub(super) async fn create(
    viewer: Viewer,
    tx: Tx,
    Json(Body { article: draft }): Json<Body<Draft>>,
) -> Result<(StatusCode, Json<Body<Article>>)> {
    let mut errors = FieldErrors::new();
    let title = filled(&mut errors, "title", draft.title);
    let description = filled(&mut errors, "description", draft.description);
    let body = filled(&mut errors, "body", draft.body);
    let tags = draft.tag_list.unwrap_or_default();
    check_tags(&mut errors, &tags);
    errors.finish()?;
    let now = now();
    let article = article::ActiveModel {
        author_id: Set(viewer.0.id),
        slug: Set(slug::free(&tx, &title, None).await?),
        title: Set(title),
        description: Set(description),
        body: Set(body),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let article = article.insert(&tx).await?;
    set_tags(&tx, article.id, tags).await?;
    Ok((StatusCode::CREATED, one(&tx, Some(&viewer), article).await?))
}

pub(super) async fn change(
    Path(slug): Path<String>,
    viewer: Viewer,
    tx: Tx,
    Json(Body { article: draft }): Json<Body<Draft>>,
) -> Result<Json<Body<Article>>> {
    let article = own(&tx, &viewer, &slug).await?;
    let mut errors = FieldErrors::new();
    filled_if_sent(&mut errors, "title", draft.title.as_ref());
    filled_if_sent(&mut errors, "description", draft.description.as_ref());
    filled_if_sent(&mut errors, "body", draft.body.as_ref());
    let tags = draft.tag_list;
    check_tags(&mut errors, tags.as_deref().unwrap_or_default());
    errors.finish()?;
    let slug = match &draft.title {
        Some(title) if *title != article.title => slug::free(&tx, title, Some(article.id)).await?,
        _ => article.slug,
    };
    let changed = article::ActiveModel {
        id: Unchanged(article.id),
        author_id: Unchanged(article.author_id),
        slug: Set(slug),
        title: Set(draft.title.unwrap_or(article.title)),
        description: Set(draft.description.unwrap_or(article.description)),
        body: Set(draft.body.unwrap_or(article.body)),
        created_at: Unchanged(article.created_at),
        updated_at: Set(now()),
    };
    let article = changed.update(&tx).await?;
    if let Some(tags) = tags {
        set_tags(&tx, article.id, tags).await?;
    }
    one(&tx, Some(&viewer), article).await
}

pub(super) async fn delete(Path(slug): Path<String>, viewer: Viewer, tx: Tx) -> Result<StatusCode> {
    let article = own(&tx, &viewer, &slug).await?;
    article::Entity::delete_by_id(article.id).exec(&tx).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The article of this slug, if it is the viewer's; 404 or 403.
async fn own(tx: &Tx, viewer: &Viewer, slug: &str) -> Result<article::Model> {
    let article = by_slug(tx, slug).await?;
    match article.author_id == viewer.0.id {
        true => Ok(article),
        false => Err(about(Error::forbidden("is somebody else's"), "article")),
    }
}

fn check_tags(errors: &mut FieldErrors, tags: &[String]) {
    let is_filled = tags.iter().all(|tag| !tag.trim().is_empty());
    errors.check("tagList", is_filled, "can't have a blank tag");
}

/// These tags and no others, each once, in this order.
async fn set_tags(tx: &Tx, article_id: i32, tags: Vec<String>) -> Result<()> {
    let old = tag::Entity::delete_many().filter(tag::Column::ArticleId.eq(article_id));
    old.exec(tx).await?;
    let mut seen = HashSet::new();
    let tags = tags.into_iter().filter(|tag| seen.insert(tag.clone()));
    let rows: Vec<tag::ActiveModel> = (0..)
        .zip(tags)
        .map(|(position, name)| tag::ActiveModel {
            article_id: Set(article_id),
            name: Set(name),
            position: Set(position),
        })
        .collect();
    if !rows.is_empty() {
        tag::Entity::insert_many(rows)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}
