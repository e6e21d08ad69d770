//! A small JSON API with everything: state, middleware, validation, errors, links, a start hook.
//!
//! ```text
//! cargo run --example notes
//! curl -i 127.0.0.1:3000/api/notes --json '{"title": "Onions", "tags": ["food"]}'
//! curl -i '127.0.0.1:3000/api/notes?tag=food'
//! curl -i 127.0.0.1:3000/api/notes/2 -X DELETE -H 'x-key: onion'
//! ```

use cepa::prelude::*;
use cepa::{FieldErrors, RequestId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::{env, fmt};

// What is kept.

#[derive(Clone, Serialize)]
struct Note {
    id: u64,
    title: String,
    tags: Vec<String>,
}

#[derive(Clone, Default)]
struct Notes(Arc<Mutex<BTreeMap<u64, Note>>>);

impl Notes {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Note>> {
        self.0.lock().expect("nothing panics while it is locked")
    }

    fn add(&self, Draft { title, tags }: Draft) -> Result<Note, Taken> {
        let mut notes = self.lock();
        if let Some(note) = notes.values().find(|note| note.title == title) {
            return Err(Taken(note.id));
        }
        let id = notes.keys().next_back().map_or(1, |last| last + 1);
        let note = Note { id, title, tags };
        notes.insert(id, note.clone());
        Ok(note)
    }
}

#[derive(Debug)]
struct Taken(u64);

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "note {} has this title", self.0)
    }
}

impl std::error::Error for Taken {}

// What comes in.

#[derive(Deserialize)]
struct Draft {
    title: String,
    #[serde(default)]
    tags: Vec<String>,
}

/// An extractor of its own: JSON that was checked. 422 with a sentence for each wrong field.
impl FromRequest<Body> for Draft {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let Json(draft): Json<Self> = req.extract_body().await?;
        let mut errors = FieldErrors::new();
        errors.check("title", !draft.title.trim().is_empty(), "is empty");
        for (i, tag) in draft.tags.iter().enumerate() {
            let is_word = tag.chars().all(char::is_alphanumeric);
            errors.check(format!("tags[{i}]"), is_word, "is not one word");
        }
        errors.finish_with("this is no note yet")?;
        Ok(draft)
    }
}

#[derive(Deserialize)]
struct Filter {
    tag: Option<String>,
    limit: Option<usize>,
}

// What answers.

async fn list(State(notes): State<Notes>, Query(filter): Query<Filter>) -> Json<Vec<Note>> {
    let Filter { tag, limit } = filter;
    let has_tag = |note: &&Note| tag.as_ref().is_none_or(|tag| note.tags.contains(tag));
    let notes = notes.lock();
    let found = notes.values().filter(has_tag).take(limit.unwrap_or(20));
    Json(found.cloned().collect())
}

async fn show(State(notes): State<Notes>, Path(id): Path<u64>) -> Result<Json<Note>> {
    let note = notes.lock().get(&id).cloned();
    note.map(Json).or_not_found("there is no such note")
}

async fn create(
    State(notes): State<Notes>,
    links: Links,
    draft: Draft,
) -> Result<impl IntoResponse> {
    let note = notes.add(draft)?;
    let location = links.url_for(show, &[("id", &note.id)])?;
    Ok((StatusCode::CREATED, [("location", location)], Json(note)))
}

async fn delete(State(notes): State<Notes>, Path(id): Path<u64>) -> Result<StatusCode> {
    let gone = notes.lock().remove(&id);
    gone.or_not_found("there is no such note")?;
    Ok(StatusCode::NO_CONTENT)
}

// What stands around it.

#[derive(Clone)]
struct Key(&'static str);

async fn require_key(State(key): State<Key>, req: Request, next: Next) -> Result<Response> {
    if req.header("x-key") != Some(key.0) {
        return Err(Error::forbidden("send the key in `X-Key`"));
    }
    Ok(next.run(req).await)
}

fn api() -> App {
    App::new()
        .get("/notes", list)
        .post("/notes", create)
        .get("/notes/{id}", show)
        .delete("/notes/{id}", delete.with(require_key))
        .map_error(|taken: &Taken| Error::conflict(taken.to_string()))
}

fn app() -> App {
    let notes = Notes::default();
    App::new()
        .state(notes.clone())
        .state(Key("onion"))
        .with(RequestId::new())
        .with(Logger::new())
        .mount("/api", api())
        .fallback(async || Error::not_found("the notes are at /api/notes"))
        .on_start(async move || {
            let (title, tags) = ("Welcome".to_owned(), Vec::new());
            notes.add(Draft { title, tags }).map(drop)
        })
}

fn main() -> Result<(), RunError> {
    app().run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))
}
