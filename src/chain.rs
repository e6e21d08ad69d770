//! The chain: one frozen array of steps per route, walked by index.
//!
//! Before it: the router chose the chain. Its last step is the handler. Each step owns one boxed
//! future; in it, the step's error becomes a response and its panic becomes an error.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use crate::error::{Error, Watch};
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

/// Drives what a step does to a finished response, rendering its error or its panic.
pub(crate) async fn settle(
    at: &Next,
    watch: Watch,
    step: impl Future<Output = Response> + Send,
) -> Response {
    let res = match catch_panic(step).await {
        Ok(res) if !res.has_open_error() => return res,
        Ok(res) => res,
        Err(panic) => panic.into_response(),
    };
    watch.render(at, res).await
}

/// Polls a future to its end; a panic in it is an [`Error`] with status 500.
pub(crate) async fn catch_panic<F: Future>(future: F) -> Result<F::Output, Error> {
    let mut future = pin!(future);
    std::future::poll_fn(move |cx| {
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(payload) => Poll::Ready(Err(Error::from_panic(&*payload))),
        }
    })
    .await
}
