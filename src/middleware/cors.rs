//! `Cors`: lets pages of other origins read answers, by the CORS protocol of the Fetch standard.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::origin::{self, Origin};
use super::{Middleware, Next};
use crate::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use crate::{
    HeaderMap, HeaderName, HeaderValue, IntoResponse, Method, Request, Response, StatusCode,
};

/// Lets pages of other origins read answers, by the CORS protocol (Fetch standard, 3.3).
///
/// It refuses nobody: browsers keep an answer from a page whose origin is not allowed, but the
/// request is carried out. What such pages may not even send is up to
/// [`CrossOrigin`](crate::CrossOrigin).
///
/// - **A preflight** is a request with the method OPTIONS, `Origin` and
///   `Access-Control-Request-Method`. Its answer is an empty 204, before anything inside runs and
///   whether there is a route or not. For an allowed origin it has
///   `Access-Control-Allow-Origin`, `-Methods`, and if set `-Headers`, `-Credentials`, `-Max-Age`
///   and `-Private-Network`; for others it has none of them. Its `Vary` names `Origin` and the
///   request fields of the protocol.
/// - **Other requests** run. For an allowed origin the response, an error too, gets
///   `Access-Control-Allow-Origin`, and if set `-Allow-Credentials` and `-Expose-Headers`. Where
///   something inside sets the first two itself, they are replaced or, for another origin, taken
///   out. Unless every origin is allowed, each response gets `Vary: Origin`, those to requests
///   without an `Origin` too: a cache may not give the one for another.
///
/// Write it as the first middleware, so that answers of those inside have the headers as well. An
/// `Origin` of `null`, of sandboxed frames and files, is only allowed if it is listed.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::Cors;
///
/// let client = App::new()
///     .with(Cors::new(["https://shop.example"]).with_headers(["content-type"]))
///     .post("/orders", async || "ordered")
///     .test();
///
/// let res = client.post("/orders").header("origin", "https://shop.example").send();
/// res.assert_text("ordered");
/// res.assert_header("access-control-allow-origin", "https://shop.example");
/// res.assert_header("vary", "origin");
///
/// let preflight = client.request(Method::OPTIONS, "/orders");
/// let preflight = preflight.header("origin", "https://shop.example");
/// let res = preflight.header("access-control-request-method", "POST").send();
/// res.assert_status(204).assert_header("access-control-allow-headers", "content-type");
/// ```
///
/// # Errors
/// Problems that [`App::build`](crate::App::build) reports: an origin, method or header that is
/// none; no origin at all; and with credentials, every origin (by [`any_origin`](Self::any_origin),
/// or a function that allows one that cannot exist) and `*` in place of names.
#[derive(Clone)]
pub struct Cors {
    origins: Origins,
    methods: HeaderValue,
    headers: Headers,
    exposed: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
    credentials: bool,
    private_network: bool,
    problems: Vec<String>,
}

#[derive(Clone)]
enum Origins {
    Any,
    Listed(Vec<Box<str>>),
    Matching(Arc<dyn Fn(&str) -> bool + Send + Sync>),
}

#[derive(Clone, PartialEq)]
enum Headers {
    Listed(Option<HeaderValue>),
    Mirrored,
}

const ANY: HeaderValue = HeaderValue::from_static("*");
const TRUE: HeaderValue = HeaderValue::from_static("true");
const VARY_PREFLIGHT: HeaderValue = HeaderValue::from_static(
    "origin, access-control-request-method, access-control-request-headers",
);
const REQUEST_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-allow-private-network");

impl Cors {
    /// Allows these origins, such as `https://example.com` or `http://localhost:5173`, and no
    /// others. `null` may be one of them.
    #[must_use]
    pub fn new<S: AsRef<str>>(origins: impl IntoIterator<Item = S>) -> Self {
        let (mut listed, mut problems) = (Vec::new(), Vec::new());
        for text in origins {
            match (text.as_ref(), origin::written(text.as_ref())) {
                ("null", _) => listed.push("null".into()),
                ("*", _) => problems.push("to allow every origin, use `Cors::any_origin()`".into()),
                (_, Ok(origin)) => listed.push(origin),
                (_, Err(problem)) => problems.push(problem),
            }
        }
        if listed.is_empty() && problems.is_empty() {
            problems.push("no origin is listed: name one, or leave it out".to_owned());
        }
        Self::of(Origins::Listed(listed), problems)
    }

