//! What holds for a whole scope: errors, hooks, proxies and checks.

use std::future::Future;
use std::sync::Arc;

use super::{App, Fallible};
use crate::error::{Error, ErrorContext, ErrorRenderer};
use crate::extract::TrustedProxies;
use crate::preflight::Problem;
use crate::service::{AppService, Hook};

impl App {
    /// Answers for errors of this app and those mounted in it, in place of the default, which
    /// sends a problem document (RFC 9457), HTML or text by the `Accept` header.
    ///
    /// A status of 200 in the answer is replaced by the error's. Headers of the error, such as
    /// `Allow`, are added. Where the renderer fails itself, the default answers.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// async fn plain(error: &Error, _: &ErrorContext) -> impl IntoResponse {
    ///     Json(json!({ "error": error.message() }))
    /// }
    ///
    /// let client = App::new().on_error(plain).test();
    /// client.get("/").send().assert_status(404).assert_json(&json!({ "error": "there is nothing at this address" }));
    /// ```
    #[track_caller]
    pub fn on_error<R: ErrorRenderer>(mut self, renderer: R) -> Self {
        let place = self.here();
        if let Some((_, first)) = self.renderer.replace((Arc::new(renderer), place)) {
            self.problems.push(Problem::new(
                place,
                format!("this app has an error renderer already, at {first}"),
            ));
        }
        self
    }

    /// Gives errors of type `E` that arrive through `?` a status and a message.
    ///
    /// The error's own constructors and `or_..` methods go before this. A mounted app's mappings
    /// go before those of the app around it.
    ///
    /// ```
    /// use cepa::prelude::*;
    /// use std::num::ParseIntError;
    ///
    /// async fn double(Path(n): Path<String>) -> Result<String> {
    ///     Ok(format!("{}", n.parse::<u32>()? * 2))
    /// }
    ///
    /// let client = App::new()
    ///     .map_error::<ParseIntError>(|_| Error::bad_request("that is no number"))
    ///     .get("/{n}", double)
    ///     .test();
    /// client.get("/x").send().assert_status(400);
    /// ```
    pub fn map_error<E>(mut self, map: impl Fn(&E) -> Error + Send + Sync + 'static) -> Self
    where
        E: std::error::Error + 'static,
    {
        self.mappings
            .push(Arc::new(move |error| error.downcast_ref::<E>().map(&map)));
        self
    }

    /// Calls a function once for each error of this app and those mounted in it, after its status
    /// is known; beside the log, which has 5xx as errors and 4xx for debugging. An error whose page cannot
    /// be rendered by templates is told again, with that as its cause.
    pub fn observe_errors(
        mut self,
        observe: impl Fn(&Error, &ErrorContext) + Send + Sync + 'static,
    ) -> Self {
        self.observers.push(Arc::new(observe));
        self
    }

    /// Runs an async function before the first request is accepted, in the order written. If it
    /// fails, the app does not start: tasks of the hooks before it are told to stop, and no stop hook
    /// runs.
    pub fn on_start<F, Fut>(mut self, hook: F) -> Self
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output: Fallible> + Send + 'static,
    {
        let hook = boxed_hook(hook);
        self.start.push(Box::new(|_| hook()));
        self
    }

    /// [`on_start`](Self::on_start), for a function that takes the built app: to read what was
    /// [contributed](Self::contribute), or to start work that goes on beside the requests.
    ///
    /// ```
    /// use cepa::prelude::*;
    /// use std::time::Duration;
    ///
    /// fn janitor(app: App) -> App {
    ///     app.on_start_with(|app| async move {
    ///         let mut stopping = app.stopping();
    ///         app.spawn(async move {
    ///             let hour = Duration::from_secs(3600);
    ///             while tokio::time::timeout(hour, stopping.wait()).await.is_err() {
    ///                 // what is to be done every hour
    ///             }
    ///         });
    ///     })
    /// }
    ///
    /// let client = App::new().plug(janitor).get("/", async || "clean").test();
    /// client.get("/").send().assert_text("clean");
    /// client.stop();
    /// ```
    pub fn on_start_with<F, Fut>(mut self, hook: F) -> Self
    where
        F: FnOnce(AppService) -> Fut + Send + 'static,
        Fut: Future<Output: Fallible> + Send + 'static,
    {
        self.start.push(Box::new(|service| {
            let ended = hook(service);
            Box::pin(async move { ended.await.into_result() })
        }));
        self
    }

    /// Runs an async function after the last connection is closed, the last written first.
    pub fn on_stop<F, Fut>(mut self, hook: F) -> Self
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output: Fallible> + Send + 'static,
    {
        self.stop.push(boxed_hook(hook));
        self
    }

    /// Believes `Forwarded` and `X-Forwarded-*` headers from these peers, and from no others.
    ///
    /// Entries are addresses (`10.0.0.7`), ranges (`10.0.0.0/8`, `fd00::/8`) or the words
    /// `loopback` and `private`. Only the outermost app has these, all of them in one call.
    #[track_caller]
    pub fn trust_proxies<S: AsRef<str>>(mut self, peers: impl IntoIterator<Item = S>) -> Self {
        let place = self.here();
        let problem = match TrustedProxies::parse(peers) {
            Ok(proxies) => self.proxies.replace((proxies, place)).map(|(_, first)| {
                format!("this app names trusted proxies already, at {first}: write one list")
            }),
            Err(problem) => Some(problem),
        };
        self.problems
            .extend(problem.map(|problem| Problem::new(place, problem)));
        self
    }

    /// Reports what is wrong with an option, as a sentence with the fix: a build error at this line,
    /// or at that of the `plug` for what an extension type says.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// struct Banner(String);
    ///
    /// impl Extension for Banner {
    ///     fn install(self, app: App) -> App {
    ///         match self.0.is_empty() {
    ///             true => app.problem("the banner has no text: give it some, or leave it out"),
    ///             false => app.state(self.0),
    ///         }
    ///     }
    /// }
    ///
    /// let error = App::new().plug(Banner(String::new())).build().unwrap_err();
    /// assert!(error.to_string().contains("the banner has no text"));
    /// ```
    #[track_caller]
    pub fn problem(mut self, message: impl Into<String>) -> Self {
        let place = self.here();
        self.problems.push(Problem::new(place, message));
        self
    }

    /// Checks the built app at start-up, for what an extension cannot know earlier. What the
    /// function says is wrong is a build error at this line. Most other problems are told together with
    /// it; where a path or name of a route is wrong, no check is run.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// let app = App::new()
    ///     .get("/", async || "home")
    ///     .check(|app| app.url_for("menu", &[]).map(drop).map_err(|e| e.to_string()));
    /// assert!(app.build().is_err());
    /// ```
    #[track_caller]
    pub fn check(
        mut self,
        check: impl Fn(&AppService) -> Result<(), String> + Send + 'static,
    ) -> Self {
        let place = self.here();
        self.checks.push((Box::new(check), place));
        self
    }
}

fn boxed_hook<F, Fut>(hook: F) -> Hook
where
    F: FnOnce() -> Fut + Send + 'static,
    Fut: Future<Output: Fallible> + Send + 'static,
{
    Box::new(|| {
        let ended = hook();
        Box::pin(async move { ended.await.into_result() })
    })
}
