//! From method, host and path to a chain.
//!
//! Before it: the `before_routing` chain. After it: the chain of the matched route, or of the
//! scope that answers in its place.
//!
//! # Grammar
//!
//! ```text
//! pattern  = "/" | 1*( "/" segment ) [ "/" ]
//! segment  = literal | [ literal ] "{" name "}" [ literal ] | "{*" name "}"   ; the last only at the end
//! literal  = 1*( any character but "/" "{" "}" | "{{" | "}}" )                  ; "{{" and "}}" are the braces
//! host     = label *( "." label )
//! label    = literal | "{" name "}"
//! ```
//!
//! `{name}` matches one segment of at least one byte, or the rest of one beside literals;
//! `{*name}` matches everything to the end, at least one byte. Names are unique in a route,
//! prefixes of mounts included.
//!
//! # Priority
//!
//! 1. The host: a pattern that matches it, otherwise the routes without a host.
//! 2. The method: routes of the request's method compete, with those for any method; for HEAD
//!    those of GET too. Of equal patterns, the one for this very method is taken.
//! 3. Segment by segment from the left: literal, then `{x}` beside literals, then `{x}`, then
//!    `{*x}`; a choice that leads nowhere is taken back.
//! 4. Nothing matched: `OPTIONS` and 405 where another method has the path, then the trailing
//!    slash policy, then the fallback of the longest mounted prefix, then 404.
//!
//! Two routes that rank equal for some path are a build error. Paths are matched as sent, still
//! percent-encoded, so `%2F` never separates segments.

mod link;
mod near;
mod params;
mod params_de;
mod path_error;
mod pattern;
mod probe;
mod route;
mod table;
mod trie;

use http::Method;

use crate::response::Response;

pub use link::{ByHandler, ByName, Link};
pub use near::{Mismatch, NearRoute};
pub(crate) use params::{Params, Spans};
pub(crate) use params_de::from_params;
pub(crate) use path_error::PathError;
pub(crate) use pattern::{Pattern, host_pattern, prefix_pattern, repeated, route_pattern};
pub(crate) use probe::probe;
pub use route::{Route, RouteTable};
pub(crate) use table::{Conflict, Table, Target};

/// What happens to a path that only matches with its last slash added or removed; chosen by
/// [`App::trailing_slash`](crate::App::trailing_slash).
///
/// ```
/// use cepa::{App, TrailingSlash};
///
/// let ask = |policy| {
///     let app = App::new().trailing_slash(policy).get("/notes", async || "notes");
///     app.test().get("/notes/").send().status().as_u16()
/// };
/// assert_eq!(ask(TrailingSlash::Strict), 404);
/// assert_eq!(ask(TrailingSlash::Redirect), 308);
/// assert_eq!(ask(TrailingSlash::Same), 200);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrailingSlash {
    /// `/a` and `/a/` are different; the other one is a 404.
    #[default]
    Strict,
    /// The other one redirects (308) to the one that has a route.
    Redirect,
    /// The other one is answered by the route as well.
    Same,
}

/// All routes of an app, by host.
#[derive(Default)]
pub(crate) struct Router {
    /// Routes of any host.
    default: Table,
    hosts: Vec<Table>,
    /// Host patterns with dots as slashes, to the index in `hosts`.
    host_trie: trie::Trie<usize>,
    pub(crate) routes: RouteTable,
}

/// Where a request came to stand: a chain, and what was captured on the way.
#[derive(Debug, Default)]
pub(crate) struct Place {
    chain: Option<usize>,
    /// The chain of a route that has this path, by another method or last slash.
    near: Option<usize>,
    spans: Spans,
    host: Option<Box<HostMatch>>,
    pub(crate) answer: Answer,
}

/// The host as matched, and the spans of its parameters.
#[derive(Clone, Debug, Default)]
struct HostMatch {
    text: String,
    spans: Spans,
}

/// What the automatic answer at the end of a chain has to say.
#[derive(Debug, Default)]
pub(crate) enum Answer {
    /// There is nothing here.
    #[default]
    NotFound,
    /// Other methods match; sent as `Allow` with 405, or with 204 for OPTIONS.
    Methods(String),
    /// The path with its trailing slash toggled matches.
    Redirect(String),
    /// It was decided before the match, by the server or a middleware of `before_routing`.
    Decided(Response),
}

impl Place {
    /// A place at the chain of automatic answers, without a match.
    pub(crate) fn decided(chain: usize, answer: Response) -> Self {
        Self {
            answer: Answer::Decided(answer),
            ..Self::new(chain, Spans::default())
        }
    }

    fn new(chain: usize, spans: Spans) -> Self {
        Self {
            chain: Some(chain),
            spans,
            ..Self::default()
        }
    }

    pub(crate) fn is_matched(&self) -> bool {
        self.chain.is_some()
    }

    pub(crate) fn chain(&self) -> Option<usize> {
        self.chain
    }

    pub(crate) fn near(&self) -> Option<usize> {
        self.near
    }

    pub(crate) fn params<'a>(&'a self, names: &'a [Box<str>], path: &'a str) -> Params<'a> {
        let params = Params::new(names, path, &self.spans);
        match &self.host {
            Some(host) => params.with_host(&host.text, &host.spans),
            None => params,
        }
    }
}

impl Router {
    /// The table for a host pattern, made on first use; `None` is the table of any host.
    pub(crate) fn table(&mut self, host: Option<&Pattern>) -> Result<&mut Table, usize> {
        let Some(host) = host else {
            return Ok(&mut self.default);
        };
        let known = self
            .hosts
            .iter()
            .position(|table| table.host() == Some(host.text()));
        let index = match known {
            Some(index) => index,
            None => {
                self.host_trie.insert(&host.trie_text(), self.hosts.len())?;
                self.hosts.push(Table::of_host(host.text()));
                self.hosts.len() - 1
            }
        };
        Ok(&mut self.hosts[index])
    }

    pub(crate) fn tables(&mut self) -> impl Iterator<Item = &mut Table> {
        std::iter::once(&mut self.default).chain(&mut self.hosts)
    }

    /// Finds the chain for a request. `host` is only asked for where routes depend on it.
    pub(crate) fn find<'h>(
        &self,
        method: &Method,
        path: &str,
        host: impl FnOnce() -> Option<&'h str>,
        place: &mut Place,
    ) {
        if self.hosts.is_empty() {
            return self.default.find(method, path, place);
        }
        let (table, host) = self.table_of(host());
        table.find(method, path, place);
        place.host = host;
    }

    fn table_of(&self, host: Option<&str>) -> (&Table, Option<Box<HostMatch>>) {
        let Some(host) = host else {
            return (&self.default, None);
        };
        // A trailing dot names the same host (RFC 1034, 3.1); case does not matter.
        let mut text = String::with_capacity(host.len() + 1);
        text.push('/');
        text.push_str(host.strip_suffix('.').unwrap_or(host));
        text.make_ascii_lowercase();
        let labels = text.replace('.', "/");
        let Some((table, spans)) = self.host_trie.at(&labels) else {
            return (&self.default, None);
        };
        (
            &self.hosts[table],
            Some(Box::new(HostMatch { text, spans })),
        )
    }
}
