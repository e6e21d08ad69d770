//! How an error becomes a response: in the step that failed, by the renderer of its scope.
//!
//! What the renderer may need of the request is noted before the step gets it ([`Watch`]), since
//! the step may have used the request up when it fails.

use std::fmt::Write as _;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_TYPE, ETAG, EXPIRES, LAST_MODIFIED, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::answer::by_default;
use super::context::{ErrorContext, Place};
use super::develop::{self, Scene};
use super::{Error, Watch};
use crate::chain::{BoxFuture, catch_panic};
use crate::handler::Handler;
use crate::log;
use crate::negotiate;
use crate::respond::IntoResponse;
use crate::response::Response;
use crate::service::View;

/// The form in which the client wants to read an error, by its `Accept` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorFormat {
    /// `application/problem+json` (RFC 9457); also for clients without a preference.
    Problem,
    /// `text/html`.
    Html,
    /// `text/plain`.
    Text,
}

impl ErrorFormat {
    const OFFERS: [&'static str; 3] = ["application/problem+json", "text/html", "text/plain"];
    const FORMATS: [Self; 3] = [Self::Problem, Self::Html, Self::Text];

    /// The preferred of the three forms. A client that accepts none of them gets a problem.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let Some(accept) = headers.get(ACCEPT) else {
            return Self::Problem;
        };
        // A first entry without a quality value wins in any case; spelling it out is usual.
        let end = accept
            .as_bytes()
            .iter()
            .position(|&b| b == b',' || b == b';');
        let weighed = end.is_some_and(|end| accept.as_bytes()[end] == b';');
        match &accept.as_bytes()[..end.unwrap_or(accept.len())] {
            b"*/*" if end.is_none() => Self::Problem,
            b"application/json" | b"application/problem+json" if !weighed => Self::Problem,
            b"text/html" if !weighed => Self::Html,
            b"text/plain" if !weighed => Self::Text,
            _ => {
                let accept = headers.get_all(ACCEPT).iter().map(HeaderValue::as_bytes);
                negotiate::preferred(accept, &Self::OFFERS)
                    .map_or(Self::Problem, |i| Self::FORMATS[i])
            }
        }
    }
}

/// An async function that answers for an error, or a type that carries what it needs for that; what
/// [`App::on_error`](crate::App::on_error) takes.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::ErrorRenderer;
///
/// struct Titled(String);
///
/// impl ErrorRenderer for Titled {
///     async fn render(&self, error: &Error, _: &ErrorContext) -> Response {
///         format!("{}: {}", self.0, error.message()).into_response()
///     }
/// }
///
/// let app = App::new().on_error(Titled("Shop".to_owned())).get("/", async || {
///     Error::conflict("sold out")
/// });
/// app.test().get("/").send().assert_status(409).assert_text("Shop: sold out");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an error renderer",
    label = "not an error renderer",
    note = "an error renderer is an `async fn(&Error, &ErrorContext) -> impl IntoResponse`, or a type \
            that implements `cepa::ErrorRenderer`",
    note = "a closure that captures takes what it needs before its future starts: `move |error: \
            &Error, _: &ErrorContext| {{ let (x, text) = (x.clone(), error.to_string()); async move \
            {{ .. }} }}`"
)]
pub trait ErrorRenderer: Send + Sync + 'static {
    /// Answers for the error.
    fn render(
        &self,
        error: &Error,
        context: &ErrorContext,
    ) -> impl Future<Output = Response> + Send;
}

impl<F> ErrorRenderer for F
where
    F: for<'a, 'b> Handler<(&'a Error, &'b ErrorContext)> + Send + Sync,
    for<'a, 'b> <F as Handler<(&'a Error, &'b ErrorContext)>>::Output: IntoResponse,
    for<'a, 'b> <F as Handler<(&'a Error, &'b ErrorContext)>>::Future: Send,
{
    fn render(
        &self,
        error: &Error,
        context: &ErrorContext,
    ) -> impl Future<Output = Response> + Send {
        respond(self.call((error, context)))
    }
}

async fn respond<F: Future<Output: IntoResponse>>(answer: F) -> Response {
    answer.await.into_response()
}

type RenderFuture<'a> = std::pin::Pin<Box<dyn Future<Output = Response> + Send + 'a>>;

/// The renderer of a scope, its type forgotten.
pub(crate) type Renderer = Arc<dyn AnyRenderer>;

/// An [`ErrorRenderer`] behind a pointer.
pub(crate) trait AnyRenderer: Send + Sync {
    fn render<'a>(&'a self, error: &'a Error, context: &'a ErrorContext) -> RenderFuture<'a>;
}

impl<R: ErrorRenderer> AnyRenderer for R {
    fn render<'a>(&'a self, error: &'a Error, context: &'a ErrorContext) -> RenderFuture<'a> {
        Box::pin(ErrorRenderer::render(self, error, context))
    }
}

/// Called once for each error.
pub(crate) type Observer = Arc<dyn Fn(&Error, &ErrorContext) + Send + Sync>;

