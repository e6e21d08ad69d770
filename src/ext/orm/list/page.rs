//! `Page`: a part of a list as a response.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::{HeaderName, IntoResponse, Json, Response};

/// Bytes of a `Link` header, at most: proxies refuse answers with long heads.
const LIMIT: usize = 4096;

/// A part of a list, with the way to the others. [`Pagination`](super::Pagination) makes it.
///
/// As a response it is JSON, and has a `Link` header (RFC 8288) with `first`, `prev`, `next` and
/// `last`, as far as they are there:
///
/// ```json
/// {"items": [], "page": 2, "per_page": 20, "total": 57, "pages": 3, "prev": "/notes?page=1", "next": "/notes?page=3"}
/// ```
///
/// Links are those of the request, path and query, with what says which page it is replaced. They have
/// no host: one that a proxy in between chose would lead nowhere. A header of more than 4 KiB is left
/// out. `total` and `pages` are there where
/// [`with_total`](super::Pagination::with_total) asked for it. Of a list that is read by `after`,
/// there are `limit` in place of `page` and `per_page`, and no `last`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// The number of the page, from 1; `None` where it is read by `after`.
    pub page: Option<u64>,
    /// Items of a full page.
    pub per_page: Option<u64>,
    /// The same where it is read by `after`.
    pub limit: Option<u64>,
    /// Items of the whole list, where they were counted.
    pub total: Option<u64>,
    /// The link to the page before, `None` at the first.
    pub prev: Option<String>,
    /// The link to the page behind, `None` at the last.
    pub next: Option<String>,
    pub(super) first: String,
    pub(super) last: Option<String>,
}

impl<T> Page<T> {
    /// The same page of something else, such as what is shown of each item.
    ///
    /// ```
    /// use cepa::orm::Page;
    ///
    /// fn lengths(names: Page<String>) -> Page<usize> {
    ///     names.map(|name| name.len())
    /// }
    /// ```
    #[must_use]
    pub fn map<U>(self, map: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(map).collect(),
            page: self.page,
            per_page: self.per_page,
            limit: self.limit,
            total: self.total,
            prev: self.prev,
            next: self.next,
            first: self.first,
            last: self.last,
        }
    }

    /// How many pages the list has, at least one, where its items were counted.
    #[must_use]
    pub fn pages(&self) -> Option<u64> {
        let (total, per_page) = (self.total?, self.per_page?);
        Some(total.div_ceil(per_page.max(1)).max(1))
    }

    /// The value of the `Link` header.
    fn links(&self) -> String {
        let links = [
            ("first", Some(&self.first)),
            ("prev", self.prev.as_ref()),
            ("next", self.next.as_ref()),
            ("last", self.last.as_ref()),
        ];
        let links = links
            .into_iter()
            .filter_map(|(rel, link)| Some((rel, link?)));
        let links: Vec<String> = links
            .map(|(rel, link)| format!("<{link}>; rel=\"{rel}\""))
            .collect();
        links.join(", ")
    }
}

impl<T: Serialize> Serialize for Page<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("items", &self.items)?;
        let numbers = [
            ("page", self.page),
            ("per_page", self.per_page),
            ("limit", self.limit),
            ("total", self.total),
            ("pages", self.pages()),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                map.serialize_entry(name, &number)?;
            }
        }
        map.serialize_entry("prev", &self.prev)?;
        map.serialize_entry("next", &self.next)?;
        map.end()
    }
}

impl<T: Serialize> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        let links = self.links();
        let mut res = Json(self).into_response();
        if links.len() <= LIMIT {
            res.append_header(HeaderName::from_static("link"), links);
        }
        res
    }
}
