//! The request as the page shows it: the values of secrets are masked.

use std::borrow::Cow;

use http::header::COOKIE;
use http::{HeaderName, Method, Uri};

use super::Scene;
use super::seen::Seen;
use crate::error::ErrorContext;
use crate::error::watch::STANDARD;
use crate::router::Place;
use crate::secrets::{MASK, Secrets};
use crate::service::Core;

/// A request without its secrets.
pub(super) struct Shown<'a> {
    pub(super) seen: &'a Seen,
    pub(super) path: Cow<'a, str>,
    pub(super) query: Cow<'a, str>,
    /// The fields of the form, as they were sent; `None` of a request without a form.
    pub(super) form: Option<String>,
    core: &'a Core,
    secrets: Secrets,
}

impl<'a> Shown<'a> {
    pub(super) fn of(scene: &Scene<'a>, context: &ErrorContext) -> Self {
        let (seen, secrets) = (scene.seen, Secrets::default());
        let form = seen.form.as_ref();
        Self {
            seen,
            path: match context.route() {
                Some(route) if Secrets::default().are_in_path(route.path()) => {
                    Cow::Owned(route.path().to_owned())
                }
                _ => path(scene.core, seen.host(), &seen.uri),
            },
            query: secrets.masked(seen.uri.query().unwrap_or_default()),
            form: form.map(|form| secrets.masked(&form.text()).into_owned()),
            core: scene.core,
            secrets,
        }
    }

    /// Path and query.
    pub(super) fn target(&self) -> String {
        match self.seen.uri.query() {
            Some(_) => format!("{}?{}", self.path, self.query),
            None => self.path.clone().into_owned(),
        }
    }

    /// The headers in their order, with the bytes of their values.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&HeaderName, Cow<'_, [u8]>)> {
        let headers = self.seen.headers.iter();
        headers.map(|(name, value)| (name, self.masked(name, value.as_bytes())))
    }

    fn masked<'v>(&self, name: &HeaderName, value: &'v [u8]) -> Cow<'v, [u8]> {
        if *name == COOKIE {
            return masked_cookies(value).into();
        }
        if self.secrets.are_in_header(name.as_str()) {
            return MASK.as_bytes().into();
        }
        match std::str::from_utf8(value) {
            Ok(text) if text.contains(['?', '/']) => self.masked_url(text).into_bytes().into(),
            _ => value.into(),
        }
    }

    /// A text that may be a URL of this app, such as that of `Referer`.
    fn masked_url(&self, text: &str) -> String {
        // A fragment is of no use here, and not part of what is parsed.
        let text = text.split_once('#').map_or(text, |(url, _)| url);
        let (address, query) = match text.split_once('?') {
            Some((address, query)) => (address, Some(query)),
            None => (text, None),
        };
        let mut masked = address.to_owned();
        if let Ok(uri) = address.parse::<Uri>()
            && let Cow::Owned(pattern) = path(self.core, uri.host(), &uri)
        {
            let before = address.len() - uri.path().len();
            masked.replace_range(before.., &pattern);
        }
        if let Some(query) = query {
            masked.push('?');
            masked.push_str(&self.secrets.masked(query));
        }
        masked
    }
}

/// The path, or that of a route which it matches by any method, if that route has a secret in it.
fn path<'a>(core: &Core, host: Option<&str>, uri: &'a Uri) -> Cow<'a, str> {
    let pattern = |method: &Method| {
        let mut place = Place::default();
        core.router.find(method, uri.path(), || host, &mut place);
        let route = core.chains[place.chain()?].route.as_ref()?;
        let is_secret = Secrets::default().are_in_path(route.path());
        is_secret.then(|| Cow::Owned(route.path().to_owned()))
    };
    let pattern = STANDARD.iter().find_map(pattern);
    pattern.unwrap_or(Cow::Borrowed(uri.path()))
}

/// The names of cookies; any of their values may be a secret.
fn masked_cookies(value: &[u8]) -> Vec<u8> {
    let pairs = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let name = |pair: &[u8]| {
        let end = pair.iter().position(|byte| *byte == b'=');
        let name = end.map_or(&b""[..], |end| &pair[..end]);
        [name, b"=", MASK.as_bytes()].concat()
    };
    pairs.map(name).collect::<Vec<_>>().join(&b"; "[..])
}
