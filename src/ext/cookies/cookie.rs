//! One cookie on its way to the client: name, value, attributes, and the `Set-Cookie` line of them.
//!
//! Before it: a handler set it. After it: the jar puts the line into the response.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::time::Duration;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::error::{CookieError, CookieErrorKind};
use crate::HeaderValue;

/// Bytes of a whole `Set-Cookie` line that every browser keeps (RFC 6265, 6.1).
const SIZE: usize = 4096;

/// What a value may not hold as it is (RFC 6265, 4.1.1), and `%`, so that it can be read back.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'%')
    .add(b',')
    .add(b';')
    .add(b'\\');

/// A cookie to set. Its defaults are the safe ones; see the [module](super#options).
///
/// A pair of name and value is one, too: `cookies.set(("theme", "dark"))`. The value is any text;
/// what a cookie may not hold is percent-encoded.
///
/// ```
/// use cepa::cookies::{Cookie, SameSite};
/// use cepa::HeaderValue;
/// use std::time::Duration;
///
/// let cookie = Cookie::new("theme", "dark & quiet")
///     .with_max_age(Duration::from_secs(3600))
///     .with_same_site(SameSite::Strict);
/// let line = HeaderValue::try_from(cookie)?;
/// assert_eq!(
///     line,
///     "theme=dark%20&%20quiet; Path=/; Max-Age=3600; SameSite=Strict; Secure; HttpOnly",
/// );
/// # Ok::<(), cepa::cookies::CookieError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a cookie does nothing until it is set: `cookies.set(cookie)?`"]
pub struct Cookie {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) path: Cow<'static, str>,
    pub(super) domain: Option<String>,
    max_age: Option<Duration>,
    same_site: SameSite,
    http_only: bool,
    secure: Option<bool>,
    partitioned: bool,
}

/// With which requests of other sites a cookie is sent (RFC 6265bis, 5.6.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SameSite {
    /// With none.
    Strict,
    /// With none but those that open a page: links, and redirects to it.
    #[default]
    Lax,
    /// With all of them. The cookie is `Secure` then.
    None,
}

