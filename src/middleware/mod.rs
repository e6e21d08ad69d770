//! The contract: a middleware gets the request and the [`Next`] of its chain, and answers.
//!
//! Before it: the middleware written above it. After it: those below, then the handler.

mod body_limit;
mod concurrency;
mod conditional;
mod cors;
mod cross_origin;
mod csp;
mod csp_nonce;
mod function;
mod host_guard;
mod logger;
mod method_override;
mod normalize_path;
mod origin;
mod provide;
mod request_id;
mod secure;
mod secure_headers;
mod server_timing;
mod timeout;
mod timings;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;

pub use body_limit::BodyLimit;
pub use concurrency::Concurrency;
pub use conditional::Conditional;
pub use cors::Cors;
pub use cross_origin::CrossOrigin;
pub use csp::Csp;
pub use csp_nonce::CspNonce;
pub use function::{AnyMiddleware, IntoMiddleware, IsFunction, IsOption, IsType, MiddlewareLike};
pub use host_guard::HostGuard;
pub(crate) use host_guard::{is_host_open, warn_of_open_host};
pub use logger::Logger;
pub use method_override::MethodOverride;
pub use normalize_path::NormalizePath;
pub use provide::{Provide, provide};
pub use request_id::RequestId;
pub use secure::Secure;
pub use secure_headers::SecureHeaders;
pub use server_timing::ServerTiming;
pub use timeout::{Timeout, TimeoutError};
pub use timings::Timings;

use crate::preflight::{Need, Provided};
use crate::request::Request;
use crate::respond::IntoResponse;
use crate::response::Response;

/// What stands around the handler: sees the request on its way in and the response on its way out.
///
/// Most middleware is an `async fn(Request, Next) -> Response`; a type implements this trait to
/// carry options.
///
/// ```
/// use cepa::prelude::*;
///
/// struct Stamp(&'static str);
///
/// impl Middleware for Stamp {
///     async fn handle(&self, req: Request, next: Next) -> Response {
///         let mut res = next.run(req).await;
///         res.set_header("x-stamp", self.0);
///         res
///     }
/// }
///
/// let app = App::new().with(Stamp("blue")).get("/", async || "hello");
/// app.test().get("/").send().assert_header("x-stamp", "blue");
/// ```
pub trait Middleware: Send + Sync + 'static {
    /// Answers the request, usually by `next.run(req).await`.
    ///
    /// What it returns is always a finished response for the middleware outside of it: an
    /// [`Error`](crate::Error) turned into a response is rendered as soon as this returns.
    fn handle(&self, req: Request, next: Next) -> impl Future<Output = Response> + Send;

    /// The name shown in route tables and messages. Default: the type's name without its path.
    fn name(&self) -> Cow<'static, str> {
        crate::names::short::<Self>()
    }

    /// What must be there for this middleware to work; checked by [`App::build`](crate::App::build).
    fn requires(&self) -> Vec<Need> {
        Vec::new()
    }

    /// What this middleware puts into the request for those inside of it.
    fn provides(&self) -> Vec<Provided> {
        Vec::new()
    }

    /// What is wrong with its options: a sentence with the fix for each.
    /// [`App::build`](crate::App::build) reports them with the line that added this middleware.
    fn problems(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The rest of the chain, from the inside of one middleware down to the handler.
///
/// It is consumed by [`run`](Self::run), so the rest runs at most once. The position in the chain is
/// the request's; this is the right to go on.
///
/// ```
/// use cepa::prelude::*;
///
/// async fn closed_at_night(req: Request, next: Next) -> Result<Response> {
///     if req.header("x-hour") == Some("3") {
///         return Err(Error::unavailable("come back in the morning")); // the rest does not run
///     }
///     Ok(next.run(req).await.with_header("x-open", "yes"))
/// }
///
/// let client = App::new().with(closed_at_night).get("/", async || "hello").test();
/// client.get("/").send().assert_text("hello").assert_header("x-open", "yes");
/// client.get("/").header("x-hour", "3").send().assert_status(503);
/// ```
#[must_use = "the handler only runs if `next.run(req)` is awaited"]
pub struct Next(());

impl Next {
    pub(crate) fn new() -> Self {
        Self(())
    }

    /// Runs the rest of the chain and returns its response.
    ///
    /// It always is a response: where something inside failed, it carries the error
    /// ([`Response::error`]).
    #[inline]
    pub fn run(self, req: Request) -> impl Future<Output = Response> + Send + 'static {
        crate::chain::enter(req)
    }

    /// Answers in place of the rest of the chain, as a `return` does, with one difference: in
    /// [`before_routing`](crate::App::before_routing), where the app's own middleware is still to come,
    /// that runs around this answer, as around its 404. So a redirect or refusal before the match is
    /// logged and has its id and headers.
    ///
    /// ```
    /// use cepa::prelude::*;
    /// use cepa::RequestId;
    ///
    /// async fn no_php(req: Request, next: Next) -> Response {
    ///     match req.path().ends_with(".php") {
    ///         true => next.answer(req, Error::not_found("there is no PHP here")).await,
    ///         false => next.run(req).await,
    ///     }
    /// }
    ///
    /// let app = App::new().before_routing(no_php).with(RequestId::new()).get("/", async || "home");
    /// let res = app.test().get("/wp-login.php").send();
    /// res.assert_status(404);
    /// assert!(res.header("x-request-id").is_some());
    /// ```
    pub fn answer(
        self,
        mut req: Request,
        answer: impl IntoResponse,
    ) -> impl Future<Output = Response> + Send {
        let answer = answer.into_response();
        let rest = match req.is_placed() {
            true => Err(answer),
            false => {
                req.decide(answer);
                Ok(self.run(req))
            }
        };
        async move {
            match rest {
                Ok(rest) => rest.await,
                Err(answer) => answer,
            }
        }
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Next")
    }
}