    /// Allows every origin, `null` too, by `*`: for what anyone may read. Not with credentials.
    #[must_use]
    pub fn any_origin() -> Self {
        Self::of(Origins::Any, Vec::new())
    }

    /// Allows the origins for which a function says so; it is called with what a browser sends,
    /// such as `https://a.example.com`, and never with `null`.
    ///
    /// Compare whole hosts or suffixes with their dot: `ends_with("example.com")` is true of
    /// `https://not-example.com`.
    #[must_use]
    pub fn matching(allows: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self::of(Origins::Matching(Arc::new(allows)), Vec::new())
    }

    fn of(origins: Origins, problems: Vec<String>) -> Self {
        Self {
            origins,
            methods: HeaderValue::from_static("GET, HEAD, POST"),
            headers: Headers::Listed(None),
            exposed: None,
            max_age: None,
            credentials: false,
            private_network: false,
            problems,
        }
    }

    /// The methods that pages may use. Default: GET, HEAD, POST, which need no permission.
    #[must_use]
    pub fn with_methods(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        let methods: Vec<Method> = methods.into_iter().collect();
        let methods: Vec<&str> = methods.iter().map(Method::as_str).collect();
        if methods.is_empty() || methods.contains(&"*") {
            let problem = "list the methods, such as `with_methods([Method::GET, Method::PUT])`";
            self.problems.push(problem.to_owned());
        }
        self.methods = HeaderValue::try_from(methods.join(", ")).unwrap_or(ANY);
        self
    }

    /// The request headers that pages may set. Default: those that need no permission, which are
    /// `Accept`, `Accept-Language`, `Content-Language`, and `Content-Type` for forms and text. JSON
    /// needs `content-type`. `*` is every header but `Authorization`, and only without credentials.
    #[must_use]
    pub fn with_headers<S: AsRef<str>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.headers = Headers::Listed(self.names(names));
        self
    }

    /// Allows whatever headers a preflight asks for, by saying them back.
    #[must_use]
    pub fn with_mirrored_headers(mut self) -> Self {
        self.headers = Headers::Mirrored;
        self
    }

    /// The response headers that pages may read. Default: those that need no permission, among
    /// them `Cache-Control`, `Content-Type` and `Content-Length`. `*` is every header, and only
    /// without credentials.
    #[must_use]
    pub fn with_exposed_headers<S: AsRef<str>>(
        mut self,
        names: impl IntoIterator<Item = S>,
    ) -> Self {
        self.exposed = self.names(names);
        self
    }

    /// How long a browser may go by the answer to a preflight, in whole seconds. Default: not said,
    /// which is 5 s.
    #[must_use]
    pub fn with_max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age.as_secs().into());
        self
    }

    /// Lets pages send cookies and read the answer to them. Not with every origin.
    #[must_use]
    pub fn with_credentials(mut self) -> Self {
        self.credentials = true;
        self
    }

    /// Lets pages of public addresses ask this server at a private one, where a browser asks for
    /// it by `Access-Control-Request-Private-Network`.
    #[must_use]
    pub fn with_private_network(mut self) -> Self {
        self.private_network = true;
        self
    }

    /// Names of headers as one value.
    fn names<S: AsRef<str>>(&mut self, names: impl IntoIterator<Item = S>) -> Option<HeaderValue> {
        let mut value = String::new();
        for name in names {
            match name.as_ref().parse::<HeaderName>() {
                Ok(name) => {
                    let comma = if value.is_empty() { "" } else { ", " };
                    value = value + comma + name.as_str();
                }
                Err(_) => {
                    let problem = format!("`{}` is no name of a header", name.as_ref());
                    self.problems.push(problem);
                }
            }
        }
        HeaderValue::try_from(value)
            .ok()
            .filter(|value| !value.is_empty())
    }

    /// What the answer says is allowed, if this request's origin is.
    fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        if let Origins::Any = self.origins {
            return Some(ANY);
        }
        let mut values = headers.get_all(ORIGIN).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return None;
        };
        let text = value.to_str().ok()?;
        let is_allowed = match &self.origins {
            Origins::Any => true,
            Origins::Listed(listed) => listed.iter().any(|origin| **origin == *text),
            Origins::Matching(allows) => Origin::split(text).is_some() && allows(text),
        };
        is_allowed.then(|| value.clone())
    }

    fn preflight(&self, asked: &HeaderMap) -> Response {
        let mut res = StatusCode::NO_CONTENT.into_response();
        let headers = res.headers_mut();
        headers.insert(VARY, VARY_PREFLIGHT);
        if self.private_network {
            headers.append(VARY, REQUEST_PRIVATE_NETWORK.into());
        }
        let Some(origin) = self.allowed(asked) else {
            return res;
        };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, self.methods.clone());
        match &self.headers {
            Headers::Listed(None) => {}
            Headers::Listed(Some(names)) => {
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
            }
            Headers::Mirrored => {
                for names in asked.get_all(ACCESS_CONTROL_REQUEST_HEADERS) {
                    headers.append(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
                }
            }
        }
        if self.credentials {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
        }
        if let Some(age) = &self.max_age {
            headers.insert(ACCESS_CONTROL_MAX_AGE, age.clone());
        }
        if self.private_network && asked.get(REQUEST_PRIVATE_NETWORK) == Some(&TRUE) {
            headers.insert(ALLOW_PRIVATE_NETWORK, TRUE);
        }
        res
    }
}

