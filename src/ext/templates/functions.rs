//! The functions and filters that every template has beside those of minijinja.

use std::fmt::Display;

use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error, ErrorKind, State};

use super::page::Page;
use crate::RouteTable;

/// Adds them.
pub(super) fn add(env: &mut Environment<'static>, routes: &RouteTable) {
    let routes = routes.clone();
    env.add_function(
        "url_for",
        move |state: &State<'_, '_>, name: &str, values: Kwargs| {
            url_for(state, &routes, name, &values)
        },
    );
    env.add_filter("link", link);
}

/// The path of a route by its name, as `req.url_for` has it.
fn url_for(
    state: &State<'_, '_>,
    routes: &RouteTable,
    name: &str,
    values: &Kwargs,
) -> Result<Value, Error> {
    let mut given: Vec<(&str, Value)> = Vec::new();
    for key in values.args() {
        let value: Value = values.get(key)?;
        if value.is_undefined() {
            let detail = format!("the value for `{key}` is undefined");
            return Err(Error::new(ErrorKind::UndefinedError, detail));
        }
        if !value.is_none() {
            given.push((key, value));
        }
    }
    let given: Vec<(&str, &dyn Display)> = given
        .iter()
        .map(|(key, value)| (*key, value as &dyn Display))
        .collect();
    let page = Page::of(state);
    let url = match &page {
        Some(page) => page.visit.links().url_for(name, &given),
        None => routes.url_for(name, &given),
    };
    let url = url.map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))?;
    // Without these signs it is the same in HTML, and slashes need no escaping.
    Ok(match url.contains(['&', '<', '>', '"', '\'']) {
        true => Value::from(url),
        false => Value::from_safe_string(url),
    })
}

/// What stands where a link would run a script.
const BLOCKED: &str = "about:invalid";

/// A link as it is, if it leads to a page, a mail or a telephone; others run scripts or carry pages
/// of their own (`javascript:`, `data:`).
fn link(value: Value) -> Result<Value, Error> {
    let Some(text) = value.as_str() else {
        return Ok(value);
    };
    match is_safe(text) {
        true => Ok(value),
        false => Ok(Value::from_safe_string(BLOCKED.to_owned())),
    }
}

/// Whether a browser finds no scheme in it, or a harmless one (WHATWG URL, 4.4): it leaves out line
/// ends and tabs everywhere, and spaces and control characters in front.
fn is_safe(text: &str) -> bool {
    let kept = text.chars().filter(|c| !matches!(c, '\t' | '\n' | '\r'));
    let bare: String = kept.skip_while(|c| *c <= ' ').collect();
    match bare.find([':', '/', '?', '#', '\\']) {
        Some(end) if bare[end..].starts_with(':') => {
            let schemes = ["http", "https", "mailto", "tel"];
            schemes
                .iter()
                .any(|it| bare[..end].eq_ignore_ascii_case(it))
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_that_run_nothing_are_safe() {
        let safe =
            "|/|/a:b|a/b:c|?x=javascript:|#a:b|//host|http://a|HTTPS://a|mailto:a@b|tel:1|\\a:b|a";
        for text in safe.split('|') {
            assert!(is_safe(text), "{text:?}");
        }
        let unsafe_ = "javascript:x|JaVaScRiPt:x| javascript:x|\u{1}javascript:x|java\nscript:x\
            |j\ta\rv\nascript:x|data:text/html,x|vbscript:x|blob:x|file:///etc|:x|x:y|\u{feff}javascript:x";
        for text in unsafe_.split('|') {
            assert!(!is_safe(text), "{text:?}");
        }
    }
}
