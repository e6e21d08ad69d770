//! What is known of a route: for middleware, messages, links and the table of routes.

use std::any::TypeId;
use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::panic::Location;
use std::sync::Arc;

use http::Method;

use super::Pattern;
use crate::preflight::Provided;

/// A route as it was built: prefixes joined, names resolved.
///
/// ```
/// use cepa::prelude::*;
///
/// async fn show() {}
///
/// let api = App::new().with(Logger::new()).get("/users/{id}", show.named("user"));
/// let routes = App::new().mount("/api", api).routes();
/// let route = routes.iter().next().unwrap();
/// assert_eq!((route.method(), route.path()), (Some(&Method::GET), "/api/users/{id}"));
/// assert_eq!(route.name(), "user");
/// assert_eq!(route.middleware().collect::<Vec<_>>(), ["Logger"]);
/// ```
#[derive(Debug)]
pub struct Route {
    pub(crate) method: Option<Method>,
    pub(crate) host: Option<Pattern>,
    pub(crate) pattern: Pattern,
    pub(crate) name: Cow<'static, str>,
    pub(crate) is_named: bool,
    pub(crate) handler: TypeId,
    pub(crate) function: Cow<'static, str>,
    pub(crate) index: usize,
    pub(crate) location: &'static Location<'static>,
    pub(crate) middleware: Vec<Cow<'static, str>>,
    /// What middleware declares to provide, by its position.
    pub(crate) provided: Vec<(usize, TypeId)>,
}

impl Route {
    /// The method; `None` for a route of any method.
    #[must_use]
    pub fn method(&self) -> Option<&Method> {
        self.method.as_ref()
    }

    /// The path behind the prefixes it is mounted under, literals percent-encoded: `/users/{id}`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.pattern.text()
    }

    /// The host pattern, if the route belongs to one.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_ref().map(Pattern::text)
    }

    /// The name links use: the handler's path inside its crate, or the one it was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The handler: its function's path inside its crate, whatever name the route was given.
    #[must_use]
    pub fn handler(&self) -> &str {
        &self.function
    }

    /// The position in the table of routes, from 0: for values kept per route in a list.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The line that added the route.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// Names of the middleware around the handler, outermost first.
    pub fn middleware(&self) -> impl Iterator<Item = &str> {
        self.middleware.iter().map(AsRef::as_ref)
    }

    /// Which of the [`middleware`](Self::middleware) declare to [provide](crate::Middleware::provides)
    /// this, by their positions.
    ///
    /// ```
    /// use cepa::{CrossOrigin, Provided, prelude::*};
    ///
    /// let app = App::new().with(Logger::new()).with(CrossOrigin::new()).get("/", async || "");
    /// let routes = app.routes();
    /// let check = Provided::mark::<CrossOrigin>();
    /// assert_eq!(routes.iter().next().unwrap().providers(&check).collect::<Vec<_>>(), [1]);
    /// ```
    pub fn providers<'a>(&'a self, what: &Provided) -> impl Iterator<Item = usize> + use<'a> {
        let id = what.id;
        let found = self.provided.iter().filter(move |(_, other)| *other == id);
        found.map(|(position, _)| *position)
    }

    /// `GET /users/{id}`, as messages name it.
    pub(crate) fn title(&self) -> String {
        let method = self.method.as_ref().map_or("ANY", Method::as_str);
        let host = self.host().unwrap_or("");
        format!("{method} {host}{}", self.path())
    }
}

/// All routes of an app in the order written; prints as a table.
///
/// ```
/// use cepa::prelude::*;
///
/// async fn list() {}
///
/// let app = App::new().get("/users", list.named("users")).post("/users", async || ());
/// let routes = app.routes();
/// let paths: Vec<&str> = routes.iter().map(|route| route.path()).collect();
/// assert_eq!(paths, ["/users", "/users"]);
/// assert!(routes.to_string().contains("users"));
/// assert_eq!(routes.url_for("users", &[]).unwrap(), "/users");
/// ```
#[derive(Clone, Debug, Default)]
pub struct RouteTable(pub(crate) Vec<Arc<Route>>);

impl RouteTable {
    /// The routes in the order written, those of mounted apps where they are mounted.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A heading and what stands below it for each route.
type Column = (&'static str, fn(&Route) -> String);

const COLUMNS: [Column; 6] = [
    ("METHOD", |route| {
        let method = route.method.as_ref();
        method.map_or("ANY", Method::as_str).to_owned()
    }),
    ("PATH", |route| {
        format!("{}{}", route.host().unwrap_or(""), route.path())
    }),
    ("NAME", |route| match route.is_named {
        true => route.name.clone().into_owned(),
        false => String::new(),
    }),
    ("HANDLER", |route| route.function.clone().into_owned()),
    ("MIDDLEWARE", |route| {
        route.middleware().collect::<Vec<_>>().join(", ")
    }),
    ("SOURCE", |route| crate::names::line(route.location)),
];

/// Method, path, name where one was given, handler, middleware and source; a column without
/// anything in it is left out.
impl fmt::Display for RouteTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = vec![String::new(); self.len() + 1];
        for (heading, cell) in COLUMNS {
            let cells: Vec<String> = self.iter().map(cell).collect();
            if cells.iter().all(String::is_empty) && !cells.is_empty() {
                continue;
            }
            let width = cells.iter().map(|cell| cell.chars().count()).max();
            let width = width.unwrap_or(0).max(heading.len());
            let column = std::iter::once(heading).chain(cells.iter().map(String::as_str));
            for (line, cell) in lines.iter_mut().zip(column) {
                let _ = write!(line, "{cell:width$}  ");
            }
        }
        lines
            .iter()
            .try_for_each(|line| writeln!(f, "{}", line.trim_end()))
    }
}
