//! The cookies a test client keeps, by name (RFC 6265, 5.3, for one site and one path).

use std::collections::BTreeMap;
use std::time::SystemTime;

use http::HeaderMap;
use http::header::SET_COOKIE;

/// Cookies by name.
#[derive(Debug, Default)]
pub(super) struct Jar(BTreeMap<String, String>);

impl Jar {
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// Takes in what a response sets, and forgets what it lets expire.
    pub(super) fn keep(&mut self, headers: &HeaderMap) {
        for cookie in headers
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
        {
            let mut pieces = cookie.split(';').map(str::trim);
            let Some((name, value)) = pieces.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            if is_over(pieces) {
                self.0.remove(name.trim());
            } else {
                self.set(name.trim(), value.trim());
            }
        }
    }

    /// The `Cookie` header, if there is something to send.
    pub(super) fn header(&self) -> Option<String> {
        let pairs: Vec<String> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

/// `Max-Age` goes before `Expires` (RFC 6265, 5.3).
fn is_over<'a>(attributes: impl Iterator<Item = &'a str>) -> bool {
    let (mut max_age, mut expires) = (None, None);
    for (name, value) in attributes.filter_map(|attribute| attribute.split_once('=')) {
        if name.eq_ignore_ascii_case("max-age") {
            max_age = value.parse().ok().map(|seconds: i64| seconds <= 0);
        } else if name.eq_ignore_ascii_case("expires") {
            let date = httpdate::parse_http_date(value).ok();
            expires = date.map(|date| date <= SystemTime::now());
        }
    }
    max_age.or(expires).unwrap_or(false)
}