impl Cookie {
    /// A cookie for this host, until the browser ends.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            path: Cow::Borrowed("/"),
            domain: None,
            max_age: None,
            same_site: SameSite::default(),
            http_only: true,
            secure: None,
            partitioned: false,
        }
    }

    /// One that makes the browser forget the cookie of this name. Path and domain have to be those
    /// it was set with.
    pub fn deleted(name: impl Into<String>) -> Self {
        Self::new(name, "").with_max_age(Duration::ZERO)
    }

    /// Sends it with requests below this path only. Default: `/`. It protects nothing: pages of one
    /// host can read each other.
    pub fn with_path(mut self, path: impl Into<String>) -> Self {
        self.path = Cow::Owned(path.into());
        self
    }

    /// Sends it to all hosts of this domain. Default: to this host only.
    pub fn with_domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Keeps it for this long, in whole seconds. Browsers keep none for more than 400 days. Default:
    /// until the browser ends.
    pub fn with_max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// With which requests of other sites it is sent. Default: [`SameSite::Lax`].
    pub fn with_same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Whether scripts cannot read it. Default: yes.
    pub fn with_http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// Whether it is sent by https only. Default: as the [`CookieJar`](super::CookieJar) says, in
    /// production always; or if the name's prefix, `SameSite=None` or `Partitioned` demand it.
    pub fn with_secure(mut self, secure: bool) -> Self {
        self.secure = Some(secure);
        self
    }

    /// Whether pages of other sites that embed this one have a copy each (CHIPS). Default: no.
    pub fn with_partitioned(mut self, partitioned: bool) -> Self {
        self.partitioned = partitioned;
        self
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, as it was given.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether it is one that makes the browser forget.
    pub(super) fn is_deleted(&self) -> bool {
        self.max_age.is_some_and(|age| age.as_secs() == 0)
    }

    /// Whether the jar decides on `Secure`.
    pub(super) fn leaves_secure_open(&self) -> bool {
        self.secure.is_none()
    }

    /// The value of `Set-Cookie`. `is_secure` is what `Secure` is where nothing else decides.
    pub(super) fn line(&self, is_secure: bool) -> Result<HeaderValue, CookieError> {
        let wrong = |kind| CookieError::new(&self.name, kind);
        let secure = self.check(is_secure).map_err(wrong)?;
        let mut line = String::with_capacity(self.name.len() + self.value.len() + 80);
        let value = utf8_percent_encode(&self.value, ENCODED);
        let _ = write!(line, "{}={value}; Path={}", self.name, self.path);
        if let Some(domain) = &self.domain {
            let _ = write!(line, "; Domain={domain}");
        }
        if let Some(age) = self.max_age {
            let _ = write!(line, "; Max-Age={}", age.as_secs());
        }
        let _ = write!(line, "; SameSite={:?}", self.same_site);
        for (is_set, attribute) in [
            (secure, "; Secure"),
            (self.http_only, "; HttpOnly"),
            (self.partitioned, "; Partitioned"),
        ] {
            line.push_str(if is_set { attribute } else { "" });
        }
        let bytes = line.len();
        if bytes > SIZE {
            return Err(wrong(CookieErrorKind::Size { bytes }));
        }
        let line = HeaderValue::try_from(line);
        let mut line = line.map_err(|_| wrong(CookieErrorKind::Name))?;
        // Shown by no `Debug`, and kept out of the tables of HTTP/2 (RFC 7541, 7.1.3).
        line.set_sensitive(true);
        Ok(line)
    }

    /// Whether it is `Secure`, if all goes together.
    fn check(&self, is_secure: bool) -> Result<bool, CookieErrorKind> {
        if self.name.is_empty() || !self.name.bytes().all(is_token) {
            return Err(CookieErrorKind::Name);
        }
        let is_path = |byte: u8| matches!(byte, b' '..=b'~') && byte != b';';
        if !self.path.starts_with('/') || !self.path.bytes().all(is_path) {
            return Err(CookieErrorKind::Path);
        }
        let is_domain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        if let Some(domain) = &self.domain
            && (domain.is_empty() || !domain.bytes().all(is_domain))
        {
            return Err(CookieErrorKind::Domain);
        }
        let is_host = has_prefix(&self.name, "__Host-");
        if is_host && (self.domain.is_some() || self.path != "/") {
            return Err(CookieErrorKind::HostPrefix);
        }
        let demanded = is_host
            || has_prefix(&self.name, "__Secure-")
            || self.same_site == SameSite::None
            || self.partitioned;
        match self.secure {
            Some(false) if demanded => Err(CookieErrorKind::Insecure),
            Some(secure) => Ok(secure),
            None => Ok(demanded || is_secure),
        }
    }
}

