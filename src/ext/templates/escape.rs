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
    match state.auto_escape() {
        AutoEscape::Html => print_html(out, state, value),
        _ => print_otherwise(out, state, value),
    }
}

#[inline]
fn print_html(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if value.is_safe() => out.write_str(text),
        Some(text) => Escaped(text).write_to(out),
        None if has_no_markup(value) => return escape_formatter(out, state, value),
        None => Escaped(&value.to_string()).write_to(out),
    }
    .map_err(Error::from)
}

/// Apart, so that printing in HTML costs no more.
#[cold]
fn print_otherwise(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    match escaped_for(state) {
        For::Html => print_html(out, state, value),
        For::Json if !value.is_safe() => escape_formatter(out, state, &json(value)?),
        For::Json | For::Itself => escape_formatter(out, state, value),
    }
}

/// What is escaped for here, where the template is not one for HTML, or turned escaping off. What a
/// page includes by a name that is computed may be named otherwise, and stands in that page
/// all the same. Only a template for HTML can turn escaping off in a page of HTML.
fn escaped_for(state: &State<'_, '_>) -> For {
    let named = by_name(state.name());
    let is_off = matches!(state.auto_escape(), AutoEscape::None);
    match Page::of(state).map(|page| by_name(&page.name)) {
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
    let is_html = match state.auto_escape() {
        AutoEscape::Html => true,
        AutoEscape::None if by_name(state.name()) != AutoEscape::Json => true,
        _ => matches!(escaped_for(state), For::Html),
    };
    if !is_html || value.is_safe() {
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
