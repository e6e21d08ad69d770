//! `Json` as an extractor; as a response it is in `respond/json.rs`.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::json_path::path_at;
use super::{FromRequest, OptionalFromRequest, in_words, media_type};
use crate::body::Body;
use crate::error::{Error, Result};
use crate::request::Request;
use crate::respond::Json;

impl<T: DeserializeOwned + Send + 'static> FromRequest<Body> for Json<T> {
    async fn from_request(req: &mut Request) -> Result<Self> {
        if !is_json(req.headers()) {
            return Err(Error::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "send the body as JSON, with the header `Content-Type: application/json`",
            ));
        }
        let bytes = req.body_bytes().await?;
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Self(value)),
            Err(error)
                if error.classify() == Category::Data && is_array(&bytes) && is_object::<T>() =>
            {
                // Whatever its elements are.
                let message = "expected an object, found an array";
                Err(Error::unprocessable(message).with_source(error))
            }
            Err(error) => Err(explain(&bytes, error)),
        }
    }
}

/// Absent is a request without a content type and without a body.
impl<T: DeserializeOwned + Send + 'static> OptionalFromRequest<Body> for Json<T> {
    async fn from_request(req: &mut Request) -> Result<Option<Self>> {
        if req.headers().contains_key(CONTENT_TYPE) {
            return <Self as FromRequest<Body>>::from_request(req)
                .await
                .map(Some);
        }
        match req.body_bytes().await?.is_empty() {
            true => Ok(None),
            false => <Self as FromRequest<Body>>::from_request(req)
                .await
                .map(Some),
        }
    }
}

/// `application/json` or a type with the suffix `+json` (RFC 6838, 4.2.8), with any parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let Some((kind, subtype)) = media_type(headers).split_once('/') else {
        return false;
    };
    let suffixed = subtype.len() > 5 && subtype[subtype.len() - 5..].eq_ignore_ascii_case("+json");
    kind.eq_ignore_ascii_case("application") && (subtype.eq_ignore_ascii_case("json") || suffixed)
}

fn is_array(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"[")
}

/// Whether it is a struct with fields, which serde also makes of an array, member by member.
fn is_object<T: DeserializeOwned>() -> bool {
    let refused = serde_json::from_str::<T>("[]").err();
    refused.is_some_and(|error| {
        error
            .to_string()
            .starts_with("invalid length 0, expected struct ")
    })
}

/// 400 for what is not JSON, 422 for JSON of another shape, with line, column and field.
fn explain(text: &[u8], error: serde_json::Error) -> Error {
    let (line, column) = (error.line(), error.column());
    let shown = error.to_string();
    let reason = shown.split(" at line ").next().unwrap_or(&shown);
    if text.trim_ascii().is_empty() {
        return Error::bad_request("the body is empty, where JSON is expected");
    }
    let place = format!("(line {line}, column {column})");
    if error.classify() != Category::Data {
        let message = format!("not valid JSON: {reason} {place}");
        return Error::bad_request(message).with_source(error);
    }
    let mut path = path_at(text, line, column);
    // Where the sentence names the field, what follows it is the object.
    let mut around = path.clone();
    if let Some(missing) = quoted(reason, "missing field `") {
        let separator = if path.is_empty() { "" } else { "." };
        path = format!("{path}{separator}{missing}");
    } else if let Some(unknown) = quoted(reason, "unknown field `")
        && let Some(outer) = path.strip_suffix(unknown)
    {
        around.truncate(outer.trim_end_matches('.').len());
    }
    let reason = in_words(reason);
    let message = match around.as_str() {
        "" => format!("{reason} {place}"),
        around => format!("{reason} in `{around}` {place}"),
    };
    let refused = match path.as_str() {
        "" => Error::unprocessable(message),
        path => Error::unprocessable(message).with_field(path, reason),
    };
    refused.with_source(error)
}

/// What stands between this beginning and the next backtick.
pub(super) fn quoted<'a>(reason: &'a str, beginning: &str) -> Option<&'a str> {
    let (name, _) = reason.strip_prefix(beginning)?.split_once('`')?;
    Some(name)
}
