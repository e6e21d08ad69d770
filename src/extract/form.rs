//! `Form`: the body of an HTML form.

use http::StatusCode;
use serde::de::DeserializeOwned;

use super::query::parse_pairs;
use super::{FromRequest, media_type};
use crate::body::Body;
use crate::error::{Error, Result};
use crate::request::Request;

/// A form sent as `application/x-www-form-urlencoded` (WHATWG URL standard, 5).
///
/// A key that is there several times becomes a `Vec`. 415 for another content type, 413 above the
/// body limit, 400 for more than 1,000 pairs, 422 if a field is missing or does not parse.
///
/// ```
/// use cepa::prelude::*;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Login { user: String }
///
/// let app = App::new().post("/login", async |Form(login): Form<Login>| login.user);
/// app.test().post("/login").form(&[("user", "ada")]).send().assert_text("ada");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned> Form<T> {
    /// A form from its text: `user=ada&age=36`.
    ///
    /// ```
    /// use cepa::Form;
    ///
    /// let Form(pairs) = Form::<Vec<(String, u8)>>::parse(b"a=1&b=2")?;
    /// assert_eq!(pairs, [("a".to_owned(), 1), ("b".to_owned(), 2)]);
    /// # Ok::<(), cepa::Error>(())
    /// ```
    ///
    /// # Errors
    /// As the extractor, for what stands in the form: 400 for more than 1,000 pairs, 422 where it is
    /// not of this shape, with the field at fault where one can be named.
    pub fn parse(text: &[u8]) -> Result<Self> {
        parse_pairs(text, StatusCode::UNPROCESSABLE_ENTITY, "form").map(Self)
    }
}

impl<T: DeserializeOwned + Send + 'static> FromRequest<Body> for Form<T> {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let media_type = media_type(req.headers());
        if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Error::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "send the form with the header `Content-Type: application/x-www-form-urlencoded`",
            ));
        }
        let bytes = req.body_bytes().await?;
        Self::parse(&bytes)
    }
}
