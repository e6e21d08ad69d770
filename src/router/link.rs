//! Links: from a handler or a name, and values, to a path.

use std::any::TypeId;
use std::fmt::{Display, Write as _};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::pattern::Part;
use super::{Route, RouteTable};
use crate::error::{Error, Result};
use crate::handler::Handler;

/// All but the unreserved characters (RFC 3986, 2.3) are encoded in a segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// The rest of a path keeps its slashes.
const REST: &AsciiSet = &SEGMENT.remove(b'/');

/// What a link can be made to: a handler function, or the name of a route.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing a link can be made to",
    label = "neither a handler nor a name",
    note = "name the handler itself, `url_for(users::show, ..)`, or the route, `url_for(\"users::show\", ..)`"
)]
pub trait Link<Kind> {
    #[doc(hidden)]
    fn matches(&self, route: &Route) -> bool;
    #[doc(hidden)]
    fn title(&self) -> String;
}

/// A link by the name of a route.
#[derive(Debug)]
pub struct ByName;

/// A link by the handler of a route.
#[derive(Debug)]
pub struct ByHandler<A>(std::marker::PhantomData<A>);

impl Link<ByName> for &str {
    fn matches(&self, route: &Route) -> bool {
        route.name() == *self
    }

    fn title(&self) -> String {
        format!("the route `{self}`")
    }
}

#[diagnostic::do_not_recommend]
impl<H: Handler<A>, A> Link<ByHandler<A>> for H {
    fn matches(&self, route: &Route) -> bool {
        route.handler == TypeId::of::<H>()
    }

    fn title(&self) -> String {
        format!("the handler `{}`", crate::names::link::<H>())
    }
}

impl RouteTable {
    /// The path of a route; see [`Request::url_for`](crate::Request::url_for). To another host, it is
    /// without port.
    ///
    /// # Errors
    /// 500 with a sentence that says what is missing.
    #[track_caller]
    pub fn url_for<M>(
        &self,
        target: impl Link<M>,
        values: &[(&str, &dyn Display)],
    ) -> Result<String> {
        self.url_at(target, values, None)
    }

    #[track_caller]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers write `url_for(handler, ..)`, and a handler is a value"
    )]
    pub(crate) fn url_at<M>(
        &self,
        target: impl Link<M>,
        values: &[(&str, &dyn Display)],
        port: Option<u16>,
    ) -> Result<String> {
        let mut matching = self.iter().filter(|route| target.matches(route));
        let Some(route) = matching.next() else {
            return Err(Error::internal(format!(
                "no link to {}: no route has it",
                target.title()
            )));
        };
        if let Some(other) =
            matching.find(|other| other.path() != route.path() || other.host() != route.host())
        {
            return Err(Error::internal(format!(
                "no link to {}: it is at {} ({}) and at {} ({}); give one of them a name with `.named(..)`",
                target.title(),
                route.title(),
                route.location(),
                other.title(),
                other.location(),
            )));
        }
        build(route, values, port)
    }
}

/// `port` is that of a link to another host.
#[track_caller]
fn build(route: &Route, values: &[(&str, &dyn Display)], port: Option<u16>) -> Result<String> {
    let mut url = String::new();
    let mut used = Vec::new();
    let host = route.host.iter().flat_map(|host| host.parts());
    let host = host.map(|part| (part, true));
    let path = route.pattern.parts().iter().map(|part| (part, false));
    let mut port = port.filter(|_| route.host.is_some());
    if route.host.is_some() {
        url.push_str("//");
    }
    for (part, of_host) in host.chain(path) {
        if let Some(port) = port.take_if(|_| !of_host) {
            let _ = write!(url, ":{port}");
        }
        let (name, is_rest) = match part {
            Part::Literal(text) => {
                url.push_str(text);
                continue;
            }
            Part::Param(name) => (name, false),
            Part::Rest(name) => (name, true),
        };
        let Some((_, value)) = values.iter().find(|(given, _)| given == name) else {
            return Err(Error::internal(format!(
                "no link to {}: no value for `{name}`",
                route.title()
            )));
        };
        let value = value.to_string();
        if of_host
            && !value
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        {
            return Err(Error::internal(format!(
                "no link to {}: `{value}` as `{name}` is no part of a host name",
                route.title()
            )));
        }
        // Clients resolve dot segments, and take two slashes in front for another host.
        let leads_away = match is_rest {
            true => value.split('/').any(is_dots) || (url == "/" && value.starts_with('/')),
            false => is_dots(&value),
        };
        if value.is_empty() || leads_away {
            return Err(Error::internal(format!(
                "no link to {}: `{value}` as `{name}` would not lead back to it",
                route.title()
            )));
        }
        let set = if is_rest { REST } else { SEGMENT };
        let _ = write!(url, "{}", utf8_percent_encode(&value, set));
        used.push(name.as_str());
    }
    let others = values.iter().filter(|(name, _)| !used.contains(name));
    push_query(&mut url, others)?;
    Ok(url)
}

fn push_query<'v>(
    url: &mut String,
    values: impl Iterator<Item = &'v (&'v str, &'v dyn Display)>,
) -> Result<()> {
    let pairs = values.map(|(name, value)| (*name, value.to_string()));
    let pairs: Vec<(&str, String)> = pairs.collect();
    if !pairs.is_empty() {
        url.push('?');
        url.push_str(&serde_html_form::to_string(pairs)?);
    }
    Ok(())
}

fn is_dots(segment: &str) -> bool {
    segment == "." || segment == ".."
}
