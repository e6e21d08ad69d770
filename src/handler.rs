//! The end of a chain: an async function whose arguments are extractors.
//!
//! Before it: all middleware. After it: the response travels back out.

use std::any::TypeId;
use std::borrow::Cow;
use std::fmt;
use std::future::{Future, Ready};
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use http::Method;

use crate::chain::{BoxFuture, Run};
use crate::error::Error;
use crate::extract::{Extract, OneBody, Slot};
use crate::middleware::{AnyMiddleware, IntoMiddleware, Middleware, Next};
use crate::preflight::Need;
use crate::request::Request;
use crate::respond::IntoResponse;
use crate::response::Response;

/// An async function of zero to eight extractors that returns something [`IntoResponse`].
///
/// The methods wrap or name one handler before it is given to a route:
///
/// ```
/// use cepa::prelude::*;
///
/// async fn no_store(req: Request, next: Next) -> Response {
///     let mut res = next.run(req).await;
///     res.set_header("cache-control", "no-store");
///     res
/// }
///
/// async fn show(Path(id): Path<u64>) -> String {
///     format!("user {id}")
/// }
///
/// let app = App::new().get("/users/{id}", show.with(no_store).named("user.show"));
/// app.test().get("/users/7").send().assert_text("user 7").assert_header("cache-control", "no-store");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    label = "not a handler",
    note = "a handler is an `async fn` of at most eight arguments"
)]
pub trait Handler<Args>: Sized + 'static {
    /// What the future resolves to.
    type Output;
    /// What a call returns.
    type Future: Future<Output = Self::Output>;

    /// Calls the function.
    #[doc(hidden)]
    fn call(&self, args: Args) -> Self::Future;

    /// Wraps this handler, and no other, in a middleware. The first written is the outermost.
    #[track_caller]
    #[must_use]
    fn with<M, S, K, KA>(self, middleware: M) -> Endpoint
    where
        Self: IntoEndpoint<Args, KA>,
        M: IntoMiddleware<S, K>,
    {
        let mut endpoint = self.into_endpoint();
        let location = Location::caller();
        endpoint
            .middleware
            .extend(middleware.into_middleware().map(|m| (m, location)));
        endpoint
    }

    /// Gives this handler the name by which links refer to it, instead of its path in the crate.
    #[must_use]
    fn named<KA>(self, name: &'static str) -> Endpoint
    where
        Self: IntoEndpoint<Args, KA>,
    {
        Endpoint {
            name: Cow::Borrowed(name),
            is_named: true,
            ..self.into_endpoint()
        }
    }

    /// Runs this handler to its end even if the client goes away; it is waited for at a graceful
    /// stop. Without it, a disconnect drops the handler's future.
    #[track_caller]
    #[must_use]
    fn finish_on_disconnect<KA>(self) -> Endpoint
    where
        Self: IntoEndpoint<Args, KA>,
    {
        let mut endpoint = self.into_endpoint();
        endpoint
            .middleware
            .push((AnyMiddleware::new(Finish), Location::caller()));
        endpoint
    }
}

/// Everything a route takes: a [`Handler`] whose arguments are extractors, of which at most one
/// reads the body, and whose output is a response; or an [`Endpoint`].
///
/// `Reads` says what each argument reads; the compiler finds it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    label = "not a handler",
    note = "a handler is an `async fn`, or a function that returns a future, of at most eight \
            arguments, each an extractor: `async fn show(Path(id): Path<u64>) -> String`",
    note = "a closure that captures hands a clone to each call, `move || {{ let x = x.clone(); async \
            move {{ .. }} }}`; or pass the value with `.state(..)` and take `State<T>`"
)]
pub trait IntoEndpoint<Args, Reads>: Sized {
    #[doc(hidden)]
    fn into_endpoint(self) -> Endpoint;
}

