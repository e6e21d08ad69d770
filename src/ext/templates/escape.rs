//! How values are printed: escaped for the language of the template.
//!
//! Before it: the name of a template. After it: minijinja prints each value by this.

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, Output, State, escape_formatter, filters};

use super::page::Page;
use super::view::ending;
use crate::Escaped;

/// Adds the filters, and what prints.
pub(super) fn add(env: &mut Environment<'static>) {
    env.set_auto_escape_callback(by_name);
    env.set_formatter(print);
    env.add_filter("escape", escape);
    env.add_filter("e", escape);
    env.add_filter("tojson", tojson);
}

/// How values are escaped in a template, by the ending of its name.
pub(super) fn by_name(name: &str) -> AutoEscape {
    match ending(name) {
        "html" | "htm" | "xhtml" | "xml" | "svg" | "atom" | "rss" => AutoEscape::Html,
        "json" | "js" => AutoEscape::Json,
        _ => AutoEscape::None,
    }
}

/// What values are escaped for.
enum For {
    Html,
    /// Though the template itself is for nothing.
    Json,
    /// What the template says.
    Itself,
}

/// minijinja's escaping for HTML would write slashes as references too, which protects nothing and
/// makes every address hard to read.
fn print(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match (escaped_for(state), value.as_str()) {
        (For::Html, Some(text)) if value.is_safe() => out.write_str(text),
        (For::Html, Some(text)) => Escaped(text).write_to(out),
        (For::Html, None) if !has_no_markup(value) => Escaped(&value.to_string()).write_to(out),
        (For::Json, _) if !value.is_safe() => {
            out.write_str(json(value)?.as_str().unwrap_or("null"))
        }
        _ => return escape_formatter(out, state, value),
    }
    .map_err(Error::from)
}

/// What a page includes by a name that is computed may be named otherwise, and stands in that page
/// all the same. Only a template for HTML can turn escaping off in a page of HTML.
fn escaped_for(state: &State<'_, '_>) -> For {
    let own = state.auto_escape();
    if matches!(own, AutoEscape::Html) {
        return For::Html;
    }
    let named = by_name(state.name());
    let is_off = matches!(own, AutoEscape::None);
    match Page::of(state).map(|page| page.escape.clone()) {
        Some(AutoEscape::Html) if !is_off || named != AutoEscape::Html => For::Html,
        Some(AutoEscape::Json) if is_off && named == AutoEscape::None => For::Json,
        _ => For::Itself,
    }
}

fn json(value: &Value) -> Result<Value, Error> {
    let nothing: [(&str, Value); 0] = [];
    filters::tojson(value, None, nothing.into_iter().collect())
}

/// Whether it is a value whose text has no sign that is to be escaped.
fn has_no_markup(value: &Value) -> bool {
    use ValueKind::{Bool, None, Number, Undefined};
    matches!(value.kind(), Undefined | None | Bool | Number)
}

/// `value | escape`, which escapes for HTML where nothing is escaped by itself.
fn escape(state: &mut State<'_, '_>, value: &Value) -> Result<Value, Error> {
    defined(state, value)?;
    let is_plain = matches!(state.auto_escape(), AutoEscape::None);
    let is_for_html = is_plain && by_name(state.name()) != AutoEscape::Json;
    if value.is_safe() || !(is_for_html || matches!(escaped_for(state), For::Html)) {
        return filters::escape(state, value);
    }
    let text = value.to_string();
    Ok(Value::from_safe_string(Escaped(&text).to_string()))
}

/// `value | tojson`, in which an undefined value is as wrong as it is elsewhere.
fn tojson(
    state: &mut State<'_, '_>,
    value: &Value,
    indent: Option<Value>,
    args: Kwargs,
) -> Result<Value, Error> {
    defined(state, value)?;
    filters::tojson(value, indent, args)
}

/// Only by printing a value is its name told.
fn defined(state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.is_undefined() {
        true => state.format(value.clone()).map(drop),
        false => Ok(()),
    }
}
