//! The default answer for an error: a problem document, a page or text, with what a client may know.
//!
//! Before it: `render` found no renderer in the scope, or one that failed. After it: the headers of the
//! response that failed are joined with those of the answer.

use std::fmt::Write as _;

use http::HeaderValue;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Error, ErrorContext, ErrorFormat, FieldError};
use crate::respond::{Escaped, Html, IntoResponse, Json};
use crate::response::Response;

/// The answer of an app that has no renderer, or whose renderer failed.
pub(super) fn by_default(error: &Error, context: &ErrorContext) -> Response {
    let title = error.status().canonical_reason().unwrap_or("Error");
    let mut res = match context.format {
        ErrorFormat::Problem => problem(error, context, title),
        ErrorFormat::Html => page(error, context, title),
        ErrorFormat::Text => {
            let mut text = format!("{} {title}\n", error.status().as_u16());
            if error.message() != title {
                let _ = writeln!(text, "{}", error.message());
            }
            for field in shown_fields(error) {
                let _ = writeln!(text, "{}: {}", field.field, field.message);
            }
            text.into_response()
        }
    };
    let varies = HeaderValue::from_static("accept");
    res.headers_mut().insert(VARY, varies);
    res
}

/// As with the message, what is wrong on our side is not for the client.
fn shown_fields(error: &Error) -> &[FieldError] {
    match error.status().is_client_error() {
        true => error.fields(),
        false => &[],
    }
}

/// A problem document (RFC 9457, 3.1); its type is `about:blank`, so the title is the status' name.
fn problem(error: &Error, context: &ErrorContext, title: &str) -> Response {
    let mut res = Json(Problem {
        error,
        context,
        title,
    })
    .into_response();
    let kind = HeaderValue::from_static("application/problem+json");
    res.headers_mut().insert(CONTENT_TYPE, kind);
    res
}

/// Written straight into the body: whoever looks for holes gets more of these than of anything.
struct Problem<'a> {
    error: &'a Error,
    context: &'a ErrorContext,
    title: &'a str,
}

impl Serialize for Problem<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("title", self.title)?;
        map.serialize_entry("status", &self.error.status().as_u16())?;
        if self.error.message() != self.title {
            map.serialize_entry("detail", self.error.message())?;
        }
        let fields = shown_fields(self.error);
        if !fields.is_empty() {
            let fields = fields
                .iter()
                .map(|e| serde_json::json!({ "field": e.field, "message": e.message }));
            map.serialize_entry("errors", &fields.collect::<Vec<_>>())?;
        }
        if let Some(id) = self.context.request_id() {
            map.serialize_entry("request_id", id)?;
        }
        map.end()
    }
}

/// The style of the error page, and the policy under which browsers apply it and load nothing else:
/// its hash (CSP 3, 2.3.1) lets the page be seen under any policy the app has for its own pages.
const STYLE: &str = ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;\
    max-width:36rem;margin:15vh auto;padding:0 1rem}h1{font-size:1.5rem}";
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'sha256-GvYJAX1Ei8zVMUMBamdJR23TPhYBhM9H9g9Kmmm9MMw='; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

fn page(error: &Error, context: &ErrorContext, title: &str) -> Response {
    let status = error.status().as_u16();
    let mut main = String::new();
    if error.message() != title {
        let _ = write!(main, "<p>{}</p>", Escaped(error.message()));
    }
    for field in shown_fields(error) {
        let _ = write!(
            main,
            "<p><b>{}</b>: {}</p>",
            Escaped(&field.field),
            Escaped(&field.message)
        );
    }
    if let Some(id) = context.request_id() {
        let _ = write!(main, "<p><small>Request {}</small></p>", Escaped(id));
    }
    let page = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{status} {title}</title>\
         <style>{STYLE}</style>\
         <h1>{status} {title}</h1>{main}</html>\n"
    );
    let mut res = Html(page).into_response();
    res.headers_mut().insert(CONTENT_SECURITY_POLICY, POLICY);
    res
}
