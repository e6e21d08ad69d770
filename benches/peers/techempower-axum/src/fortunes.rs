//! Fortunes, as a page by askama.

use crate::error::Failure;
use crate::store::{Fortune, Store};
use askama::Template;
use axum::extract::State;
use axum::response::Html;

const ADDITIONAL: &str = "Additional fortune added at request time.";

#[derive(Template)]
#[template(path = "fortunes.html")]
struct Page {
    fortunes: Vec<Fortune>,
}

pub(crate) async fn fortunes(State(store): State<Store>) -> Result<Html<String>, Failure> {
    let fortunes = sorted(store.fortunes().await?);
    Ok(Html(Page { fortunes }.render()?))
}

/// With the one that is added, by their messages.
pub(crate) fn sorted(mut fortunes: Vec<Fortune>) -> Vec<Fortune> {
    fortunes.push(Fortune {
        id: 0,
        message: ADDITIONAL.to_owned(),
    });
    fortunes.sort_by(|one, other| one.message.cmp(&other.message));
    fortunes
}
