//! The chain: one frozen array of steps per route, walked by index.
//!
//! Before it: the router chose the chain. Its last step is the handler. Each step owns one boxed
//! future; in it, the step's error becomes a response and its panic becomes an error.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::error::Error;
use crate::middleware::Next;
use crate::request::Request;
use crate::respond::IntoResponse;
use crate::response::Response;
use crate::router::Route;

/// A boxed future that can move between threads.
pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// How a step is entered: at its position, with the request.
pub(crate) type Enter = fn(Next, Request) -> BoxFuture<Response>;

/// A step's object, its type forgotten, and the function that still knows the type.
#[derive(Clone)]
pub(crate) struct Erased {
    pub(crate) object: Arc<dyn Any + Send + Sync>,
    pub(crate) enter: Enter,
}

/// One step of a chain, and the scope it was written in.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) run: Erased,
    pub(crate) scope: usize,
}

/// The steps of one route, outermost first; the last one is the handler.
pub(crate) struct Chain {
    pub(crate) steps: Vec<Step>,
    /// The route this chain belongs to; `None` for fallbacks and automatic answers.
    pub(crate) route: Option<Arc<Route>>,
    /// Names of the captured parameters, those of the host first.
    pub(crate) params: Box<[Box<str>]>,
}

/// Polls a step to its end. `Err` is a response whose error, or panic, is still to be rendered.
///
/// It takes the step by pin: a future that passes through `async fn`s by value is copied into each.
pub(crate) struct Caught<'a, F: ?Sized>(pub(crate) Pin<&'a mut F>);

impl<F: Future<Output = Response> + ?Sized> Future for Caught<'_, F> {
    type Output = Result<Response, Response>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        poll_caught(self.0.as_mut(), cx).map(|done| match done {
            Ok(res) if !res.has_open_error() => Ok(res),
            Ok(res) => Err(res),
            Err(panic) => Err(panic.into_response()),
        })
    }
}

fn poll_caught<F: Future + ?Sized>(
    future: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Poll<Result<F::Output, Error>> {
    match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
        Ok(poll) => poll.map(Ok),
        Err(payload) => Poll::Ready(Err(Error::from_panic(&*payload))),
    }
}

/// A step whose type is forgotten, so that catching is not compiled once per handler.
pub(crate) type AnyStep<'a> = Pin<&'a mut (dyn Future<Output = Response> + Send)>;

/// Polls a future to its end; a panic in it is an [`Error`] with status 500.
pub(crate) async fn catch_panic<F: Future>(future: F) -> Result<F::Output, Error> {
    let mut future = pin!(future);
    std::future::poll_fn(move |cx| poll_caught(future.as_mut(), cx)).await
}