impl<H, A, K> IntoEndpoint<A, K> for H
where
    H: Handler<A> + Send + Sync,
    H::Future: Send,
    H::Output: IntoResponse,
    A: Extract<K> + OneBody<K>,
    K: 'static,
{
    fn into_endpoint(self) -> Endpoint {
        Endpoint {
            handler: TypeId::of::<Self>(),
            name: crate::names::link::<Self>(),
            function: crate::names::link::<Self>(),
            is_named: false,
            needs: [A::requires(), H::Output::needs()].concat(),
            middleware: Vec::new(),
            run: Arc::new(OfHandler::<Self, A, K>(self, PhantomData)),
        }
    }
}

/// A handler as the last step, with what its arguments are and read.
struct OfHandler<H, A, K>(H, PhantomData<fn() -> (A, K)>);

impl<H, A, K> Run for OfHandler<H, A, K>
where
    H: Handler<A, Future: Send, Output: IntoResponse> + Send + Sync,
    A: Extract<K>,
{
    fn run(&self, req: Request) -> BoxFuture<'_, Response> {
        Box::pin(async move {
            let head = *req.method() == Method::HEAD;
            let mut slot = Slot::new(req);
            let args = match A::extract(&mut slot).await {
                Ok(args) => args,
                Err(error) => return error.into_response(),
            };
            drop(slot);
            let mut res = self.0.call(args).await.into_response();
            res.check_length(head);
            res
        })
    }
}

/// A handler whose type is forgotten, with its name and the middleware of its own.
#[derive(Clone)]
pub struct Endpoint {
    pub(crate) run: Arc<dyn Run>,
    pub(crate) handler: TypeId,
    pub(crate) name: Cow<'static, str>,
    /// The path of the function in its crate, whatever its name is.
    pub(crate) function: Cow<'static, str>,
    /// The name was given by `named`.
    pub(crate) is_named: bool,
    pub(crate) needs: Vec<Need>,
    pub(crate) middleware: Vec<(AnyMiddleware, &'static Location<'static>)>,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.name).finish()
    }
}

/// The arguments of an [`Endpoint`]: none, since its handler already knows its own.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "it has no value, and never will")]
pub enum Known {}

#[diagnostic::do_not_recommend]
impl Handler<Known> for Endpoint {
    type Output = Response;
    type Future = Ready<Response>;

    fn call(&self, args: Known) -> Self::Future {
        match args {}
    }
}

#[diagnostic::do_not_recommend]
impl IntoEndpoint<Known, ()> for Endpoint {
    fn into_endpoint(self) -> Endpoint {
        self
    }
}

/// Moves the rest of the chain into a task of its own, so that a disconnect does not drop it.
struct Finish;

impl Middleware for Finish {
    async fn handle(&self, req: Request, next: Next) -> Response {
        let view = Arc::clone(req.view());
        match view.lifecycle.spawn(next.run(req)).await {
            Ok(res) => res,
            Err(gone) => {
                Error::internal(format!("the handler's task ended early: {gone}")).into_response()
            }
        }
    }

    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed("finish_on_disconnect")
    }
}

/// A function of this many arguments as a handler.
macro_rules! function_handler {
    ($($arg:ident)*) => {
        #[allow(non_snake_case, reason = "the type parameters name the arguments too")]
        #[diagnostic::do_not_recommend]
        impl<F, Fut, $($arg,)*> Handler<($($arg,)*)> for F
        where
            F: Fn($($arg,)*) -> Fut + 'static,
            Fut: Future,
        {
            type Output = Fut::Output;
            type Future = Fut;

            fn call(&self, ($($arg,)*): ($($arg,)*)) -> Fut {
                self($($arg,)*)
            }
        }
    };
}

function_handler!();
function_handler!(A1);
function_handler!(A1 A2);
function_handler!(A1 A2 A3);
function_handler!(A1 A2 A3 A4);
function_handler!(A1 A2 A3 A4 A5);
function_handler!(A1 A2 A3 A4 A5 A6);
function_handler!(A1 A2 A3 A4 A5 A6 A7);
function_handler!(A1 A2 A3 A4 A5 A6 A7 A8);
