//! `SecureHeaders`: the response headers that tell browsers what a page may do.

use super::csp::{Nonced, Policy};
use super::{Middleware, Next};
use crate::http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY, STRICT_TRANSPORT_SECURITY,
};
use crate::{
    Csp, CspNonce, Error, HeaderMap, HeaderName, HeaderValue, IntoResponse, Provided, Request,
    Response,
};

/// Sets the headers of the OWASP Secure Headers Project on every response, errors too. What a
/// handler or a middleware inside has set stays as it is. Statuses stay as they are.
///
/// | header | default |
/// |---|---|
/// | `Content-Security-Policy` | that of [`Csp::new`]: everything of this origin, no frames around it |
/// | `Strict-Transport-Security` | `max-age=63072000` (two years), where the request came by https ([`Request::is_secure`]) |
/// | `X-Content-Type-Options` | `nosniff` |
/// | `X-Frame-Options` | `DENY`, for browsers that do not know `frame-ancestors` |
/// | `Referrer-Policy` | `strict-origin-when-cross-origin` |
/// | `Cross-Origin-Opener-Policy` | `same-origin` |
/// | `Cross-Origin-Resource-Policy` | `same-origin` |
/// | `Permissions-Policy` | no camera, microphone, location, payment, USB and the like |
/// | `X-Permitted-Cross-Domain-Policies` | `none` |
///
/// Two values are milder than OWASP's. `Strict-Transport-Security` leaves out `includeSubDomains`,
/// since one app cannot speak for its neighbours. `Referrer-Policy` is not `no-referrer`, under
/// which browsers send `Origin: null` with the forms of this very site.
/// `Cross-Origin-Embedder-Policy` is left out, since it breaks pages with foreign images; add it by
/// [`with_header`](Self::with_header).
///
/// ```
/// use cepa::prelude::*;
/// use cepa::{Csp, SecureHeaders};
///
/// let headers = SecureHeaders::new()
///     .with_csp(Csp::new().with("img-src", "'self' https://img.example.com"))
///     .with_header("referrer-policy", "same-origin")
///     .without_header("x-permitted-cross-domain-policies");
/// let client = App::new().with(headers).get("/", async || "hello").test();
/// let res = client.get("/").send();
/// res.assert_header("x-content-type-options", "nosniff");
/// res.assert_header("referrer-policy", "same-origin");
/// ```
///
/// # Errors
/// Problems that [`App::build`](crate::App::build) reports: a header that is none, what [`Csp`] says,
/// and a system without random bits for a nonce; should they fail later, the answer is a 500.
#[derive(Clone, Debug)]
pub struct SecureHeaders {
    /// What is the same in every response.
    headers: HeaderMap,
    hsts: Option<HeaderValue>,
    nonced: Vec<(HeaderName, Nonced)>,
    problems: Vec<String>,
}

const DEFAULTS: [(&str, &str); 7] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), \
         magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()",
    ),
    ("x-permitted-cross-domain-policies", "none"),
];

impl SecureHeaders {
    /// The headers of the table.
    #[must_use]
    pub fn new() -> Self {
        let header = |(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        let bare = Self {
            headers: DEFAULTS.into_iter().map(header).collect(),
            hsts: Some(HeaderValue::from_static("max-age=63072000")),
            nonced: Vec::new(),
            problems: Vec::new(),
        };
        bare.with_csp(Csp::new())
    }

    /// Sends this content security policy.
    #[must_use]
    pub fn with_csp(self, csp: Csp) -> Self {
        self.with_policy(CONTENT_SECURITY_POLICY, csp)
    }

    /// Sends this content security policy too, to try it out: browsers report what it would forbid,
    /// by its `report-to` or `report-uri`, and forbid nothing.
    #[must_use]
    pub fn with_csp_report_only(self, csp: Csp) -> Self {
        self.with_policy(CONTENT_SECURITY_POLICY_REPORT_ONLY, csp)
    }

    fn with_policy(mut self, name: HeaderName, csp: Csp) -> Self {
        self.remove(&name);
        match csp.policy() {
            Ok(Policy::Fixed(value)) => drop(self.headers.insert(name, value)),
            Ok(Policy::Nonced(policy)) => self.nonced.push((name, policy)),
            Err(problems) => self.problems.extend(problems),
        }
        self
    }

    /// Sends this value of a header, of the table or another one. `Strict-Transport-Security` is sent
    /// on https alone, whatever its value; a content security policy goes to
    /// [`with_csp`](Self::with_csp).
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        let policies = [CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY];
        match (name.parse::<HeaderName>(), HeaderValue::try_from(value)) {
            (Ok(name), _) if policies.contains(&name) => {
                let problem = "write the content security policy as `with_csp(Csp::new()..)`";
                self.problems.push(problem.to_owned());
            }
            (Ok(name), Ok(value)) if name == STRICT_TRANSPORT_SECURITY => self.hsts = Some(value),
            (Ok(name), Ok(value)) => drop(self.headers.insert(name, value)),
            _ => {
                let problem = format!("`{name}: {value}` is no header of HTTP");
                self.problems.push(problem);
            }
        }
        self
    }

    /// Leaves out a header of the table, by its name.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        match name.parse() {
            Ok(name) => self.remove(&name),
            Err(_) => {
                let problem = format!("`{name}` is no name of a header");
                self.problems.push(problem);
            }
        }
        self
    }

    fn remove(&mut self, name: &HeaderName) {
        self.headers.remove(name);
        self.nonced.retain(|(other, _)| other != name);
        if *name == STRICT_TRANSPORT_SECURITY {
            self.hsts = None;
        }
    }

    /// The headers of a response, those it has already among them. To copy ours and add its few is
    /// half the work of looking for each of ours.
    fn around(&self, own: HeaderMap, secure: bool, nonce: Option<&CspNonce>) -> HeaderMap {
        let mut headers = self.headers.clone();
        for (name, policy) in &self.nonced {
            if let Some(value) = nonce.and_then(|nonce| policy.header(nonce)) {
                headers.insert(name, value);
            }
        }
        if let (true, Some(value)) = (secure, &self.hsts) {
            headers.insert(STRICT_TRANSPORT_SECURITY, value.clone());
        }
        headers.extend(own);
        headers
    }
}

impl Default for SecureHeaders {
    fn default() -> Self {
        Self::new()
    }
}

impl Middleware for SecureHeaders {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        let secure = req.is_secure();
        let mut nonce = None;
        if !self.nonced.is_empty() {
            match CspNonce::random() {
                Ok(fresh) => drop(req.insert(*nonce.insert(fresh))),
                Err(error) => {
                    let error = Error::internal("there are no random bits").with_source(error);
                    return error.into_response();
                }
            }
        }
        let mut res = next.run(req).await;
        let own = std::mem::take(res.headers_mut());
        *res.headers_mut() = self.around(own, secure, nonce.as_ref());
        res
    }

    fn provides(&self) -> Vec<Provided> {
        match self.nonced.is_empty() {
            true => Vec::new(),
            false => vec![Provided::local::<CspNonce>()],
        }
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = self.problems.clone();
        if !self.nonced.is_empty()
            && let Err(error) = CspNonce::random()
        {
            problems.push(format!(
                "the system gives no random bits for a nonce: {error}"
            ));
        }
        problems
    }
}
