//! What is noted of a request for the page, and who may see that page.
//!
//! Before it: a request of a connection from this machine asks for HTML, in development. After it: the
//! chain, whose steps may use the request up; the page is made of what is noted here.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use http::header::HOST;
use http::{HeaderMap, Method, Uri, Version};

use super::form::{self, Form};
use crate::extract::parse_host;
use crate::middleware::CrossOrigin;
use crate::request::Request;

/// The head of a request that the page may be shown to.
pub(crate) struct Seen {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
    pub(super) is_secure: bool,
    /// As much of the form as was read.
    pub(super) form: Option<Arc<Form>>,
    missed: OnceLock<Missed>,
}

/// What no route matched.
pub(super) struct Missed {
    pub(super) method: Method,
    pub(super) host: Option<String>,
    pub(super) path: String,
}

impl Seen {
    /// The host, without its port.
    pub(super) fn host(&self) -> Option<&str> {
        let (host, _) = parse_host(self.headers.get(HOST)?.as_bytes())?;
        Some(host)
    }

    pub(super) fn missed(&self) -> Option<&Missed> {
        self.missed.get()
    }
}

/// Notes what the page needs, where the client may see it.
#[cold]
pub(crate) fn note_for_developers(req: &mut Request) {
    if !is_of_developer(req) {
        return;
    }
    let form = form::is_small(req.headers()).then(Arc::default);
    let seen = Seen {
        method: req.method().clone(),
        uri: req.uri().clone(),
        version: req.version(),
        headers: req.headers().clone(),
        is_secure: req.is_secure(),
        form: form.clone(),
        missed: OnceLock::new(),
    };
    req.watch_mut().set_seen(Arc::new(seen));
    if let Some(form) = form {
        req.map_body(|body| form::noted(body, form));
    }
}

/// Notes the method, host and path of a request that is about to be answered with 404 or 405, as
/// they were looked for.
pub(crate) fn note_miss(req: &Request) {
    if let Some(seen) = req.watch().seen() {
        seen.missed.get_or_init(|| Missed {
            method: req.method().clone(),
            host: req.host().map(str::to_owned),
            path: req.matched_path().to_owned(),
        });
    }
}

/// Whether a request that came from this machine was also meant for it: that no proxy passed it on,
/// that it names this machine, so that no foreign name was bound to its address (DNS rebinding), and
/// that no page of another site sent it, which a lenient `Cors` would let read the answer.
fn is_of_developer(req: &Request) -> bool {
    let mut hosts = req.headers().get_all(HOST).iter().peekable();
    // Browsers speak HTTP/1.1 at least; some proxies speak 1.0 to what is behind them, as nginx did before
    // 1.29.7. One that speaks 1.1, adds no header and changes `Host` cannot be told from a browser.
    req.version() >= Version::HTTP_11
        && hosts.peek().is_some()
        && hosts.all(|host| parse_host(host.as_bytes()).is_some_and(|(host, _)| is_here(host)))
        && !req.headers().keys().any(|name| is_of_proxy(name.as_str()))
        && CrossOrigin::new().trusts(req)
}

/// Names that always lead to this machine (RFC 6761, 6.3), and its addresses.
fn is_here(host: &str) -> bool {
    let name = host.to_ascii_lowercase();
    let addr = name.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let addr = addr.unwrap_or(&name).parse::<IpAddr>();
    name == "localhost"
        || name.ends_with(".localhost")
        || addr.is_ok_and(|addr| addr.to_canonical().is_loopback())
}

/// Whether a header is one that proxies, tunnels and delivery networks add.
fn is_of_proxy(name: &str) -> bool {
    const FAMILIES: [&str; 5] = ["x-forwarded", "x-original-", "x-envoy-", "x-arr-", "cf-"];
    const NAMES: &str = "cdn-loop client-ip fastly-client-ip fly-client-ip forwarded proxy-connection \
        true-client-ip via x-amzn-trace-id x-azure-clientip x-client-ip x-cloud-trace-context \
        x-cluster-client-ip x-forward-for x-proxyuser-ip x-real-ip x-remote-ip";
    NAMES.split(' ').any(|it| it == name) || FAMILIES.iter().any(|it| name.starts_with(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_and_addresses_of_this_machine_are_here() {
        for host in [
            "localhost",
            "LOCALHOST",
            "shop.localhost",
            "a.b.localhost",
            "127.0.0.1",
            "127.255.0.9",
            "[::1]",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(is_here(host), "{host}");
        }
        for host in [
            "example.com",
            "localhost.example.com",
            "notlocalhost",
            "localhost.",
            "127.0.0.1.nip.io",
            "10.0.0.1",
            "0.0.0.0",
            "[::]",
            "[fe80::1]",
            "128.0.0.1",
            "127.1",
            "",
        ] {
            assert!(!is_here(host), "{host}");
        }
    }

    #[test]
    fn headers_of_proxies_are_known() {
        for name in [
            "forwarded",
            "via",
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-forwarded",
            "x-real-ip",
            "cf-connecting-ip",
            "x-original-host",
            "true-client-ip",
            "x-forward-for",
            "x-azure-clientip",
            "x-remote-ip",
            "x-amzn-trace-id",
            "x-cloud-trace-context",
        ] {
            assert!(is_of_proxy(name), "{name}");
        }
        for name in [
            "host",
            "accept",
            "x-requested-with",
            "user-agent",
            "cookie",
            "referer",
        ] {
            assert!(!is_of_proxy(name), "{name}");
        }
    }
}
