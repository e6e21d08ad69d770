//! What readers say about an article.

use crate::articles::by_slug;
use crate::auth::Viewer;
use crate::errors::{about, filled};
use crate::models::comment;
use crate::profiles::{Profile, profiles};
use crate::time::{Time, now};
use cepa::orm::prelude::*;
use cepa::{FieldErrors, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct Body<T> {
    comment: T,
}

#[derive(Deserialize)]
struct Draft {
    body: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Comment {
    id: i32,
    created_at: Time,
    updated_at: Time,
    body: String,
    author: Profile,
}

#[derive(Serialize)]
struct Comments {
    comments: Vec<Comment>,
}

impl Comment {
    fn new(comment: comment::Model, author: Profile) -> Self {
        Self {
            id: comment.id,
            created_at: Time(comment.created_at),
            updated_at: Time(comment.updated_at),
            body: comment.body,
            author,
        }
    }
}

async fn list(Path(slug): Path<String>, viewer: Option<Viewer>, db: Db) -> Result<Json<Comments>> {
    let article = by_slug(&db, &slug).await?;
    let comments = comment::Entity::find()
        .filter(comment::Column::ArticleId.eq(article.id))
        .order_by_asc(comment::Column::Id);
    let comments = comments.all(&db).await?;
    let authors = comments.iter().map(|it| it.author_id).collect();
    let authors = profiles(&db, viewer.as_ref(), authors).await?;
    let comments = comments.into_iter().filter_map(|it| {
        let author = authors.get(&it.author_id)?.clone();
        Some(Comment::new(it, author))
    });
    Ok(Json(Comments {
        comments: comments.collect(),
    }))
}

async fn add(
    Path(slug): Path<String>,
    viewer: Viewer,
    tx: Tx,
    Json(Body { comment: draft }): Json<Body<Draft>>,
) -> Result<Json<Body<Comment>>> {
    let article = by_slug(&tx, &slug).await?;
    let mut errors = FieldErrors::new();
    let body = filled(&mut errors, "body", draft.body);
    errors.finish()?;
    let now = now();
    let comment = comment::ActiveModel {
        article_id: Set(article.id),
        author_id: Set(viewer.0.id),
        body: Set(body),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let comment = comment.insert(&tx).await?;
    let comment = Comment::new(comment, Profile::of_viewer(&viewer));
    Ok(Json(Body { comment }))
}

async fn delete(
    Path((slug, id)): Path<(String, i32)>,
    Viewer(viewer): Viewer,
    tx: Tx,
) -> Result<StatusCode> {
    let article = by_slug(&tx, &slug).await?;
    let comment = comment::Entity::find_by_id(id).one(&tx).await?;
    let missing = || about(Error::not_found("not found"), "comment");
    let comment = comment.filter(|it| it.article_id == article.id);
    let comment = comment.ok_or_else(missing)?;
    if comment.author_id != viewer.id {
        return Err(about(Error::forbidden("is somebody else's"), "comment"));
    }
    comment::Entity::delete_by_id(id).exec(&tx).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) fn routes(app: App) -> App {
    app.get("/articles/{slug}/comments", list)
        .post("/articles/{slug}/comments", add)
        .delete("/articles/{slug}/comments/{id}", delete)
}
