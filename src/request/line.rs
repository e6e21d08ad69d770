//! The request line and the host: how they are read, and how `before_routing` rewrites them.

use std::borrow::Cow;

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Uri, Version, header};
use percent_encoding::percent_decode_str;

use super::Request;
use crate::error::{Error, OrError, Result};
use crate::extract::parse_host;
use crate::middleware::{is_host_open, warn_of_open_host};

impl Request {
    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.0.head.method
    }

    /// Changes the method. In `before_routing` this decides which route matches.
    pub fn set_method(&mut self, method: Method) {
        self.0.watch.set_method(&method);
        self.0.head.method = method;
    }

    /// The URI, as sent or as changed by [`set_uri`](Self::set_uri).
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.0.head.uri
    }

    /// Changes the URI. In `before_routing` this decides which route matches; later, the path
    /// parameters stay those of the path that matched. A URI without a host keeps the one there is.
    pub fn set_uri(&mut self, uri: Uri) {
        let old = std::mem::take(&mut self.0.head.uri).into_parts();
        let mut new = uri.clone().into_parts();
        if new.authority.is_none() {
            new.scheme = old.scheme;
            new.authority = old.authority;
        }
        self.0.head.uri = Uri::from_parts(new).unwrap_or(uri);
        self.keep_matched(old.path_and_query);
    }

    /// Changes the path, percent-encoded, and keeps query and host. In `before_routing` this
    /// decides which route matches.
    ///
    /// # Errors
    /// 400 if it does not begin with a slash or no URL may have it.
    pub fn set_path(&mut self, path: &str) -> Result<()> {
        let target = match self.0.head.uri.query() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        };
        // The parser would end the path at either, and cut a fragment off unseen.
        let is_path = path.starts_with('/') && !path.contains(['?', '#']);
        let target = target.parse::<PathAndQuery>().ok().filter(|_| is_path);
        let mut parts = self.0.head.uri.clone().into_parts();
        parts.path_and_query = Some(target.or_bad_request("the path is malformed")?);
        self.set_uri(Uri::from_parts(parts)?);
        Ok(())
    }

    /// The path, percent-encoded as sent.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.head.uri.path()
    }

    /// The query without its `?`, percent-encoded as sent; empty if there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.0.head.uri.query().unwrap_or("")
    }

    /// The first value of a name in the query, percent-decoded, with `+` as a space, as
    /// [`Query`](crate::Query) reads it; what is not UTF-8 becomes U+FFFD. `None` if the name is not
    /// there, empty if it has no value.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// async fn search(req: Request) -> Result<String> {
    ///     let words = req.query_param("q").or_bad_request("search for something: ?q=..")?;
    ///     Ok(format!("you want {words}"))
    /// }
    ///
    /// let client = App::new().get("/", search).test();
    /// client.get("/?page=2&q=red+onions%21").send().assert_text("you want red onions!");
    /// client.get("/").send().assert_status(400);
    /// ```
    #[must_use]
    pub fn query_param(&self, name: &str) -> Option<Cow<'_, str>> {
        let pairs = self.query().split('&').filter(|pair| !pair.is_empty());
        let mut pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let (_, value) = pairs.find(|(key, _)| decode(key) == name)?;
        Some(decode(value))
    }

    /// The version of HTTP.
    #[must_use]
    pub fn version(&self) -> Version {
        self.0.head.version
    }

    /// The host the client asked for, without port, in its spelling: of the URI (HTTP/2) or of the
    /// `Host` header (RFC 9110, 7.2). `None` if there is none or it is malformed.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        host(&self.0.head.uri, &self.0.head.headers)
    }

    /// The origin that the client asked, as a browser names it (RFC 6454, 6.2): scheme, host and, where
    /// it does not go without saying, port, such as `https://example.com` or
    /// `http://127.0.0.1:3000`.
    ///
    /// **The client chooses the host.** For links that others get to see, in mails and caches, list
    /// the hosts of the app by [`HostGuard`](crate::HostGuard),
    /// [`Server::with_allowed_hosts`](crate::Server::with_allowed_hosts), or routes of a
    /// [`host`](crate::App::host). In production, the first origin that is asked for without one of
    /// them is a warning in the log.
    ///
    /// The scheme is that of [`is_secure`](Self::is_secure), through trusted proxies; the host and
    /// port are those of the `Host` header, which a proxy has to pass on.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// let client = App::new().get("/", async |req: Request| req.origin()).test();
    /// client.get("/").header("host", "Example.com:3000").send().assert_text("http://example.com:3000");
    /// client.get("https://example.com:443/").send().assert_text("https://example.com");
    /// ```
    ///
    /// # Errors
    /// 400 if the host is missing or malformed.
    #[track_caller]
    pub fn origin(&self) -> Result<String> {
        let named = authority(&self.0.head.uri, &self.0.head.headers);
        let (host, port) = named.or_bad_request("the `Host` header is missing or malformed")?;
        if !self.is_host_known() && is_host_open(self.mode(), self.route()) {
            warn_of_open_host();
        }
        Ok(written_origin(host, port, self.is_secure()))
    }

    /// Host and port as they were sent.
    pub(crate) fn host_value(&self) -> Option<HeaderValue> {
        match self.0.head.uri.authority() {
            Some(authority) => HeaderValue::from_str(authority.as_str()).ok(),
            None => self.0.head.headers.get(header::HOST).cloned(),
        }
    }

    /// Notes that the host was looked up in a list, so that links may name it.
    pub(crate) fn know_host(&mut self) {
        self.0.is_host_known = true;
    }

    pub(crate) fn is_host_known(&self) -> bool {
        self.0.is_host_known
    }

    /// The port beside [`host`](Self::host), where one was named.
    pub(crate) fn port(&self) -> Option<u16> {
        authority(&self.0.head.uri, &self.0.head.headers)?.1
    }

    /// Changes the host. In `before_routing` this decides which host's routes match.
    ///
    /// # Errors
    /// 400 if it is no `host` or `host:port`.
    pub fn set_host(&mut self, host: &str) -> Result<()> {
        let value = HeaderValue::from_str(host)
            .ok()
            .filter(|v| parse_host(v.as_bytes()).is_some());
        let Some(value) = value else {
            return Err(Error::bad_request("the host is malformed"));
        };
        let mut parts = self.0.head.uri.clone().into_parts();
        if parts.authority.is_some() {
            parts.authority = Some(host.parse()?);
            let uri = Uri::from_parts(parts)?;
            self.set_uri(uri);
        }
        self.0.head.headers.insert(header::HOST, value);
        Ok(())
    }

    /// Exchanges the head for another one; what was matched stays as it is.
    #[inline]
    pub(crate) fn swap_head<B>(&mut self, other: &mut http::Request<B>) {
        let inner = &mut *self.0;
        let head = &mut inner.head;
        if head.method != *other.method() {
            inner.watch.set_method(other.method());
        }
        std::mem::swap(&mut head.method, other.method_mut());
        std::mem::swap(&mut head.uri, other.uri_mut());
        std::mem::swap(&mut head.version, other.version_mut());
        std::mem::swap(&mut head.headers, other.headers_mut());
        std::mem::swap(&mut head.extensions, other.extensions_mut());
    }

    /// The path as it was matched, or will be.
    pub(crate) fn matched_path(&self) -> &str {
        let matched = self.0.matched.as_ref();
        matched.map_or_else(|| self.0.head.uri.path(), PathAndQuery::path)
    }

    /// Notes the target as it was matched, now that the URI is another one.
    pub(crate) fn keep_matched(&mut self, target: Option<PathAndQuery>) {
        if self.0.matched.is_none() && self.0.place.is_matched() {
            self.0.matched = target;
        }
    }
}

/// An origin in the spelling of browsers (RFC 6454, 6.2).
pub(crate) fn written_origin(host: &str, port: Option<u16>, is_secure: bool) -> String {
    let (scheme, default) = match is_secure {
        true => ("https", 443),
        false => ("http", 80),
    };
    let host = host.to_ascii_lowercase();
    match port.filter(|port| *port != default) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

/// A name or value of a query (WHATWG URL standard, 5.1).
pub(crate) fn decode(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'+' | b'%')) {
        return Cow::Borrowed(text);
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8_lossy();
    Cow::Owned(decoded.into_owned())
}

pub(super) fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    authority(uri, headers).map(|(host, _port)| host)
}

fn authority<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<(&'a str, Option<u16>)> {
    let authority = match uri.authority() {
        Some(authority) => authority.as_str().as_bytes(),
        None => headers.get(header::HOST)?.as_bytes(),
    };
    parse_host(authority)
}
