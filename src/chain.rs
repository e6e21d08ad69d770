//! The chain: one frozen array of steps per route, walked by index.
//!
//! Before it: the router chose the chain. Its last step is the handler. Each step is one boxed
//! future, and around it the step's error becomes a response and its panic becomes an error.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::error::{Error, Watch};
use crate::request::Request;
use crate::respond::IntoResponse;
use crate::response::Response;
use crate::router::Route;
use crate::service::View;

/// A boxed future that can move between threads.
pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a step runs: a middleware or a handler, its type forgotten.
pub(crate) trait Run: Send + Sync {
    /// The one allocation of a step is the future made here.
    fn run(&self, req: Request) -> BoxFuture<'_, Response>;
}

/// One step of a chain, and where it was written.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) run: Arc<dyn Run>,
    pub(crate) scope: usize,
    pub(crate) chain: usize,
}

/// The steps of one route, outermost first; the last one is the handler.
pub(crate) struct Chain {
    /// The first step, in the array of all steps.
    pub(crate) first: usize,
    /// The route this chain belongs to; `None` for fallbacks and automatic answers.
    pub(crate) route: Option<Arc<Route>>,
    /// Names of the captured parameters, those of the host first.
    pub(crate) params: Box<[Box<str>]>,
}

/// Runs the next step of a request, and with it all those inside. Its error is rendered, its panic
/// is an error.
///
/// Each middleware awaits this in its own future, so the step is borrowed from the service for as
/// long as it runs. A block, since an `async fn` would keep its argument twice.
#[inline]
pub(crate) fn enter(req: Request) -> impl Future<Output = Response> + Send + use<> {
    let view = Arc::clone(req.view());
    async move { enter_in(&view, req).await }
}

/// The same for one who has the view at hand.
#[inline]
pub(crate) fn enter_in(view: &View, mut req: Request) -> impl Future<Output = Response> + Send {
    Running {
        view,
        at: req.advance(),
        watch: req.watch().clone(),
        state: State::New(req),
    }
}

/// A step from its first poll on.
struct Running<'a> {
    view: &'a View,
    at: u32,
    watch: Watch,
    state: State<'a>,
}

enum State<'a> {
    New(Request),
    Begun(BoxFuture<'a, Response>),
    /// The step failed; its error is on the way to a response.
    Failed(BoxFuture<'a, Response>),
    Over,
}

impl<'a> Running<'a> {
    fn step(&self) -> &'a Step {
        &self.view.core.steps[self.at as usize]
    }

    /// Runs the step itself, out of which a panic may come.
    #[inline]
    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<Response> {
        let mut step = match std::mem::replace(&mut self.state, State::Over) {
            State::New(req) => self.step().run.run(req),
            State::Begun(step) => step,
            State::Failed(_) | State::Over => return Poll::Pending,
        };
        let poll = step.as_mut().poll(cx);
        if poll.is_pending() {
            self.state = State::Begun(step);
        }
        poll
    }

    #[cold]
    fn fail(&mut self, failed: Response, cx: &mut Context<'_>) -> Poll<Response> {
        let mut answer = self.watch.render(self.view, self.at, failed);
        let poll = answer.as_mut().poll(cx);
        self.state = State::Failed(answer);
        poll
    }
}

impl Future for Running<'_> {
    type Output = Response;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        if let State::Failed(answer) = &mut self.state {
            return answer.as_mut().poll(cx);
        }
        match catch_unwind(AssertUnwindSafe(|| self.advance(cx))) {
            Ok(Poll::Ready(res)) if res.has_open_error() => self.fail(res, cx),
            Ok(Poll::Ready(mut res)) if res.is_interim() => {
                res.refuse_interim();
                self.fail(res, cx)
            }
            Ok(poll) => poll,
            Err(panic) => self.fail(Error::from_panic(&*panic).into_response(), cx),
        }
    }
}

/// Polls a future to its end; a panic in it is an [`Error`] with status 500.
pub(crate) async fn catch_panic<F: Future>(future: F) -> Result<F::Output, Error> {
    let mut future = pin!(future);
    std::future::poll_fn(move |cx| {
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err(Error::from_panic(&*payload))),
        }
    })
    .await
}
