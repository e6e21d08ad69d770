//! The page that developers see in place of the default answer: what failed, where, and on what way.
//!
//! Before it: a step failed in development, in a scope without a renderer of its own, and the request
//! was noted as one of a browser on this machine ([`seen`]). After it: the headers of the response
//! that failed are joined with those of the page.
//!
//! It loads nothing, runs nothing and holds less than 50 KB, whatever it tells of: each part has its
//! room ([`page`]), and all text goes through one function that escapes it.

mod curl;
mod form;
mod page;
mod parts;
mod seen;
mod shown;
mod source;
mod way;

use http::HeaderValue;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};

use super::{Error, ErrorContext};
use crate::respond::{Html, IntoResponse};
use crate::response::Response;
use crate::service::Core;
use page::Page;
pub(crate) use seen::{Seen, note_for_developers, note_miss};
use shown::Shown;

/// What the page tells of, beside the error.
pub(super) struct Scene<'a> {
    pub(super) core: &'a Core,
    /// The chain that the step which failed is in, and the place in it.
    pub(super) chain: usize,
    pub(super) step: usize,
    pub(super) seen: &'a Seen,
}

/// The page, with the policy under which browsers apply its style and load nothing else, for no other
/// page to frame and no cache to keep.
pub(super) fn answer(error: &Error, context: &ErrorContext, scene: &Scene<'_>) -> Response {
    let shown = Shown::of(scene, context);
    let mut page = Page::new();
    parts::head(&mut page, error, context, &shown);
    parts::fields(&mut page, error);
    let is_miss = [404, 405].contains(&error.status().as_u16());
    if let Some(missed) = scene.seen.missed().filter(|_| is_miss) {
        way::missed(&mut page, error, scene, missed);
    }
    parts::excerpts(&mut page, error);
    parts::causes(&mut page, error);
    way::chain(&mut page, context, scene);
    parts::request(&mut page, &shown);
    parts::command(&mut page, &shown);
    let mut res = Html(page.finish()).into_response();
    for (name, value) in HEADERS {
        res.headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    res
}

const HEADERS: [(HeaderName, &str); 7] = [
    (CONTENT_SECURITY_POLICY, page::POLICY),
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (VARY, "accept"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];
