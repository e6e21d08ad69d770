//! What is known of a route: for middleware, messages, links and the table of routes.

use std::any::TypeId;
use std::borrow::Cow;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use http::Method;

use super::Pattern;

/// A route as it was built: prefixes joined, names resolved.
#[derive(Debug)]
pub struct Route {
    pub(crate) method: Option<Method>,
    pub(crate) host: Option<Pattern>,
    pub(crate) pattern: Pattern,
    pub(crate) name: Cow<'static, str>,
    pub(crate) is_named: bool,
    pub(crate) handler: TypeId,
    pub(crate) location: &'static Location<'static>,
    pub(crate) middleware: Vec<Cow<'static, str>>,
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

    /// The line that added the route.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// Names of the middleware around the handler, outermost first.
    pub fn middleware(&self) -> impl Iterator<Item = &str> {
        self.middleware.iter().map(AsRef::as_ref)
    }

    /// `GET /users/{id}`, as messages name it.
    pub(crate) fn title(&self) -> String {
        let method = self.method.as_ref().map_or("ANY", Method::as_str);
        let host = self.host().unwrap_or("");
        format!("{method} {host}{}", self.path())
    }
}

/// All routes of an app in the order written; prints as a table.
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

impl fmt::Display for RouteTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["METHOD", "PATH", "NAME", "MIDDLEWARE", "SOURCE"].map(str::to_owned);
        let mut rows = vec![head];
        rows.extend(self.iter().map(|route| {
            [
                route
                    .method
                    .as_ref()
                    .map_or("ANY", Method::as_str)
                    .to_owned(),
                format!("{}{}", route.host().unwrap_or(""), route.path()),
                route.name.clone().into_owned(),
                route.middleware().collect::<Vec<_>>().join(", "),
                format!("{}:{}", route.location.file(), route.location.line()),
            ]
        }));
        let width = |i: usize| {
            rows.iter()
                .map(|row| row[i].chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths = [width(0), width(1), width(2), width(3)];
        for [method, path, name, middleware, source] in &rows {
            let [w0, w1, w2, w3] = widths;
            writeln!(
                f,
                "{method:w0$}  {path:w1$}  {name:w2$}  {middleware:w3$}  {source}"
            )?;
        }
        Ok(())
    }
}
