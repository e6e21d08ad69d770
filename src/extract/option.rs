//! `Option` and `Result` around an extractor.

use std::future::Future;

use super::{FromRequest, Head};
use crate::error::{Error, Result};
use crate::preflight::Need;
use crate::request::Request;

/// An extractor whose value can be absent, so that it can be taken as an `Option`.
///
/// Absent is `None`; present but malformed is still an error.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::OptionalFromRequest;
///
/// struct Page(u32);
///
/// impl OptionalFromRequest for Page {
///     async fn from_request(req: &mut Request) -> Result<Option<Self>> {
///         let Some(text) = req.query_param("page") else {
///             return Ok(None);
///         };
///         Ok(Some(Self(text.parse().or_bad_request("`page` is a number")?)))
///     }
/// }
///
/// async fn list(page: Option<Page>) -> String {
///     format!("page {}", page.map_or(1, |page| page.0))
/// }
///
/// let client = App::new().get("/", list).test();
/// client.get("/").send().assert_text("page 1");
/// client.get("/?page=2").send().assert_text("page 2");
/// client.get("/?page=x").send().assert_status(400);
/// ```
#[diagnostic::on_unimplemented(
    message = "`Option<{Self}>` is not an extractor",
    label = "`{Self}` cannot be taken as an `Option`",
    note = "only what can be absent is taken as an `Option`; with `Result<T, cepa::Error>` the \
            handler gets the error and decides"
)]
pub trait OptionalFromRequest<Reads = Head>: Sized + Send + 'static {
    /// Makes the value if it is there.
    fn from_request(req: &mut Request) -> impl Future<Output = Result<Option<Self>>> + Send;

    /// What must be there for the `Option` to work, a value or none; checked by
    /// [`App::build`](crate::App::build). Default: nothing.
    fn requires() -> Vec<Need> {
        Vec::new()
    }
}

impl<T: OptionalFromRequest<R>, R> FromRequest<R> for Option<T> {
    async fn from_request(req: &mut Request) -> Result<Self> {
        T::from_request(req).await
    }

    fn requires() -> Vec<Need> {
        T::requires()
    }
}

/// The handler decides what a failure means, so nothing is required at build time.
impl<T: FromRequest<R>, R> FromRequest<R> for Result<T, Error> {
    async fn from_request(req: &mut Request) -> Result<Self> {
        Ok(T::from_request(req).await)
    }
}
