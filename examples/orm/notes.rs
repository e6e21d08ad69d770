//! The notes: handlers and their routes.

use cepa::orm::prelude::*;
use cepa::prelude::*;
use cepa::{FieldErrors, Ndjson};
use serde::Deserialize;

use crate::models::{note, note_tag, tag};

pub(crate) fn routes() -> App {
    App::new()
        .get("/notes", list)
        .post("/notes", create)
        .get("/notes/{id}", show)
        .delete("/notes/{id}", delete)
        .get("/feed", feed)
        .get("/notes.ndjson", export)
}

/// What clients may ask for.
fn columns() -> Columns<note::Column> {
    use note::Column::{CreatedAt, Id, Starred, Title};
    Columns::new()
        .with_sort([Id, Title, CreatedAt])
        .with_filter([Title, Starred])
        .with_range([CreatedAt])
        .with_others(["tag"])
}

#[derive(Deserialize)]
struct Tagged {
    tag: Option<String>,
}

/// Pages with numbers, tags included, in three statements however many notes there are on one.
async fn list(
    db: Db,
    page: Pagination,
    Query(Tagged { tag }): Query<Tagged>,
) -> Result<Page<note::ModelEx>> {
    let mut notes = note::Entity::load().with(tag::Entity);
    if let Some(tag) = tag {
        let with_tag = note_tag::Entity::find()
            .select_only()
            .column(note_tag::Column::NoteId)
            .inner_join(tag::Entity)
            .filter(tag::Column::Name.eq(tag));
        notes = notes.filter(note::Column::Id.in_subquery(with_tag.into_query()));
    }
    let page = page.with_total().with_columns(columns());
    page.fetch(notes, &db).await
}

/// The newest first, read on from where the client was, whatever was added meanwhile.
async fn feed(db: Db, page: Pagination) -> Result<Page<note::Model>> {
    let columns = columns().with_default_sort("-created_at");
    page.with_columns(columns)
        .fetch_after(note::Entity::find(), &db)
        .await
}

async fn show(Path(id): Path<i32>, db: Db) -> Result<Json<note::ModelEx>> {
    let note = note::Entity::load()
        .filter(note::Column::Id.eq(id))
        .with(tag::Entity);
    let note = note.one(&db).await?;
    note.map(Json).or_not_found("there is no such note")
}

#[derive(Deserialize)]
struct Draft {
    title: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    starred: bool,
    #[serde(default)]
    tags: Vec<String>,
}

/// All or nothing: where a tag is refused, the note is not there either. That a title is taken is a
/// 409 by itself.
async fn create(tx: Tx, links: Links, Json(draft): Json<Draft>) -> Result<impl IntoResponse> {
    let mut errors = FieldErrors::new();
    errors.check("title", !draft.title.trim().is_empty(), "is empty");
    errors.finish()?;
    let mut note = note::ActiveModel::builder()
        .set_title(draft.title)
        .set_text(draft.text)
        .set_starred(draft.starred)
        .set_created_at(ChronoUtc::now());
    let mut tags = draft.tags;
    tags.sort_unstable();
    tags.dedup();
    for name in tags {
        let known = tag::Entity::find_by_name(&name).one(&tx).await?;
        note = note.add_tag(match known {
            Some(tag) => tag.into_active_model().into_ex(),
            None => tag::ActiveModel::builder().set_name(name),
        });
    }
    let note = note.insert(&tx).await?;
    let location = links.url_for(show, &[("id", &note.id)])?;
    Ok((StatusCode::CREATED, [("location", location)], Json(note)))
}

async fn delete(Path(id): Path<i32>, db: Db) -> Result<StatusCode> {
    let deleted = note::Entity::delete_by_id(id).exec(&db).await?;
    match deleted.rows_affected {
        0 => Err(Error::not_found("there is no such note")),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}

/// All of them, a line each, whatever their number: memory holds a few.
async fn export(db: Db, page: Pagination) -> Result<impl IntoResponse> {
    let notes = page
        .with_columns(columns())
        .apply(note::Entity::find(), &db)?;
    Ok(Ndjson(db.rows(notes).await?))
}
