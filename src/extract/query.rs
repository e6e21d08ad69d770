//! `Query`: the part of the URL behind the question mark.

use std::collections::HashMap;

use http::StatusCode;
use serde::de::DeserializeOwned;

use super::json::quoted;
use super::wording::text_in_words;
use super::{FromRequest, in_words};
use crate::error::{Error, Result};
use crate::request::Request;

/// Pairs in one query or form; more are a 400.
const PAIRS: usize = 1000;

/// The query, as a struct or a map. A key that is there several times becomes a `Vec`; an
/// `Option` may be missing.
///
/// 400 if a value is missing or does not parse, or for more than 1,000 pairs.
///
/// ```
/// use cepa::prelude::*;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Search { q: String, #[serde(default)] tag: Vec<String> }
///
/// let client = App::new()
///     .get("/", async |Query(s): Query<Search>| format!("{} {:?}", s.q, s.tag))
///     .test();
/// client.get("/?q=hi&tag=a&tag=b").send().assert_text(r#"hi ["a", "b"]"#);
/// client.get("/").send().assert_status(400);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send + 'static> FromRequest for Query<T> {
    async fn from_request(req: &mut Request) -> Result<Self> {
        parse_pairs(req.query().as_bytes(), StatusCode::BAD_REQUEST, "query").map(Self)
    }
}

/// Parses `a=1&b=2`; `status` is for values that do not fit the type.
pub(super) fn parse_pairs<T: DeserializeOwned>(
    text: &[u8],
    status: StatusCode,
    what: &str,
) -> Result<T> {
    if text.iter().filter(|&&b| b == b'&').count() >= PAIRS {
        return Err(Error::bad_request(format!(
            "the {what} has more than {PAIRS} pairs"
        )));
    }
    serde_html_form::from_bytes(text).map_err(|error| {
        let error = error.to_string();
        let (key, reason) = blame::<T>(text, &error);
        let message = format!("the {what} is not as expected: ");
        match key {
            Some(key) => {
                Error::new(status, format!("{message}`{key}`: {reason}")).with_field(key, reason)
            }
            None => Error::new(status, format!("{message}{reason}")),
        }
    })
}

/// The key that is missing or whose values were refused, if one can be named, and the reason in words
/// for clients.
///
/// Of what was refused the parser names none, so each key is tried by itself: what is refused among
/// others is refused alone. What is about several keys is not.
fn blame<T: DeserializeOwned>(text: &[u8], error: &str) -> (Option<String>, String) {
    if let Some(missing) = quoted(error, "missing field `") {
        return (Some(missing.to_owned()), "is missing".to_owned());
    }
    let fails_alike = |pairs: &[(&str, &str)]| {
        let text = serde_html_form::to_string(pairs).unwrap_or_default();
        let parsed = serde_html_form::from_str::<T>(&text);
        parsed.is_err_and(|other| other.to_string() == error)
    };
    let pairs: Vec<(String, String)> = serde_html_form::from_bytes(text).unwrap_or_default();
    let groups = match fails_alike(&[]) {
        true => Vec::new(),
        false => by_key(&pairs),
    };
    let Some(group) = groups.iter().find(|group| fails_alike(group)) else {
        return (None, in_words(error).into_owned());
    };
    let value = group.iter().find(|pair| fails_alike(&[**pair]));
    let reason = match value.and_then(|(_, value)| text_in_words(error, value)) {
        Some(reason) => reason,
        None if error == "unsupported value" => {
            format!("it takes one value and is there {} times", group.len())
        }
        None => in_words(error).into_owned(),
    };
    (Some(group[0].0.to_owned()), reason)
}

/// The pairs of each key, in the order in which each came first.
fn by_key(pairs: &[(String, String)]) -> Vec<Vec<(&str, &str)>> {
    let mut groups: Vec<Vec<_>> = Vec::new();
    let mut places = HashMap::new();
    for (key, value) in pairs {
        let place = *places.entry(key).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push((&**key, &**value));
    }
    groups
}
