//! A guestbook of pages from templates: a layout, a form that comes back with its errors, messages
//! that survive a redirect, and pagination. Change a file in `pages/` while it runs, and reload.
//!
//! ```text
//! SECRET_KEY=$(openssl rand -hex 32) cargo run --features templates --example templates
//! ```

use cepa::cookies::{CookieJar, Keys};
use cepa::files::{Assets, Files};
use cepa::flash::{Flash, Submission};
use cepa::prelude::*;
use cepa::templates::{Templates, View};
use cepa::{Csp, Secure, SecureHeaders};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, error};

const PAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/templates/pages");
const STATIC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/templates/static");
const PER_PAGE: usize = 5;

#[derive(Clone, Serialize)]
struct Entry {
    id: usize,
    name: String,
    text: String,
    website: Option<String>,
}

#[derive(Clone, Default)]
struct Book(Arc<Mutex<Vec<Entry>>>);

impl Book {
    fn with<T>(&self, work: impl FnOnce(&mut Vec<Entry>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn sign(&self, form: &Submission) {
        let of = |name| form.value(name).trim().to_owned();
        self.with(|entries| {
            entries.push(Entry {
                id: entries.len() + 1,
                name: of("name"),
                text: of("text"),
                website: Some(of("website")).filter(|it| !it.is_empty()),
            });
        });
    }
}

#[derive(Deserialize)]
struct Paging {
    #[serde(default = "first")]
    page: usize,
}

fn first() -> usize {
    1
}

/// One page of the book, the newest entry first.
async fn index(State(book): State<Book>, Query(paging): Query<Paging>) -> Result<View> {
    let (entries, count) = book.with(|entries| {
        let newest = entries.iter().rev();
        let skipped = paging.page.saturating_sub(1).saturating_mul(PER_PAGE);
        let shown: Vec<Entry> = newest.skip(skipped).take(PER_PAGE).cloned().collect();
        (shown, entries.len())
    });
    let pages = count.div_ceil(PER_PAGE).max(1);
    (1..=pages)
        .contains(&paging.page)
        .then_some(())
        .or_not_found("the book has no such page")?;
    let data = json!({ "entries": entries, "count": count, "page": paging.page, "pages": pages });
    Ok(View::new("index.html", data))
}

/// Back to the page, with thanks or with what is wrong.
async fn sign(State(book): State<Book>, flash: Flash, mut form: Submission) -> Result<Redirect> {
    let (name, text) = (form.value("name").trim(), form.value("text").trim());
    let (has_name, has_text) = (!name.is_empty(), !text.is_empty());
    let (name, text) = (name.chars().count(), text.chars().count());
    let website = form.value("website").to_owned();
    let is_web = website.starts_with("https://") || website.starts_with("http://");
    form.check("name", has_name, "Please say who you are.");
    form.check("name", name <= 60, "That is longer than 60 letters.");
    form.check("text", has_text, "Please write a line or two.");
    form.check("text", text <= 500, "That is longer than 500 letters.");
    form.check(
        "website",
        website.is_empty() || is_web,
        "An address begins with https://.",
    );
    match form.is_valid() {
        true => {
            book.sign(&form);
            flash.success(format!(
                "Thank you, {}. Your entry is in the book.",
                form.value("name")
            ))?;
        }
        false => flash.keep(form)?,
    }
    Ok(Redirect::to("/"))
}

/// Errors are pages of the same layout.
async fn failed(error: &Error, _: &ErrorContext) -> View {
    let status = error.status();
    let title = status.canonical_reason().unwrap_or("Error");
    View::new(
        "error.html",
        json!({ "title": title, "message": error.message() }),
    )
}

fn main() -> Result<(), Box<dyn error::Error>> {
    let csp = Csp::new().with("script-src", "'nonce'");
    App::new()
        .state(Keys::from_env("SECRET_KEY")?)
        .state(Book::default())
        .with(Logger::new())
        // Around all that may refuse, so that each refusal is a page.
        .plug(Templates::dir(PAGES))
        .plug(Secure::defaults().with_headers(SecureHeaders::new().with_csp(csp)))
        .with(CookieJar::new())
        .on_error(failed)
        .mount("/static", Assets::new(Files::dir(STATIC), "/static"))
        .get("/", index.named("book"))
        .post("/", sign.named("sign"))
        .run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))?;
    Ok(())
}
