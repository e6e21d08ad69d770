//! `Option` and `Result` around an extractor.

use std::future::Future;

use super::{FromRequest, Head};
use crate::error::{Error, Result};
use crate::request::Request;

/// An extractor whose value can be absent, so that it can be taken as an `Option`.
///
/// Absent is `None`; present but malformed is still an error.
#[diagnostic::on_unimplemented(
    message = "`Option<{Self}>` is not an extractor",
    label = "`{Self}` cannot be taken as an `Option`",
    note = "only what can be absent is taken as an `Option`; with `Result<T, cepa::Error>` the \
            handler gets the error and decides"
)]
pub trait OptionalFromRequest<Reads = Head>: Sized + Send + 'static {
    /// Makes the value if it is there.
    fn from_request(req: &mut Request) -> impl Future<Output = Result<Option<Self>>> + Send;
}

impl<T: OptionalFromRequest<R>, R> FromRequest<R> for Option<T> {
    async fn from_request(req: &mut Request) -> Result<Self> {
        T::from_request(req).await
    }
}

/// The handler decides what a failure means, so nothing is required at build time.
impl<T: FromRequest<R>, R> FromRequest<R> for Result<T, Error> {
    async fn from_request(req: &mut Request) -> Result<Self> {
        Ok(T::from_request(req).await)
    }
}
