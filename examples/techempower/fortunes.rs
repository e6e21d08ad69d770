//! Fortunes, as a page: the rows of the table, and one that is added with each request.

use crate::store::{Fortune, Store};
use cepa::prelude::*;
use cepa::templates::View;
use serde::Serialize;

/// The template, by its name.
pub(crate) const PAGE: (&str, &str) = ("fortunes.html", include_str!("fortunes.html"));

pub(crate) const ADDITIONAL: &str = "Additional fortune added at request time.";

#[derive(Serialize)]
pub(crate) struct Page<F> {
    pub(crate) fortunes: Vec<F>,
}

pub(crate) async fn fortunes(State(store): State<Store>) -> Result<View> {
    let mut fortunes = store.fortunes().await?;
    fortunes.push(Fortune {
        id: 0,
        message: ADDITIONAL.to_owned(),
    });
    fortunes.sort_by(|one, other| one.message.cmp(&other.message));
    Ok(View::new(PAGE.0, Page { fortunes }))
}
