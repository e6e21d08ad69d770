//! What can be given to `with`: types, functions with leading extractors, and `Option`s of them.
//!
//! Functions match by their number of arguments alone ([`MiddlewareLike`]). That each leading
//! argument is an extractor and the output a response are bounds of the one impl of
//! [`IntoMiddleware`], so the compiler names the one that does not hold.

use std::borrow::Cow;
use std::fmt;
use std::future::{Future, Ready};
use std::marker::PhantomData;
use std::sync::Arc;

use super::{Middleware, Next};
use crate::chain::{BoxFuture, Run};
use crate::extract::{Extract, HeadOnly, Slot};
use crate::preflight::{Need, Provided};
use crate::request::Request;
use crate::respond::IntoResponse;
use crate::response::Response;

/// A middleware whose type is forgotten, with what the build has to know of it.
#[derive(Clone)]
pub struct AnyMiddleware {
    pub(crate) run: Arc<dyn Run>,
    pub(crate) name: Cow<'static, str>,
    pub(crate) needs: Vec<Need>,
    pub(crate) provides: Vec<Provided>,
    /// What is wrong with its options.
    pub(crate) problems: Vec<String>,
}

impl AnyMiddleware {
    pub(crate) fn new<M: Middleware>(middleware: M) -> Self {
        Self {
            name: middleware.name(),
            needs: middleware.requires(),
            provides: middleware.provides(),
            problems: middleware.problems(),
            run: Arc::new(OfType(middleware)),
        }
    }
}

/// A type as a step.
struct OfType<M>(M);

impl<M: Middleware> Run for OfType<M> {
    fn run(&self, req: Request) -> BoxFuture<'_, Response> {
        Box::pin(self.0.handle(req, Next::new()))
    }
}

/// A function as a step, with what its leading arguments are and read.
struct OfFunction<F, A, K>(F, PhantomData<fn() -> (A, K)>);

impl fmt::Debug for AnyMiddleware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyMiddleware").field(&self.name).finish()
    }
}

/// Everything [`App::with`](crate::App::with) takes: a [`Middleware`], an
/// `async fn(.., Request, Next) -> impl IntoResponse` with up to eight leading extractors, or an
/// `Option` of either, where `None` adds nothing.
///
/// `Shape` says which of these it is, `Reads` what each leading argument reads; the compiler finds
/// both.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a middleware",
    label = "not a middleware",
    note = "a middleware is an `async fn(Request, Next) -> Response`, with up to eight extractors \
            before `Request`, or a type that implements `cepa::Middleware`",
    note = "a closure that captures hands a clone to each call: `move |req: Request, next: Next| {{ \
            let x = x.clone(); async move {{ .. }} }}`",
    note = "what implements `cepa::Extension` is added by `.plug(..)`"
)]
pub trait IntoMiddleware<Shape, Reads> {
    #[doc(hidden)]
    fn into_middleware(self) -> Option<AnyMiddleware>;
}

impl<M, S, K> IntoMiddleware<S, K> for M
where
    M: MiddlewareLike<S> + Send + Sync,
    M::Future: Send,
    M::Output: IntoResponse,
    M::Args: Extract<K> + HeadOnly<K>,
    K: 'static,
{
    fn into_middleware(self) -> Option<AnyMiddleware> {
        self.erase()
    }
}

/// Everything of the shape of a middleware, whatever its arguments and output are.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a middleware",
    label = "not a middleware"
)]
pub trait MiddlewareLike<Shape>: Sized {
    /// The leading extractors, as a tuple.
    type Args;
    /// What the future resolves to.
    type Output;
    /// What a call returns.
    type Future;

    #[doc(hidden)]
    fn erase<K: 'static>(self) -> Option<AnyMiddleware>
    where
        Self: Send + Sync,
        Self::Args: Extract<K>,
        Self::Output: IntoResponse,
        Self::Future: Send;
}

/// Shape of a type that implements [`Middleware`].
#[derive(Debug)]
pub struct IsType;

/// Shape of a function with the leading extractors `A`.
#[derive(Debug)]
pub struct IsFunction<A>(PhantomData<A>);

/// Shape of an `Option` of the shape `S`.
#[derive(Debug)]
pub struct IsOption<S>(PhantomData<S>);

impl<M: Middleware> MiddlewareLike<IsType> for M {
    type Args = ();
    type Output = Response;
    type Future = Ready<Response>;

    fn erase<K: 'static>(self) -> Option<AnyMiddleware> {
        Some(AnyMiddleware::new(self))
    }
}

#[diagnostic::do_not_recommend]
impl<M, S> MiddlewareLike<IsOption<S>> for Option<M>
where
    M: MiddlewareLike<S> + Send + Sync,
{
    type Args = M::Args;
    type Output = M::Output;
    type Future = M::Future;

    fn erase<K: 'static>(self) -> Option<AnyMiddleware>
    where
        Self: Send + Sync,
        Self::Args: Extract<K>,
        Self::Output: IntoResponse,
        Self::Future: Send,
    {
        self.and_then(M::erase)
    }
}

/// A function as a middleware: extracts its leading arguments, then calls it.
macro_rules! function_middleware {
    ($($arg:ident)*) => {
        #[allow(non_snake_case, reason = "the type parameters name the arguments too")]
        impl<F, Fut, K, $($arg,)*> Run for OfFunction<F, ($($arg,)*), K>
        where
            F: Fn($($arg,)* Request, Next) -> Fut + Send + Sync,
            Fut: Future<Output: IntoResponse> + Send,
            ($($arg,)*): Extract<K>,
        {
            fn run(&self, req: Request) -> BoxFuture<'_, Response> {
                Box::pin(async move {
                    let mut slot = Slot::new(req);
                    let ($($arg,)*) = match <($($arg,)*)>::extract(&mut slot).await {
                        Ok(args) => args,
                        Err(error) => return error.into_response(),
                    };
                    self.0($($arg,)* slot.take(), Next::new()).await.into_response()
                })
            }
        }

        #[allow(non_snake_case, reason = "the type parameters name the arguments too")]
        #[diagnostic::do_not_recommend]
        impl<F, Fut, $($arg: 'static,)*> MiddlewareLike<IsFunction<($($arg,)*)>> for F
        where
            F: Fn($($arg,)* Request, Next) -> Fut + 'static,
            Fut: Future,
        {
            type Args = ($($arg,)*);
            type Output = Fut::Output;
            type Future = Fut;

            fn erase<K: 'static>(self) -> Option<AnyMiddleware>
            where
                Self: Send + Sync,
                Self::Args: Extract<K>,
                Self::Output: IntoResponse,
                Self::Future: Send,
            {
                Some(AnyMiddleware {
                    name: crate::names::short::<F>(),
                    needs: Self::Args::requires(),
                    provides: vec![Provided::anything()],
                    problems: Vec::new(),
                    run: Arc::new(OfFunction::<F, Self::Args, K>(self, PhantomData)),
                })
            }
        }
    };
}

function_middleware!();
function_middleware!(A1);
function_middleware!(A1 A2);
function_middleware!(A1 A2 A3);
function_middleware!(A1 A2 A3 A4);
function_middleware!(A1 A2 A3 A4 A5);
function_middleware!(A1 A2 A3 A4 A5 A6);
function_middleware!(A1 A2 A3 A4 A5 A6 A7);
function_middleware!(A1 A2 A3 A4 A5 A6 A7 A8);
