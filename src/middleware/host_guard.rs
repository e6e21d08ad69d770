//! `HostGuard`: answers for known hosts only. The server's own check is this one.

use std::panic::Location;
use std::sync::Once;

use super::{Middleware, Next};
use crate::extract::is_host;
use crate::names::line;
use crate::{Error, IntoResponse, Mode, Provided, Request, Response, Route, StatusCode, log};

/// Answers for these hosts, and for others with 421 Misdirected Request (RFC 9110, 15.5.20), so that
/// nobody can put a name of their own into links, redirects and caches (host header injection) or
/// reach an app on a private address through a name of theirs (DNS rebinding).
///
/// A host is a name or an address, without its port, in any case of letters: `example.com`,
/// `127.0.0.1`, `[::1]`. `*.example.com` stands for every name that ends in `.example.com`, and
/// not for `example.com` itself. A dot at the end makes no difference, as for the router: it names
/// the same host (RFC 1034, 3.1). A request without a host, of HTTP/1.0, is refused.
///
/// It changes no header. [`Server::with_allowed_hosts`](crate::Server::with_allowed_hosts) does the
/// same for everything a server answers.
///
/// Without either, and outside of routes of a [`host`](crate::App::host), the first whole URL that is
/// made ([`Request::origin`], [`Links`](crate::Links)) is a warning in production. A middleware of
/// your own that holds the hosts [provides](Middleware::provides) `Provided::mark::<HostGuard>()`.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::HostGuard;
///
/// let client = App::new()
///     .with(HostGuard::new(["example.com", "*.example.com"]))
///     .get("/", async || "hello")
///     .test();
/// client.get("/").header("host", "www.example.com:8080").send().assert_text("hello");
/// client.get("/").header("host", "evil.example").send().assert_status(421);
/// ```
///
/// # Errors
/// What is no host, and an empty list, are problems that [`App::build`](crate::App::build) reports.
#[derive(Clone, Debug)]
pub struct HostGuard {
    names: Vec<Name>,
    problems: Vec<String>,
}

#[derive(Clone, Debug)]
enum Name {
    Exactly(Box<str>),
    /// Begins with a dot.
    EndsWith(Box<str>),
}

impl HostGuard {
    /// Answers for these hosts.
    #[must_use]
    pub fn new<S: AsRef<str>>(hosts: impl IntoIterator<Item = S>) -> Self {
        let (mut names, mut problems) = (Vec::new(), Vec::new());
        for host in hosts {
            let host = host.as_ref();
            let bare = host.strip_suffix('.').unwrap_or(host);
            match bare.strip_prefix("*.") {
                Some(rest) if is_host(rest) && !rest.starts_with('[') => {
                    names.push(Name::EndsWith(bare[1..].into()));
                }
                None if is_host(bare) => names.push(Name::Exactly(bare.into())),
                _ => problems.push(format!(
                    "`{host}` is no host: write a name or an address without a port, such as `example.com`, `*.example.com` or `[::1]`"
                )),
            }
        }
        if names.is_empty() && problems.is_empty() {
            problems.push("no host is listed, so nothing would be answered: name one".to_owned());
        }
        Self { names, problems }
    }

    /// Refuses a host, in bytes and without its port, that is none of these.
    pub(crate) fn admit(&self, host: &[u8]) -> Result<(), Error> {
        let host = host.strip_suffix(b".").unwrap_or(host);
        let is_known = self.names.iter().any(|name| match name {
            Name::Exactly(name) => name.as_bytes().eq_ignore_ascii_case(host),
            Name::EndsWith(end) => {
                let start = host.len().saturating_sub(end.len());
                start > 0 && end.as_bytes().eq_ignore_ascii_case(&host[start..])
            }
        });
        match is_known {
            true => Ok(()),
            false => Err(Error::new(
                StatusCode::MISDIRECTED_REQUEST,
                "this server does not answer for this host",
            )),
        }
    }
}

impl Middleware for HostGuard {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        match self.admit(req.host().unwrap_or("").as_bytes()) {
            Ok(()) => {
                req.know_host();
                next.run(req).await
            }
            Err(error) => error.into_response(),
        }
    }

    fn provides(&self) -> Vec<Provided> {
        vec![Provided::mark::<Self>()]
    }

    fn problems(&self) -> Vec<String> {
        self.problems.clone()
    }
}

/// Whether the host of a request is nobody's choice but the client's, in production, where it was
/// not looked up in a list before.
pub(crate) fn is_host_open(mode: Mode, route: Option<&Route>) -> bool {
    let guard = Provided::mark::<HostGuard>();
    // A host that ends in a parameter holds nobody.
    let is_held = |route: &Route| {
        route.host().is_some_and(|host| !host.ends_with('}'))
            || route.providers(&guard).next().is_some()
    };
    mode.is_production() && !route.is_some_and(is_held)
}

/// Says once in a process that whole URLs have a host that the client chose.
#[track_caller]
pub(crate) fn warn_of_open_host() {
    static SAID: Once = Once::new();
    let place = Location::caller();
    SAID.call_once(|| {
        let place = line(place);
        log::warn(&format!(
            "{place}: a whole URL has the host of the request, which the client chooses, so links in \
             mails could lead to a site of somebody else: list the hosts of this app by \
             `.with(HostGuard::new([\"example.com\"]))`"
        ));
    });
}
