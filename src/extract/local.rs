//! `Local`: a value that a middleware put into the request.

use super::{FromRequest, OptionalFromRequest};
use crate::error::{Error, Result};
use crate::preflight::Need;
use crate::request::Request;

/// A clone of the value of this type that a middleware outside kept with
/// [`Request::insert`] or [`provide`](crate::provide). As `Option<Local<T>>` it may be missing.
///
/// ```
/// use cepa::prelude::*;
///
/// #[derive(Clone)]
/// struct Tenant(&'static str);
///
/// async fn tenant(mut req: Request, next: Next) -> Response {
///     req.insert(Tenant("acme"));
///     next.run(req).await
/// }
///
/// let app = App::new().with(tenant).get("/", async |Local(t): Local<Tenant>| t.0);
/// app.test().get("/").send().assert_text("acme");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Local<T>(pub T);

impl<T: Clone + Send + Sync + 'static> FromRequest for Local<T> {
    async fn from_request(req: &mut Request) -> Result<Self> {
        match req.local::<T>() {
            Some(value) => Ok(Self(value.clone())),
            None => Err(Error::internal(format!(
                "no local value of type `{}`: a middleware outside has to `req.insert(..)` it",
                std::any::type_name::<T>()
            ))),
        }
    }

    fn requires() -> Vec<Need> {
        vec![Need::local::<T>()]
    }
}

impl<T: Clone + Send + Sync + 'static> OptionalFromRequest for Local<T> {
    async fn from_request(req: &mut Request) -> Result<Option<Self>> {
        Ok(req.local::<T>().cloned().map(Self))
    }
}
