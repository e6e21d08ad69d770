//! How values are printed: escaped for the language of the template.
//!
//! Before it: the name of a template. After it: minijinja prints each value by this.

use std::fmt;

use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, Output, State, escape_formatter, filters};

use super::view::ending;
use crate::Escaped;

/// Adds the filters, and what prints.
pub(super) fn add(env: &mut Environment<'static>) {
    env.set_auto_escape_callback(by_name);
    env.set_formatter(print);
    env.add_filter("escape", escape);
    env.add_filter("e", escape);
}

/// How values are escaped in a template, by the ending of its name.
pub(super) fn by_name(name: &str) -> AutoEscape {
    match ending(name) {
        "html" | "htm" | "xhtml" | "xml" | "svg" | "atom" | "rss" => AutoEscape::Html,
        "json" | "js" => AutoEscape::Json,
        _ => AutoEscape::None,
    }
}

/// minijinja's escaping for HTML would write slashes as references too, which protects nothing and
/// makes every address hard to read.
fn print(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match state.auto_escape() {
        AutoEscape::Html if !value.is_safe() => write(out, value).map_err(Error::from),
        _ => escape_formatter(out, state, value),
    }
}

fn write(out: &mut dyn fmt::Write, value: &Value) -> fmt::Result {
    match (value.as_str(), value.kind()) {
        (Some(text), _) => write!(out, "{}", Escaped(text)),
        // These have no sign that is to be escaped.
        (_, ValueKind::Undefined | ValueKind::None | ValueKind::Bool | ValueKind::Number) => {
            write!(out, "{value}")
        }
        _ => write!(out, "{}", Escaped(&value.to_string())),
    }
}

/// `value | escape`, which escapes for HTML where nothing is escaped by itself.
fn escape(state: &mut State<'_, '_>, value: &Value) -> Result<Value, Error> {
    let is_html = match state.auto_escape() {
        AutoEscape::Html => true,
        AutoEscape::None => by_name(state.name()) != AutoEscape::Json,
        _ => false,
    };
    if !is_html || value.is_safe() {
        return filters::escape(state, value);
    }
    let mut text = String::new();
    write(&mut text, value)?;
    Ok(Value::from_safe_string(text))
}
