//! `provide::<T>()`: runs an extractor once and keeps its value for everything inside.

use std::fmt;
use std::marker::PhantomData;

use super::{Middleware, Next};
use crate::extract::FromRequest;
use crate::preflight::{Need, Provided};
use crate::request::Request;
use crate::respond::IntoResponse;
use crate::response::Response;

/// Middleware that runs the extractor `T` once; handlers and middleware inside of it take the
/// value as [`Local<T>`](crate::Local).
///
/// If the extractor fails, its error is the answer and nothing inside runs.
///
/// ```
/// use cepa::prelude::*;
///
/// #[derive(Clone)]
/// struct Lang(String);
///
/// impl FromRequest for Lang {
///     async fn from_request(req: &mut Request) -> Result<Self> {
///         let lang = req.header("accept-language").or_bad_request("say which language")?;
///         Ok(Lang(lang.to_owned()))
///     }
/// }
///
/// let client = App::new()
///     .with(provide::<Lang>())
///     .get("/", async |Local(Lang(lang)): Local<Lang>| lang)
///     .test();
/// client.get("/").header("accept-language", "eo").send().assert_text("eo");
/// client.get("/").send().assert_status(400);
/// ```
#[must_use]
pub fn provide<T>() -> Provide<T>
where
    T: FromRequest + Clone + Sync + 'static,
{
    Provide(PhantomData)
}

/// What [`provide`] returns.
pub struct Provide<T>(PhantomData<fn() -> T>);

impl<T> Middleware for Provide<T>
where
    T: FromRequest + Clone + Sync + 'static,
{
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        match T::from_request(&mut req).await {
            Ok(value) => {
                req.insert(value);
                next.run(req).await
            }
            Err(error) => error.into_response(),
        }
    }

    fn name(&self) -> std::borrow::Cow<'static, str> {
        format!("provide::<{}>", crate::names::short::<T>()).into()
    }

    fn requires(&self) -> Vec<Need> {
        T::requires()
    }

    fn provides(&self) -> Vec<Provided> {
        vec![Provided::local::<T>()]
    }
}

impl<T> fmt::Debug for Provide<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provide")
    }
}
