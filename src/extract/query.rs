//! `Query`: the part of the URL behind the question mark.

use http::StatusCode;
use serde::de::DeserializeOwned;

use super::FromRequest;
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
    serde_html_form::from_bytes(text)
        .map_err(|error| Error::new(status, format!("the {what} is not as expected: {error}")))
}
