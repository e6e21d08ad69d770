//! `tower(layer)`: a layer as a middleware. The layer is around [`NextService`], which is the rest
//! of the chain.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use http_body::Body as HttpBody;
use tower_layer::Layer;
use tower_service::Service;

use super::passage::{self, Missing};
use crate::{
    Body, BoxError, Bytes, Error, IntoResponse, Middleware, Next, Provided, Request, Response,
    Result,
};

/// A layer of `tower` as a middleware; made by [`tower()`].
pub struct Tower<L: Layer<NextService>> {
    layer: L,
    service: OnceLock<L::Service>,
    inside: NextService,
}

/// A layer of `tower` as a middleware: `app.with(tower(CorsLayer::permissive()))`.
///
/// It wraps what any middleware wraps there. Several layers in one go are a
/// `tower::ServiceBuilder`, which is a layer too.
///
/// The layer is asked for its service once, when the first request comes, inside of the runtime;
/// each request clones that service, waits until it is ready and calls it.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::tower::tower;
///
/// let layer = tower_layer::Identity::new();
/// let app = App::new().with(tower(layer)).get("/{n}", async |Path(n): Path<u8>| n.to_string());
/// assert!(app.routes().to_string().contains("tower(Identity)"));
/// app.test().get("/7").send().assert_text("7");
/// ```
#[must_use = "a layer does nothing until it is given to `with`"]
pub fn tower<L, B>(layer: L) -> Tower<L>
where
    L: Layer<NextService> + Send + Sync + 'static,
    L::Service: Service<http::Request<Body>, Response = http::Response<B>>,
    L::Service: Clone + Send + Sync + 'static,
    <L::Service as Service<http::Request<Body>>>::Error: Into<BoxError>,
    <L::Service as Service<http::Request<Body>>>::Future: Send,
    B: HttpBody<Error: Into<BoxError>> + Send + 'static,
    B::Data: Into<Bytes>,
{
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let inside = NextService {
        number: COUNT.fetch_add(1, Ordering::Relaxed),
        layer: name::<L>(),
    };
    Tower {
        layer,
        service: OnceLock::new(),
        inside,
    }
}

/// Waits until a service takes a request.
pub(super) async fn ready<S>(service: &mut S) -> Result<()>
where
    S: Service<http::Request<Body>, Error: Into<BoxError>>,
{
    let ready = std::future::poll_fn(|cx| service.poll_ready(cx)).await;
    ready.map_err(|error| error.into().into())
}

/// The name of a type without its path and its parameters.
fn name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    let plain = name.split('<').next().unwrap_or(name);
    plain.rsplit("::").next().unwrap_or(plain)
}

impl<L, B> Middleware for Tower<L>
where
    L: Layer<NextService> + Send + Sync + 'static,
    L::Service: Service<http::Request<Body>, Response = http::Response<B>>,
    L::Service: Clone + Send + Sync + 'static,
    <L::Service as Service<http::Request<Body>>>::Error: Into<BoxError>,
    <L::Service as Service<http::Request<Body>>>::Future: Send,
    B: HttpBody<Error: Into<BoxError>> + Send + 'static,
    B::Data: Into<Bytes>,
{
    async fn handle(&self, req: Request, next: Next) -> Response {
        let build = || self.layer.layer(self.inside.clone());
        let mut service = self.service.get_or_init(build).clone();
        if let Err(error) = ready(&mut service).await {
            return error.into_response();
        }
        let req = passage::give(req, next, self.inside.number);
        match service.call(req).await {
            Ok(res) => passage::take_back(res.map(Body::wrap)),
            Err(error) => Error::from(error.into()).into_response(),
        }
    }

    fn name(&self) -> Cow<'static, str> {
        Cow::Owned(format!("tower({})", self.inside.layer))
    }

    fn provides(&self) -> Vec<Provided> {
        vec![Provided::anything()]
    }
}

impl<L: Layer<NextService>> fmt::Debug for Tower<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tower").field(&self.inside.layer).finish()
    }
}

/// The rest of the chain as a service of `tower`: what a layer that is given to [`tower()`] wraps.
///
/// It takes requests of any body and is always ready. It needs the extensions of the request that
/// came in, and answers once for each; otherwise it fails with an [`Error`] that says so.
#[derive(Clone, Debug)]
pub struct NextService {
    number: u64,
    layer: &'static str,
}

impl<B> Service<http::Request<B>> for NextService
where
    B: HttpBody<Error: Into<BoxError>> + Send + 'static,
    B::Data: Into<Bytes>,
{
    type Response = http::Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, req: http::Request<B>) -> Self::Future {
        match passage::take(req, self.number) {
            Ok((req, next)) => Box::pin(async move { Ok(passage::give_back(next.run(req).await)) }),
            Err(missing) => {
                let error = self.misused(missing).into_boxed();
                Box::pin(std::future::ready(Err(error)))
            }
        }
    }
}

impl NextService {
    #[cold]
    fn misused(&self, missing: Missing) -> Error {
        let layer = self.layer;
        Error::internal(match missing {
            Missing::Dropped => format!(
                "the tower layer `{layer}` passed a request on without the extensions it came with: \
                 make it from all parts of the request, as `Request::from_parts` does"
            ),
            Missing::Taken => format!(
                "the tower layer `{layer}` called the service inside of it twice for one request: \
                 what is inside runs once, so retry in a client or in the handler"
            ),
        })
    }
}
