//! Errors of minijinja in our words: where, what, and the fix.
//!
//! Before it: a template could not be parsed, or a page not be made. After it: a `TemplateError`.

use std::borrow::Cow;
use std::error::Error as _;
use std::ops::Range;

use minijinja::{Error, ErrorKind};

use super::error::TemplateError;
use super::scan::{Piece, scan};
use super::source::Source;

/// What the error in the innermost template says. It is `name`, with this text, if none is named.
pub(super) fn told(files: &Source, name: &str, text: &str, error: &Error) -> TemplateError {
    let mut inner = error;
    while let Some(source) = inner.source().and_then(|it| it.downcast_ref()) {
        inner = source;
    }
    let at = inner.name().unwrap_or(name);
    let source = inner.template_source().or((at == name).then_some(text));
    let place = source.zip(inner.range());
    let told = TemplateError::new(at, &files.file(at), words(inner, place.clone()));
    match (source, place) {
        (_, Some((source, range))) => told.at(source, range.start),
        (source, None) => match inner.line() {
            Some(line) => told.at_place(source, (line, 1)),
            None => told,
        },
    }
}

/// A sentence with the fix where there is one.
fn words(error: &Error, place: Option<(&str, Range<usize>)>) -> String {
    let detail = error.detail().unwrap_or_default();
    let near = place
        .as_ref()
        .and_then(|(source, range)| source.get(range.clone()));
    match error.kind() {
        ErrorKind::UndefinedError => undefined(detail, place),
        ErrorKind::SyntaxError => detail.to_owned(),
        _ if detail == "recursion limit exceeded" => {
            "templates, blocks or macros are too deep in each other: does one call itself?"
                .to_owned()
        }
        kind => match near {
            Some(near) if detail.ends_with("not a string") => {
                let near = near.trim_start_matches('.');
                format!("{kind}: {detail}, in `{near}`; is it undefined?")
            }
            _ if detail.is_empty() => kind.to_string(),
            _ => format!("{kind}: {detail}"),
        },
    }
}

/// What is undefined, and who is to say what it is.
fn undefined(detail: &str, place: Option<(&str, Range<usize>)>) -> String {
    let what: Cow<'_, str> = match &place {
        _ if !detail.is_empty() => detail.into(),
        Some((source, range)) => format!("`{}` is undefined", expression(source, range)).into(),
        None => "a value is undefined".into(),
    };
    // What was no name where it stands is an argument that was not given.
    let is_argument =
        detail.is_empty() && place.is_some_and(|(source, range)| is_in_macro(source, range.start));
    let is = |name: &str| what.starts_with(&format!("`{name}` is"));
    let fix = if is("csp_nonce") {
        "add `.with(SecureHeaders::new().with_csp(..))` with a policy that has `'nonce'`"
    } else if is("csrf_field") || is("csrf_token") {
        "add `.plug(Sessions::..)`, with the feature `sessions-templates`"
    } else if is_argument {
        "pass it to the macro, or ask for it by `is defined`"
    } else if what.contains(" | ") {
        "add `| default(..)`, or ask for it by `is defined`"
    } else {
        "pass it to the view, or ask for it by `is defined`"
    };
    format!("{what}: {fix}")
}

/// The expression at fault, with what is filtered where only the filter is named.
fn expression<'s>(source: &'s str, range: &Range<usize>) -> &'s str {
    let before = source.get(..range.start).unwrap_or_default().trim_end();
    let start = before.strip_suffix('|').map_or(range.start, |before| {
        let before = before.trim_end();
        let is_other = |c: char| !(c.is_alphanumeric() || "_.[]()'\"".contains(c));
        before.rfind(is_other).map_or(0, |at| {
            at + before[at..].chars().next().map_or(0, char::len_utf8)
        })
    });
    source.get(start..range.end).unwrap_or_default()
}

/// Whether this place is between `macro` and `endmacro`.
fn is_in_macro(source: &str, at: usize) -> bool {
    let mut is_in = false;
    for piece in scan(source) {
        let Piece::Statement(tokens) = piece else {
            continue;
        };
        match tokens.first() {
            Some(first) if first.at > at => break,
            Some(first) if first.is_word("macro") => is_in = true,
            Some(first) if first.is_word("endmacro") => is_in = false,
            _ => {}
        }
    }
    is_in
}