impl Middleware for Cors {
    async fn handle(&self, req: Request, next: Next) -> Response {
        let asked = req.headers();
        let is_asked = asked.contains_key(ORIGIN);
        if is_asked
            && *req.method() == Method::OPTIONS
            && asked.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
        {
            return self.preflight(asked);
        }
        let allowed = self.allowed(asked);
        let mut res = next.run(req).await;
        if !matches!(self.origins, Origins::Any) {
            res.vary_by(ORIGIN);
        }
        let headers = res.headers_mut();
        if let Some(origin) = allowed {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            if self.credentials {
                headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
            } else if is_asked {
                headers.remove(ACCESS_CONTROL_ALLOW_CREDENTIALS);
            }
            if let Some(names) = &self.exposed {
                headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, names.clone());
            }
        } else if is_asked {
            headers.remove(ACCESS_CONTROL_ALLOW_ORIGIN);
            headers.remove(ACCESS_CONTROL_ALLOW_CREDENTIALS);
        }
        res
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = self.problems.clone();
        if !self.credentials {
            return problems;
        }
        let nowhere = "https://cepa-asks-whether-any-site-is-allowed.invalid";
        match &self.origins {
            Origins::Any => problems.push(
                "with credentials, every site could read what its visitors may: list the origins with `Cors::new([..])`".to_owned(),
            ),
            Origins::Matching(allows) if allows(nowhere) => problems.push(format!(
                "the function allows `{nowhere}`, so with credentials every site could read what its visitors may: let it allow known origins only"
            )),
            Origins::Listed(_) | Origins::Matching(_) => {}
        }
        if self.headers == Headers::Listed(Some(ANY)) {
            let problem = "with credentials, `*` is no wildcard for request headers: list them, or use `with_mirrored_headers()`";
            problems.push(problem.to_owned());
        }
        if self.exposed == Some(ANY) {
            let problem = "with credentials, `*` is no wildcard for exposed headers: list them";
            problems.push(problem.to_owned());
        }
        problems
    }
}

impl fmt::Debug for Cors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origins: &dyn fmt::Debug = match &self.origins {
            Origins::Any => &"*",
            Origins::Listed(listed) => listed,
            Origins::Matching(_) => &"by a function",
        };
        f.debug_struct("Cors")
            .field("origins", origins)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}