impl Watch {
    /// Answers for the open error of `res`, in the scope of the step with this number.
    pub(crate) fn render<'a>(
        &self,
        view: &'a View,
        at: u32,
        mut res: Response,
    ) -> BoxFuture<'a, Response> {
        let step = &view.core.steps[at as usize];
        let (chain, first) = (step.chain, view.core.chains[step.chain].first);
        let seen = self.seen().cloned();
        let scope = &view.core.scopes[step.scope];
        let mut context = self.context(view.core.chains[step.chain].route.clone());
        // The default answer asks for no state, and is spared a counter that all cores share.
        if scope.renderer.is_some() || !scope.observers.is_empty() {
            context.place = Some(Place::new(&view.core, step.scope));
        }
        Box::pin(async move {
            let Some(mut error) = res.take_error() else {
                return res;
            };
            if !error.is_chosen() {
                let map = || scope.mappings.iter().find_map(|map| map(&error));
                if let Some(mapped) = caught(map, &context).flatten() {
                    error.become_like(mapped);
                }
            }
            log_error(&error, &context);
            for observe in &scope.observers {
                caught(|| observe(&error, &context), &context);
            }
            let develop = || {
                let scene = Scene {
                    core: &view.core,
                    chain,
                    step: at as usize - first,
                    seen: seen.as_deref()?,
                };
                caught(|| develop::answer(&error, &context, &scene), &context)
            };
            // A developer wants to know what failed, and how the app refuses.
            let is_fault = error.status().is_server_error();
            let mut answer = if is_fault { develop() } else { None };
            let renderer = scope.renderer.as_ref().filter(|_| !error.0.by_default);
            if let (None, Some(renderer)) = (&answer, renderer) {
                answer = by_app(renderer, &error, &context).await;
            }
            let answer = match answer {
                Some(answer) => answer,
                None => develop().unwrap_or_else(|| by_default(&error, &context)),
            };
            finish(res, answer, error)
        })
    }
}

/// Answers for the open error of a response that left all middleware behind: without a route, a
/// scope and its renderer.
#[cold]
pub(crate) fn render_outside(mut res: Response) -> Response {
    let Some(error) = res.take_error() else {
        return res;
    };
    let context = ErrorContext {
        format: ErrorFormat::Problem,
        method: Method::default(),
        route: None,
        request_id: None,
        place: None,
    };
    log::emit(
        log::Level::Error,
        &format!("{}: {error}", error.status().as_u16()),
    );
    let answer = by_default(&error, &context);
    finish(res, answer, error)
}

/// Calls the app's own function; its panic goes to the log, and the error is answered for anyway.
fn caught<T>(call: impl FnOnce() -> T, context: &ErrorContext) -> Option<T> {
    let called = std::panic::catch_unwind(AssertUnwindSafe(call));
    called
        .map_err(|payload| log_error(&Error::from_panic(&*payload), context))
        .ok()
}

/// Headers that would describe a body which is not sent, or let its error be kept in its place.
const OF_THE_BODY: [HeaderName; 9] = [
    CONTENT_LENGTH,
    CONTENT_ENCODING,
    CONTENT_RANGE,
    CONTENT_DISPOSITION,
    CONTENT_TYPE,
    ETAG,
    LAST_MODIFIED,
    CACHE_CONTROL,
    EXPIRES,
];

pub(crate) fn remove_of_the_body(headers: &mut HeaderMap) {
    for name in OF_THE_BODY {
        headers.remove(name);
    }
}

/// Puts the renderer's answer into the response that failed, whose other headers stay.
fn finish(mut res: Response, answer: Response, error: Error) -> Response {
    let status = match answer.status() {
        chosen if chosen == StatusCode::OK || chosen.is_informational() => error.status(),
        chosen => chosen,
    };
    remove_of_the_body(res.headers_mut());
    let (headers, body) = answer.into_headers_and_body();
    let varies: Vec<HeaderValue> = res.headers().get_all(VARY).iter().cloned().collect();
    if res.headers().is_empty() {
        *res.headers_mut() = headers;
    } else {
        for name in headers.keys() {
            res.headers_mut().remove(name);
        }
        res.headers_mut().extend(headers);
    }
    for varies in varies {
        res.headers_mut().append(VARY, varies);
    }
    for (name, value) in error.headers() {
        res.headers_mut().append(name, value.clone());
    }
    res.set_status(status);
    res.set_body(body);
    res.attach(error);
    res
}

/// The app's own renderer; none where it fails itself.
async fn by_app(renderer: &Renderer, error: &Error, context: &ErrorContext) -> Option<Response> {
    let answer = async { AssertUnwindSafe(renderer.render(error, context)).await };
    let failure = match catch_panic(answer).await {
        Ok(mut answer) if answer.has_open_error() => answer.take_error(),
        Ok(answer) => return Some(answer),
        Err(panic) => Some(panic),
    };
    if let Some(failure) = failure {
        // It is the program's fault, whatever status it has.
        let place = failure.location();
        let failure = Error::internal("`on_error` failed").with_source(failure.into_boxed());
        log_error(&failure.with_location(place), context);
    }
    None
}

/// Says it to the log: a fault of the program as an error, one of the client for debugging.
pub(crate) fn log_error(error: &Error, context: &ErrorContext) {
    let level = if error.status().is_server_error() {
        log::Level::Error
    } else {
        log::Level::Debug
    };
    if !log::enabled(level) {
        return;
    }
    let mut line = format!("{} ", context.method);
    match &context.route {
        Some(route) => line.push_str(route.path()),
        None => line.push_str("(no route)"),
    }
    let _ = write!(
        line,
        " {}: {error}{}",
        error.status().as_u16(),
        error.origin()
    );
    if let Some(id) = &context.request_id {
        let _ = write!(line, " request_id={id}");
    }
    log::emit(level, &line);
}
