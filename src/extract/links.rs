//! `Links`: paths of routes, for handlers that do not take the whole request.

use std::fmt;
use std::sync::Arc;

use super::FromRequest;
use crate::error::{OrError, Result};
use crate::request::{Request, absolute};
use crate::router::Link;
use crate::service::View;

/// Makes links as [`Request::url_for`] does, beside other extractors.
///
/// ```
/// use cepa::prelude::*;
///
/// async fn show(Path(id): Path<u64>) -> String {
///     id.to_string()
/// }
///
/// async fn create(links: Links, Json(note): Json<Value>) -> Result<impl IntoResponse> {
///     let location = links.url_for(show, &[("id", &7)])?;
///     Ok((StatusCode::CREATED, [("location", location)], Json(note)))
/// }
///
/// let client = App::new().get("/notes/{id}", show).post("/notes", create).test();
/// let res = client.post("/notes").json(&json!({ "text": "buy milk" })).send();
/// res.assert_status(201).assert_header("location", "/notes/7");
/// ```
#[derive(Clone)]
pub struct Links {
    view: Arc<View>,
    port: Option<u16>,
    /// `None` where the request has no host.
    origin: Option<Box<str>>,
}

impl Links {
    /// The path of a route; see [`Request::url_for`].
    ///
    /// # Errors
    /// 500 with a sentence that says what is missing.
    #[track_caller]
    pub fn url_for<M>(
        &self,
        target: impl Link<M>,
        values: &[(&str, &dyn fmt::Display)],
    ) -> Result<String> {
        let routes = &self.view.core.router.routes;
        routes.url_at(target, values, self.port)
    }

    /// The whole URL of a route; see [`Request::absolute_url_for`].
    ///
    /// # Errors
    /// As [`url_for`](Self::url_for); 400 if the host of the request is missing or malformed.
    #[track_caller]
    pub fn absolute_url_for<M>(
        &self,
        target: impl Link<M>,
        values: &[(&str, &dyn fmt::Display)],
    ) -> Result<String> {
        let url = self.url_for(target, values)?;
        Ok(absolute(self.origin()?, &url))
    }

    /// The origin of the request; see [`Request::origin`].
    ///
    /// # Errors
    /// 400 if the host of the request is missing or malformed.
    #[track_caller]
    pub fn origin(&self) -> Result<&str> {
        let origin = self.origin.as_deref();
        origin.or_bad_request("the `Host` header is missing or malformed")
    }
}

impl FromRequest for Links {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let origin = req.origin().ok().map(String::into_boxed_str);
        let (view, port) = (Arc::clone(req.view()), req.port());
        Ok(Self { view, port, origin })
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Links")
    }
}
