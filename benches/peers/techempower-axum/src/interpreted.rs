//! Fortunes, as a page by minijinja: the template of cepa's example.

use crate::error::Failure;
use crate::fortunes::sorted;
use crate::store::{Fortune, Store};
use axum::extract::State;
use axum::response::Html;
use minijinja::Environment;
use minijinja::value::{Serde, Value};
use serde::Serialize;
use std::sync::LazyLock;

const TEMPLATE: &str = include_str!("../../../../examples/techempower/fortunes.html");

static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    pages
        .add_template("fortunes.html", TEMPLATE)
        .expect("it was tried");
    pages
});

#[derive(Serialize)]
struct Page {
    fortunes: Vec<Fortune>,
}

pub(crate) async fn fortunes(State(store): State<Store>) -> Result<Html<String>, Failure> {
    let fortunes = sorted(store.fortunes().await?);
    let page = PAGES.get_template("fortunes.html");
    let text = page.and_then(|page| page.render(Value::from(Serde(&Page { fortunes }))));
    text.map(Html).map_err(|error| Failure::Page(error.into()))
}
