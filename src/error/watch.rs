//! What an error answer needs of the request: noted before each step, since a step may have used the
//! request up when it fails.

use std::sync::Arc;

use http::{HeaderMap, Method};

use super::{ErrorContext, ErrorFormat, Seen};
use crate::router::Route;

/// What is noted of a request before a step gets it; small, since each step's future holds one.
#[derive(Clone)]
pub(crate) struct Watch {
    format: ErrorFormat,
    /// The place in [`STANDARD`], or past its end.
    method: u8,
    rare: Option<Arc<Rare>>,
}

/// What few requests have: an id, a method of one's own, a developer who sent them.
#[derive(Clone, Default)]
struct Rare {
    id: Option<Arc<str>>,
    method: Option<Method>,
    seen: Option<Arc<Seen>>,
}

/// The methods of RFC 9110, 9.3, and PATCH, the most frequent ones first.
pub(super) const STANDARD: [Method; 9] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::HEAD,
    Method::OPTIONS,
    Method::CONNECT,
    Method::TRACE,
];

impl Watch {
    pub(crate) fn new(headers: &HeaderMap, method: &Method) -> Self {
        let mut watch = Self {
            format: ErrorFormat::of(headers),
            method: 0,
            rare: None,
        };
        watch.set_method(method);
        watch
    }

    pub(crate) fn set_method(&mut self, method: &Method) {
        let standard = STANDARD.iter().position(|one| one == method);
        self.method = standard.unwrap_or(STANDARD.len()) as u8;
        if standard.is_none() {
            self.rare().method = Some(method.clone());
        }
    }

    pub(crate) fn set_id(&mut self, id: Arc<str>) {
        self.rare().id = Some(id);
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.rare.as_ref()?.id.as_deref()
    }

    /// Whether an error would be answered by a page.
    pub(crate) fn is_for_page(&self) -> bool {
        self.format == ErrorFormat::Html
    }

    pub(super) fn set_seen(&mut self, seen: Arc<Seen>) {
        self.rare().seen = Some(seen);
    }

    pub(super) fn seen(&self) -> Option<&Arc<Seen>> {
        self.rare.as_ref()?.seen.as_ref()
    }

    fn rare(&mut self) -> &mut Rare {
        Arc::make_mut(self.rare.get_or_insert_default())
    }

    pub(super) fn context(&self, route: Option<Arc<Route>>) -> ErrorContext {
        let rare = self.rare.as_deref().cloned().unwrap_or_default();
        let standard = STANDARD.get(usize::from(self.method)).cloned();
        ErrorContext {
            format: self.format,
            method: standard.or(rare.method).unwrap_or_default(),
            route,
            request_id: rare.id,
            place: None,
        }
    }
}
