//! `CrossOrigin`: keeps pages of other sites from sending what changes something (CSRF).

use super::origin::{self, Origin};
use super::{Middleware, Next};
use crate::http::header::ORIGIN;
use crate::{Error, IntoResponse, Method, Provided, Request, Response};

/// Refuses requests that a page of another origin made a browser send, with a 403: the attack known
/// as cross-site request forgery (OWASP), without tokens in forms.
///
/// GET, HEAD and OPTIONS pass, so they may not change anything. For every other method:
///
/// | `Sec-Fetch-Site` | `Origin` | |
/// |---|---|---|
/// | `same-origin`, `none` | | passes |
/// | another value | on the list of [`with_trusted`](Self::with_trusted) | passes |
/// | missing | on that list | passes |
/// | missing | that of `Host`, and if this request came by https, https too | passes |
/// | missing | missing | passes: it is no browser |
/// | otherwise | | 403 |
///
/// Browsers send `Sec-Fetch-Site` (W3C Fetch Metadata) where they use https or `localhost`, and
/// `Origin` with every method other than GET and HEAD (those from before 2020 not always). They let
/// no page change either.
///
/// It changes no header and reads no body. Behind a proxy that changes `Host`, list the public
/// origin. Where [`Cors`](crate::Cors) allows an origin to send more than GET, list it here too. A
/// page with `Referrer-Policy: no-referrer` sends `Origin: null` with its forms, which is refused
/// if the browser sends no `Sec-Fetch-Site`.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::CrossOrigin;
///
/// let client = App::new()
///     .with(CrossOrigin::new())
///     .post("/transfer", async || "done")
///     .test();
/// client.post("/transfer").header("origin", "http://localhost").send().assert_status(200);
/// client.post("/transfer").header("origin", "https://evil.example").send().assert_status(403);
/// client.post("/transfer").header("sec-fetch-site", "cross-site").send().assert_status(403);
/// ```
///
/// # Errors
/// What is no origin is a problem that [`App::build`](crate::App::build) reports; so is `null`,
/// which any page can be.
#[derive(Clone, Debug, Default)]
pub struct CrossOrigin {
    trusted: Vec<Box<str>>,
    problems: Vec<String>,
}

impl CrossOrigin {
    /// Trusts the origin of the request's own host alone.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts these origins too, such as `https://admin.example.com`: their pages may send
    /// everything.
    #[must_use]
    pub fn with_trusted<S: AsRef<str>>(mut self, origins: impl IntoIterator<Item = S>) -> Self {
        for text in origins {
            match origin::written(text.as_ref()) {
                Ok(origin) => self.trusted.push(origin),
                Err(problem) => self.problems.push(problem),
            }
        }
        self
    }

    /// Whether a request is of a page that may send it, whatever its method: of the request's own
    /// host, of a trusted origin, or of no page at all, which sends no `Origin`.
    ///
    /// For those that guard something else than a changing method, such as a WebSocket, whose
    /// handshake is a GET.
    #[must_use]
    pub fn trusts(&self, req: &Request) -> bool {
        let mut origins = req.headers().get_all(ORIGIN).iter();
        let (origin, second) = (origins.next(), origins.next());
        let Some(origin) = origin else {
            return true;
        };
        let site = req.header(SEC_FETCH_SITE);
        let Some(origin) = origin.to_str().ok().filter(|_| second.is_none()) else {
            return false;
        };
        site == Some("same-origin") || self.is_listed(origin) || is_own(req, origin)
    }

    fn is_listed(&self, origin: &str) -> bool {
        self.trusted.iter().any(|trusted| **trusted == *origin)
    }

    fn lets_pass(&self, req: &Request) -> bool {
        if [Method::GET, Method::HEAD, Method::OPTIONS].contains(req.method()) {
            return true;
        }
        let mut sites = req.headers().get_all(SEC_FETCH_SITE).iter();
        let site = match (sites.next(), sites.next()) {
            (None, _) => None,
            (Some(site), None) => Some(site.as_bytes()),
            (Some(_), Some(_)) => Some(&b"said twice"[..]),
        };
        if let Some(b"same-origin" | b"none") = site {
            return true;
        }
        let mut origins = req.headers().get_all(ORIGIN).iter();
        let (origin, second) = (origins.next(), origins.next());
        let Some(origin) = origin else {
            return site.is_none();
        };
        let Some(origin) = origin.to_str().ok().filter(|_| second.is_none()) else {
            return false;
        };
        self.is_listed(origin) || site.is_none() && is_own(req, origin)
    }
}

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Whether an origin is that of the host the request is for. Without TLS, and without a trusted
/// proxy that knows, it may have come by either scheme.
fn is_own(req: &Request, origin: &str) -> bool {
    let (Some(origin), Some(host)) = (Origin::split(origin), req.host()) else {
        return false;
    };
    let port = req.port();
    let implied = origin::default_port(origin.scheme);
    let is_web = origin.scheme == "https" || origin.scheme == "http" && !req.is_secure();
    is_web && origin.host.eq_ignore_ascii_case(host) && origin.port.or(implied) == port.or(implied)
}

impl Middleware for CrossOrigin {
    async fn handle(&self, req: Request, next: Next) -> Response {
        if self.lets_pass(&req) {
            return next.run(req).await;
        }
        let message = "a page of another origin may not send this request";
        Error::forbidden(message).into_response()
    }

    fn provides(&self) -> Vec<Provided> {
        vec![Provided::mark::<Self>()]
    }

    fn problems(&self) -> Vec<String> {
        self.problems.clone()
    }
}
