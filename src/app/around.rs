//! `with_each`: a middleware of its own around each step of the chains.
//!
//! Before it: the links of a chain. After it: the same with those in between that were made here.

use std::fmt;
use std::sync::Arc;

use super::{App, Place};
use crate::middleware::{AnyMiddleware, IntoMiddleware};
use crate::router::Route;

/// A step of a chain, as [`App::with_each`] shows it: a middleware, or the handler at the end.
#[derive(Clone, Copy)]
pub struct StepInfo<'a> {
    pub(super) name: &'a str,
    pub(super) is_handler: bool,
    pub(super) route: Option<&'a Route>,
}

impl<'a> StepInfo<'a> {
    /// Its name, as in the table of routes: `Logger`, `users::show`.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Whether it is a handler, of a route or a fallback; otherwise it is a middleware.
    #[must_use]
    pub fn is_handler(&self) -> bool {
        self.is_handler
    }

    /// The route it is a step of; `None` where the chain answers for what no route matches.
    #[must_use]
    pub fn route(&self) -> Option<&'a Route> {
        self.route
    }
}

impl fmt::Debug for StepInfo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepInfo")
            .field("name", &self.name)
            .field("is_handler", &self.is_handler)
            .field("route", &self.route.map(Route::path))
            .finish()
    }
}

type Make = dyn Fn(&StepInfo<'_>) -> Option<AnyMiddleware> + Send + Sync;

/// What [`App::with_each`] was given, with its line.
pub(super) struct Around {
    make: Box<Make>,
    pub(super) place: Place,
    /// How many of the app's middleware stand before it, and so outside.
    pub(super) after: usize,
}

impl Around {
    pub(super) fn make(&self, step: &StepInfo<'_>) -> Option<AnyMiddleware> {
        (self.make)(step)
    }
}

impl App {
    /// Wraps each step inside in a middleware of its own, made by this function when the app is
    /// built: for times and traces of the single steps. What does not use it costs nothing.
    ///
    /// Steps are the middleware written after this in this app, those of the apps mounted in it and
    /// of single handlers, and the handlers, fallbacks included; automatic answers are none. What is
    /// made runs in the scope of its step: in a mounted app it sees that app's state, and that app's
    /// `on_error` answers for its errors. Where the function returns `None`, the step stays bare. The
    /// table of routes does not list what it makes.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// struct Noted(String);
    ///
    /// impl Middleware for Noted {
    ///     async fn handle(&self, req: Request, next: Next) -> Response {
    ///         let mut res = next.run(req).await;
    ///         res.append_header("x-step", self.0.as_str());
    ///         res
    ///     }
    /// }
    ///
    /// async fn index() -> &'static str {
    ///     "home"
    /// }
    ///
    /// let app = App::new()
    ///     .with_each(|step| Noted(step.name().to_owned()))
    ///     .with(Logger::new())
    ///     .get("/", index.named("home"));
    /// let res = app.test().get("/").send();
    /// let steps: Vec<_> = res.headers().get_all("x-step").iter().collect();
    /// assert_eq!(steps, ["home", "Logger"]); // on the way out
    /// ```
    #[track_caller]
    pub fn with_each<M, S, K>(
        mut self,
        make: impl Fn(&StepInfo<'_>) -> M + Send + Sync + 'static,
    ) -> Self
    where
        M: IntoMiddleware<S, K>,
    {
        self.arounds.push(Arc::new(Around {
            make: Box::new(move |step| make(step).into_middleware()),
            place: self.here(),
            after: self.middleware.len(),
        }));
        self
    }
}
