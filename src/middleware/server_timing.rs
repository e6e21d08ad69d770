//! `ServerTiming`: the times of the single steps, sent to the developer's browser.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use super::timings::Timings;
use super::{Middleware, Next};
use crate::{App, Extension, HeaderName, HeaderValue, Provided, Request, Response, StepInfo};

/// Tells the browser how long each middleware and the handler took, for the network panel of its
/// developer tools.
///
/// - **Headers**: adds a `Server-Timing` (W3C Server Timing) with milliseconds, such as
///   `total;dur=4.210, Logger;dur=0.008, users.show;dur=3.902`, beside one that is there. It has
///   at most 2 KiB; what does not fit is counted as `more`.
/// - **Statuses**: none.
///
/// It is an extension: `app.plug(ServerTiming::new())`. Measured is what stands inside: the
/// middleware written after it in this app, that of mounted apps and single handlers, and the
/// handlers. The times are those until the head of the response, without the body. `total` is all
/// of it; of each step, what it took itself, without the steps inside of it. Steps are in the order
/// of the way in, those that were not reached are missing. Then come the parts that others added to
/// [`Timings`](crate::Timings).
///
/// **Only in development.** Times tell strangers which part of the work a request reached, and how
/// far. In production (see [`Mode`](crate::Mode)) it adds nothing and costs nothing, unless told to
/// by [`with_production`](Self::with_production).
///
/// ```
/// use cepa::prelude::*;
/// use cepa::{Mode, ServerTiming};
///
/// async fn index() -> &'static str {
///     "home"
/// }
///
/// let app = |mode| {
///     let app = App::new().mode(mode).plug(ServerTiming::new());
///     app.with(Logger::new()).get("/", index.named("home")).test()
/// };
/// let res = app(Mode::Development).get("/").send();
/// let times = res.header("server-timing").unwrap_or_default();
/// assert!(times.starts_with("total;dur=") && times.contains(", home;dur="), "{times}");
/// let res = app(Mode::Production).get("/").send();
/// assert!(res.header("server-timing").is_none());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ServerTiming {
    production: bool,
}

impl ServerTiming {
    /// Times in development.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends times in production too, to everyone who asks for anything.
    #[must_use]
    pub fn with_production(mut self) -> Self {
        self.production = true;
        self
    }
}

#[diagnostic::do_not_recommend]
impl Extension for ServerTiming {
    fn install(self, app: App) -> App {
        if app.current_mode().is_production() && !self.production {
            return app;
        }
        let owner = Arc::new(());
        let report = Report(Arc::clone(&owner));
        let measure = move |step: &StepInfo<'_>| Measure {
            name: step.name().into(),
            owner: Arc::clone(&owner),
        };
        app.with(report).with_each(measure)
    }
}

/// Sends what was measured inside.
struct Report(Arc<()>);

impl Middleware for Report {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        if req.local::<Timings>().is_some() {
            // One further out measures all of it.
            return next.run(req).await;
        }
        let timings = Timings::of(&self.0);
        req.insert(timings.clone());
        let start = Instant::now();
        let mut res = next.run(req).await;
        if let Ok(times) = HeaderValue::try_from(timings.header(start.elapsed())) {
            let name = HeaderName::from_static("server-timing");
            res.headers_mut().append(name, times);
        }
        res
    }

    fn name(&self) -> Cow<'static, str> {
        "ServerTiming".into()
    }

    fn provides(&self) -> Vec<Provided> {
        vec![Provided::local::<Timings>()]
    }
}

/// Measures one step.
struct Measure {
    name: Arc<str>,
    owner: Arc<()>,
}

impl Middleware for Measure {
    async fn handle(&self, req: Request, next: Next) -> Response {
        let timings = req.local::<Timings>();
        let timings = timings.filter(|timings| timings.belongs_to(&self.owner));
        let running = timings.map(|timings| timings.begin(&self.name));
        let res = next.run(req).await;
        drop(running);
        res
    }
}
