//! `Visit`: the request of a page, as far as templates may know it.
//!
//! Before it: the middleware noted where the request goes, and what was kept with it was left behind.
//! After it: context processors and functions of templates read it while the page is rendered.

use std::fmt;

use crate::cookies::{Cookies, Keys};
use crate::flash::Flash;
use crate::{Afterwards, CspNonce, Links, Method, Mode, Request};
use http::uri::PathAndQuery;

/// What templates and [`ContextProcessor`](super::ContextProcessor)s know of a request: where it
/// went, and the values that middleware anywhere around its handler kept for it.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::templates::{ContextProcessor, Templates, View};
///
/// #[derive(Clone)]
/// struct Theme(&'static str);
///
/// async fn theme(mut req: Request, next: Next) -> Response {
///     req.insert(Theme("dark"));
///     next.run(req).await
/// }
///
/// let theme_of_page = ContextProcessor::new("theme", |visit| visit.local::<Theme>().map(|it| it.0));
/// let client = App::new()
///     .plug(Templates::embedded([("a.html", "{{ theme }} at {{ request.path }}")]))
///     .contribute(theme_of_page)
///     .with(theme)
///     .get("/home", async || View::new("a.html", ()))
///     .test();
/// client.get("/home").send().assert_text("dark at /home");
/// ```
pub struct Visit {
    target: Option<PathAndQuery>,
    method: Method,
    mode: Mode,
    links: Links,
    after: Afterwards,
}

impl Visit {
    pub(super) fn of(req: &mut Request) -> Self {
        Self {
            after: req.afterwards(),
            links: Links::from(&*req),
            target: req.uri().path_and_query().cloned(),
            method: req.method().clone(),
            mode: req.mode(),
        }
    }

    /// The path of the request, percent-encoded as it was sent.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.as_ref().map_or("", PathAndQuery::path)
    }

    /// The query, without `?`; empty if there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        let query = self.target.as_ref().and_then(PathAndQuery::query);
        query.unwrap_or_default()
    }

    /// The method of the request.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Whether the app was built for development or for production.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The value of this type that a middleware around the handler kept, or one further in than the
    /// page of an error is made; see [`Request::afterwards`](crate::Request::afterwards).
    #[must_use]
    pub fn local<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.after.local()
    }

    /// The nonce of the page's policy, where there is one.
    #[must_use]
    pub fn csp_nonce(&self) -> Option<&CspNonce> {
        self.local()
    }

    /// By the keys of the app whose handler answered. Without a jar there is nothing to find, and no
    /// error to make.
    pub(super) fn flash(&self) -> Option<Flash> {
        let (cookies, keys) = (self.local::<Cookies>()?, self.after.state::<Keys>()?);
        Some(Flash::new(cookies.clone(), keys.clone()))
    }

    pub(super) fn links(&self) -> &Links {
        &self.links
    }
}

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visit")
            .field("method", &self.method)
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}