/// Browsers compare prefixes without regard to case (RFC 6265bis, 5.4).
fn has_prefix(name: &str, prefix: &str) -> bool {
    let start = name.as_bytes().get(..prefix.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
}

/// RFC 9110, 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

impl<N: Into<String>, V: Into<String>> From<(N, V)> for Cookie {
    fn from((name, value): (N, V)) -> Self {
        Self::new(name, value)
    }
}

/// The value of a `Set-Cookie` header; `Secure` unless [`with_secure`](Cookie::with_secure) says
/// otherwise, since the request is not known here.
impl TryFrom<Cookie> for HeaderValue {
    type Error = CookieError;

    fn try_from(cookie: Cookie) -> Result<Self, CookieError> {
        cookie.line(true)
    }
}

/// Without the value, which may be a secret.
impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookie")
            .field("name", &self.name)
            .field("path", &self.path)
            .field("domain", &self.domain)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(cookie: &Cookie, is_secure: bool) -> String {
        let line = cookie.line(is_secure).unwrap();
        line.to_str().unwrap().to_owned()
    }

    #[test]
    fn the_defaults_are_the_safe_ones() {
        let cookie = Cookie::new("a", "1");
        let plain = "a=1; Path=/; SameSite=Lax; HttpOnly";
        assert_eq!(line(&cookie, false), plain);
        let secure = "a=1; Path=/; SameSite=Lax; Secure; HttpOnly";
        assert_eq!(line(&cookie, true), secure);
        assert_eq!(line(&cookie.with_secure(false), true), plain);
    }

    #[test]
    fn attributes_stand_behind_the_value() {
        let cookie = Cookie::new("a", "1")
            .with_path("/x y")
            .with_domain("example.com")
            .with_max_age(Duration::from_millis(1999))
            .with_same_site(SameSite::None)
            .with_http_only(false)
            .with_partitioned(true);
        assert_eq!(
            line(&cookie, false),
            "a=1; Path=/x y; Domain=example.com; Max-Age=1; SameSite=None; Secure; Partitioned"
        );
        let gone = line(&Cookie::deleted("a"), false);
        assert_eq!(gone, "a=; Path=/; Max-Age=0; SameSite=Lax; HttpOnly");
    }

    #[test]
    fn what_demands_https_is_secure_or_refused() {
        let host = Cookie::new("__Host-a", "1");
        let other = Cookie::new("__sEcure-a", "1").with_path("/x");
        let none = Cookie::new("a", "1").with_same_site(SameSite::None);
        let parted = Cookie::new("a", "1").with_partitioned(true);
        for cookie in [host, other, none, parted] {
            assert!(line(&cookie, false).contains("; Secure"), "{cookie:?}");
            let error = cookie.with_secure(false).line(true).unwrap_err();
            assert_eq!(error.kind(), CookieErrorKind::Insecure);
        }
    }

    #[test]
    fn what_browsers_would_refuse_or_misread_is_an_error() {
        let cookie = |name: &str| Cookie::new(name, "1");
        let table = [
            (cookie(""), CookieErrorKind::Name),
            (cookie("a b"), CookieErrorKind::Name),
            (cookie("a=b"), CookieErrorKind::Name),
            (cookie("a;b"), CookieErrorKind::Name),
            (cookie("a\r\nb"), CookieErrorKind::Name),
            (cookie("\u{e9}"), CookieErrorKind::Name),
            (cookie("a").with_path(""), CookieErrorKind::Path),
            (cookie("a").with_path("x"), CookieErrorKind::Path),
            (cookie("a").with_path("/;x"), CookieErrorKind::Path),
            (cookie("a").with_path("/\n"), CookieErrorKind::Path),
            (cookie("a").with_path("/\u{e9}"), CookieErrorKind::Path),
            (cookie("a").with_domain(""), CookieErrorKind::Domain),
            (cookie("a").with_domain("a b"), CookieErrorKind::Domain),
            (cookie("a").with_domain("a;Path=/"), CookieErrorKind::Domain),
            (
                cookie("__Host-a").with_path("/x"),
                CookieErrorKind::HostPrefix,
            ),
            (
                cookie("__host-a").with_domain("a.b"),
                CookieErrorKind::HostPrefix,
            ),
        ];
        for (cookie, kind) in table {
            let error = cookie.line(true).unwrap_err();
            assert_eq!(error.kind(), kind, "{cookie:?}");
        }
    }

    #[test]
    fn a_line_has_4096_bytes_at_most() {
        let rest = line(&Cookie::new("a", ""), false).len();
        let full = Cookie::new("a", "x".repeat(SIZE - rest));
        assert_eq!(line(&full, false).len(), SIZE);
        let over = Cookie::new("a", "x".repeat(SIZE - rest + 1)).line(false);
        let bytes = SIZE + 1;
        assert_eq!(over.unwrap_err().kind(), CookieErrorKind::Size { bytes });
        let encoded = Cookie::new("a", "\u{e9}".repeat(1000)).line(false);
        assert!(matches!(
            encoded.unwrap_err().kind(),
            CookieErrorKind::Size { .. }
        ));
    }
}
