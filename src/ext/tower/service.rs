//! Services of `tower` inside an app, and an app as a service of `tower`.

use std::convert::Infallible;
use std::task::{Context, Poll};

use http_body::Body as HttpBody;
use tower_service::Service;

use super::middleware::ready;
use crate::{
    Answering, App, AppService, Body, BoxError, Bytes, OrError, Request, Response, Result,
};
use http::uri::{PathAndQuery, Uri};

/// The URI of a request as it came to the app, before [`tower_service()`] took the prefix away;
/// among the extensions of what the service gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginalUri(pub Uri);

/// An app that hands everything to a service of `tower`, to be mounted:
/// `app.mount("/x", tower_service(axum_router))`.
///
/// The service gets every method of every path at and below the prefix that no route of the app
/// matches, with the prefix taken away (`/` at the prefix itself), the [`OriginalUri`] and the
/// peer's `SocketAddr` among the extensions. Each request clones it, waits until it is ready and
/// calls it. What it answers is sent as it is; if it fails, the error is one of ours, a 500 unless
/// [`App::map_error`] says otherwise.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::tower::{OriginalUri, tower_service};
///
/// async fn users(Local(original): Local<OriginalUri>, req: Request) -> String {
///     format!("{} of {}", req.path(), original.0)
/// }
///
/// let service = App::new().get("/users", users).build()?;
/// let app = App::new().mount("/api", tower_service(service));
/// app.test().get("/api/users").send().assert_text("/users of /api/users");
/// # Ok::<(), cepa::BuildError>(())
/// ```
#[track_caller]
pub fn tower_service<S, B>(service: S) -> App
where
    S: Service<http::Request<Body>, Response = http::Response<B>>,
    S: Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: HttpBody<Error: Into<BoxError>> + Send + 'static,
    B::Data: Into<Bytes>,
{
    App::new().fallback(move |req: Request| {
        let service = service.clone();
        async move { ask(service, req).await }
    })
}

async fn ask<S, B>(mut service: S, req: Request) -> Result<Response>
where
    S: Service<http::Request<Body>, Response = http::Response<B>>,
    S::Error: Into<BoxError>,
    B: HttpBody<Error: Into<BoxError>> + Send + 'static,
    B::Data: Into<Bytes>,
{
    ready(&mut service).await?;
    let inside = without_prefix(&req)?;
    let (mut req, _) = req.into_http();
    let original = std::mem::replace(req.uri_mut(), inside);
    if req.extensions().get::<OriginalUri>().is_none() {
        req.extensions_mut().insert(OriginalUri(original));
    }
    let answered = service.call(req).await;
    let res = answered.map_err(Into::into)?;
    Ok(res.map(Body::wrap).into())
}

/// The URI without the prefix that the app is mounted at.
fn without_prefix(req: &Request) -> Result<Uri> {
    let prefix = req.mounted_at().len();
    if prefix == 0 {
        return Ok(req.uri().clone());
    }
    let target = req.uri().path_and_query().map_or("/", PathAndQuery::as_str);
    let target = match &target[prefix..] {
        rest if rest.starts_with('/') => PathAndQuery::try_from(rest),
        rest => PathAndQuery::try_from(format!("/{rest}")),
    };
    let mut parts = req.uri().clone().into_parts();
    parts.path_and_query = Some(target.or_bad_request("the path is malformed")?);
    Ok(Uri::from_parts(parts)?)
}

/// The app inside of `tower` and what stands on it, such as axum: `axum.nest_service("/x", service)`.
///
/// It is always ready and never fails. See [`AppService::answer_http`] for what the server around it
/// has to do.
impl<B> Service<http::Request<B>> for AppService
where
    B: HttpBody<Error: Into<BoxError>> + Send + 'static,
    B::Data: Into<Bytes>,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, req: http::Request<B>) -> Answering {
        self.answer_http(req)
    }
}
