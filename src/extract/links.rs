//! `Links`: paths of routes, for handlers that do not take the whole request.

use std::fmt;
use std::sync::{Arc, OnceLock};

use http::HeaderValue;

use super::{FromRequest, parse_host};
use crate::error::{OrError, Result};
use crate::middleware::{is_host_open, warn_of_open_host};
use crate::request::{Request, absolute, written_origin};
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
    /// As it was sent; what is in it is looked for once a link needs it.
    host: Option<HeaderValue>,
    is_secure: bool,
    is_host_known: bool,
    chain: Option<usize>,
    origin: OnceLock<Option<String>>,
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
        let port = self.host().and_then(|(_, port)| port);
        routes.url_at(target, values, port)
    }

    /// The whole URL of a route, on the host that the client chose; see
    /// [`Request::absolute_url_for`] for how it is held.
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

    /// The origin of the request, whose host the client chose; see [`Request::origin`] for how it is
    /// held.
    ///
    /// # Errors
    /// 400 if the host of the request is missing or malformed.
    #[track_caller]
    pub fn origin(&self) -> Result<&str> {
        let origin = self.origin.get_or_init(|| {
            let (host, port) = self.host()?;
            Some(written_origin(host, port, self.is_secure))
        });
        let route = self.chain.and_then(|chain| self.view.route(chain));
        if !self.is_host_known && is_host_open(self.view.core.mode, route) {
            warn_of_open_host();
        }
        let origin = origin.as_deref();
        origin.or_bad_request("the `Host` header is missing or malformed")
    }

    fn host(&self) -> Option<(&str, Option<u16>)> {
        parse_host(self.host.as_ref()?.as_bytes())
    }
}

impl FromRequest for Links {
    async fn from_request(req: &mut Request) -> Result<Self> {
        Ok(Self::from(&*req))
    }
}

/// For middleware, which has the request and hands it on.
impl From<&Request> for Links {
    fn from(req: &Request) -> Self {
        Self {
            view: Arc::clone(req.view()),
            host: req.host_value(),
            is_secure: req.is_secure(),
            is_host_known: req.is_host_known(),
            chain: req.chain(),
            origin: OnceLock::new(),
        }
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Links")
    }
}
