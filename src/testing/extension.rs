//! What every extension promises, checked: for the tests of those who write one.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use http::Method;
use tokio::runtime::{Handle, Runtime};

use crate::app::{App, Extension};
use crate::error::Error;
use crate::extract::State;
use crate::handler::{Endpoint, IntoEndpoint};
use crate::middleware::Next;
use crate::names::plain;
use crate::preflight::BuildError;
use crate::request::Request;
use crate::response::Response;
use crate::service::AppService;

/// How long hooks and answers may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Checks what an extension promises to whoever plugs it, and panics with everything that is not
/// so. The function makes the extension anew each time; it is called often.
///
/// - It builds, whatever is plugged before or after it.
/// - Plugged twice in one app, it is reported.
/// - It works in a mounted app, and leaves alone what is outside of it.
/// - Two of them start, answer and stop in one process, side by side.
///
/// [`ExtensionCheck`] is for an extension that needs others, gives something to handlers, or has
/// options that may be wrong.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::testing::check_extension;
///
/// fn version(app: App) -> App {
///     app.get("/version", async || "1.2")
/// }
///
/// check_extension(|| version);
/// ```
///
/// # Panics
/// If a promise is broken, or inside a runtime.
#[track_caller]
pub fn check_extension<E: Extension + 'static>(make: impl Fn() -> E + 'static) {
    ExtensionCheck::new(make).run();
}

/// [`check_extension`] with more to check.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::testing::ExtensionCheck;
///
/// #[derive(Clone)]
/// struct Motto(&'static str);
///
/// impl Extension for Motto {
///     fn install(self, app: App) -> App {
///         match self.0 {
///             "" => app.problem("a motto has words: give it some"),
///             _ => app.state(self),
///         }
///     }
/// }
///
/// ExtensionCheck::new(|| Motto("dum spiro, spero"))
///     .with_consumer(async |State(motto): State<Motto>| motto.0)
///     .refuses(|| Motto(""), "has words")
///     .run();
/// ```
#[must_use = "nothing is checked until `.run()`"]
pub struct ExtensionCheck<E> {
    make: Make<E>,
    around: Box<dyn Fn(App) -> App>,
    consumers: Vec<Endpoint>,
    refused: Vec<(Make<E>, &'static str)>,
    outermost: bool,
    broken: Vec<String>,
}

type Make<E> = Box<dyn Fn() -> E>;

impl<E: Extension + 'static> ExtensionCheck<E> {
    /// What [`check_extension`] checks.
    pub fn new(make: impl Fn() -> E + 'static) -> Self {
        Self {
            make: Box::new(make),
            around: Box::new(|app| app),
            consumers: Vec::new(),
            refused: Vec::new(),
            outermost: false,
            broken: Vec::new(),
        }
    }

    /// Plugs what the extension needs: others, or a state.
    pub fn within(mut self, around: impl Fn(App) -> App + 'static) -> Self {
        self.around = Box::new(around);
        self
    }

    /// A handler that takes what the extension gives. Inside of it, at the app and in a mounted
    /// one, it is built and does not fail; where the extension is missing, or plugged beside it,
    /// `build` says so.
    pub fn with_consumer<H, A, K>(mut self, handler: H) -> Self
    where
        H: IntoEndpoint<A, K>,
    {
        self.consumers.push(handler.into_endpoint());
        self
    }

    /// Options that cannot work: `build` reports them in a sentence that contains these words, and
    /// nothing panics.
    pub fn refuses(mut self, make: impl Fn() -> E + 'static, words: &'static str) -> Self {
        self.refused.push((Box::new(make), words));
        self
    }

    /// Says that it belongs to the outermost app; `build` has to report it elsewhere.
    pub fn outermost(mut self) -> Self {
        self.outermost = true;
        self
    }

    /// Checks everything.
    ///
    /// # Panics
    /// With a list of what is not as promised, or inside a runtime.
    #[track_caller]
    pub fn run(mut self) {
        assert!(
            Handle::try_current().is_err(),
            "an extension is checked in a plain `#[test]`, outside of a runtime"
        );
        let alone = self.app().plug((self.make)()).build();
        match alone {
            Err(error) => self.breaks(format!(
                "it does not build; what it needs is added by `.within(..)`: {error}"
            )),
            Ok(_) => {
                self.any_order();
                self.reported_twice();
                self.mounted();
                self.consumed();
                self.side_by_side();
            }
        }
        self.refuses_options();
        let name = plain(std::any::type_name::<E>());
        let told: String = self.broken.iter().map(|it| format!("\n  - {it}")).collect();
        assert!(
            self.broken.is_empty(),
            "the extension `{name}` breaks its promises:{told}"
        );
    }

    fn breaks(&mut self, what: impl Into<String>) {
        self.broken.push(what.into());
    }

    fn app(&self) -> App {
        (self.around)(App::new())
    }

    /// The service, or a note that it does not build.
    fn build(&mut self, app: App, where_: &str) -> Option<AppService> {
        match app.build() {
            Ok(service) => Some(service),
            Err(error) => {
                self.breaks(format!("it does not build {where_}: {error}"));
                None
            }
        }
    }

    fn any_order(&mut self) {
        let before = self.app().plug(neighbour).plug((self.make)());
        let after = self.app().plug((self.make)()).plug(neighbour);
        let before = self.build(before, "behind an extension that has nothing to do with it");
        let after = self.build(after, "before an extension that has nothing to do with it");
        let (Some(before), Some(after)) = (before, after) else {
            return;
        };
        let titles = |service: &AppService| {
            let mut titles: Vec<_> = service.routes().iter().map(|route| route.title()).collect();
            titles.sort_unstable();
            titles
        };
        if titles(&before) != titles(&after) {
            self.breaks("the order of `plug` decides which routes there are");
        }
        let answers = [&before, &after].map(|service| ask(service, "/neighbour"));
        if answers[0] != answers[1] {
            let [before, after] = answers;
            self.breaks(format!(
                "the order of `plug` decides what a route of another answers: {before:?} behind it, {after:?} before it"
            ));
        }
    }

    fn reported_twice(&mut self) {
        let app = self.app().plug((self.make)()).plug((self.make)());
        match app.build() {
            Ok(_) => self.breaks("plugged twice in one app, it is not reported"),
            Err(error) if !error.to_string().contains("is plugged already") => {
                self.breaks(format!(
                    "plugged twice, another problem is reported: {error}"
                ));
            }
            Err(_) => {}
        }
    }

    fn mounted(&mut self) {
        let outside = || self.app().get("/outside", async || "outside");
        let inside = || App::new().plug((self.make)());
        let mounted = outside().mount("/mounted", inside());
        if self.outermost {
            if mounted.build().is_ok() {
                self.breaks("it belongs to the outermost app, and is not reported elsewhere");
            }
            return;
        }
        let alone = App::new()
            .get("/outside", async || "outside")
            .mount("/mounted", self.app().plug((self.make)()));
        let places = [
            (mounted, "in a mounted app, with what it needs around that"),
            (alone, "in a mounted app, with what it needs inside that"),
        ];
        for (app, place) in places {
            let Some(service) = self.build(app, place) else {
                continue;
            };
            let answer = ask(&service, "/outside");
            if answer != Ok((200, "outside".to_owned())) {
                self.breaks(format!(
                    "in a mounted app, it changes a route outside of that: {answer:?}"
                ));
            }
        }
    }

    fn consumed(&mut self) {
        for consumer in self.consumers.clone() {
            let at = |app: App| app.get("/consumer", consumer.clone());
            let inside = at(self.app().plug((self.make)()));
            let deeper = self.app().plug((self.make)()).mount("/in", at(App::new()));
            let places = [
                (inside, "/consumer", "with a consumer in the same app"),
                (deeper, "/in/consumer", "with a consumer in a mounted app"),
            ];
            for (app, path, place) in places {
                let Some(service) = self.build(app, place) else {
                    continue;
                };
                match ask(&service, path) {
                    Ok((status, _)) if status < 500 => {}
                    answer => self.breaks(format!("a consumer inside of it fails: {answer:?}")),
                }
            }
            let missing = at(self.app());
            let beside = at(self.app()).mount("/beside", App::new().plug((self.make)()));
            for (app, place) in [(missing, "without it"), (beside, "beside it")] {
                if app.build().is_ok() {
                    self.breaks(format!(
                        "a consumer {place} is not reported: let its extractor say what it needs, by `FromRequest::requires` and `Need::with_fix`"
                    ));
                }
            }
        }
    }

    /// Two at once, so that nothing global is between them.
    fn side_by_side(&mut self) {
        let app = || {
            let app = self.app().plug((self.make)());
            app.get("/beside", async || "beside").build()
        };
        let (Ok(one), Ok(two)) = (app(), app()) else {
            return self.breaks("made a second time, it does not build");
        };
        let ended = with_runtime(async {
            one.start()
                .await
                .map_err(|e| format!("it does not start: {e}"))?;
            two.start()
                .await
                .map_err(|e| format!("a second one does not start beside it: {e}"))?;
            let answers = (answer(&one, "/beside").await, answer(&two, "/beside").await);
            for service in [&one, &two] {
                service
                    .stop()
                    .await
                    .map_err(|e| format!("it does not stop: {e}"))?;
            }
            match answers {
                (first, second) if first == second => Ok(()),
                (first, second) => Err(format!(
                    "of two side by side, one answers {first:?} and the other {second:?}"
                )),
            }
        });
        if let Err(problem) = ended {
            self.breaks(problem);
        }
    }

    fn refuses_options(&mut self) {
        for (make, words) in std::mem::take(&mut self.refused) {
            let app = self.app();
            let built = catch_unwind(AssertUnwindSafe(|| app.plug(make()).build().map(drop)));
            match built {
                Err(panic) => {
                    let panic = Error::from_panic(&*panic);
                    self.breaks(format!("options that cannot work are a panic: {panic}"));
                }
                Ok(Ok(())) => self.breaks(format!(
                    "options that cannot work are not reported (\"{words}\"): use `App::problem`"
                )),
                Ok(Err(error)) if !says(&error, words) => {
                    self.breaks(format!("no sentence contains \"{words}\": {error}"));
                }
                Ok(Err(_)) => {}
            }
        }
    }
}

fn says(error: &BuildError, words: &str) -> bool {
    let mut problems = error.problems().iter();
    problems.any(|problem| problem.message().contains(words))
}

/// An extension that has nothing to do with the one that is checked.
fn neighbour(app: App) -> App {
    #[derive(Clone)]
    struct Neighbour;
    async fn pass(req: Request, next: Next) -> Response {
        next.run(req).await
    }
    app.state(Neighbour)
        .with(pass)
        .get("/neighbour", async |_: State<Neighbour>| "neighbour")
        .on_start(async || ())
        .on_stop(async || ())
}

/// [`answer`] of a service that is started for it, and stopped.
fn ask(service: &AppService, path: &str) -> Result<(u16, String), String> {
    with_runtime(async {
        service.start().await.map_err(|error| error.to_string())?;
        let answer = answer(service, path).await?;
        service.stop().await.map_err(|error| error.to_string())?;
        Ok(answer)
    })
}

/// Status and text of the answer to a GET, or why there is none.
async fn answer(service: &AppService, path: &str) -> Result<(u16, String), String> {
    let mut req = http::Request::new("");
    *req.method_mut() = Method::GET;
    *req.uri_mut() = path.parse().expect("it is a path");
    let host = http::HeaderValue::from_static("localhost");
    req.headers_mut().insert(http::header::HOST, host);
    let mut res = service.answer(req).await;
    let body = res.take_body().collect(1 << 20).await;
    let body = body.map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&body).into_owned();
    Ok((res.status().as_u16(), text))
}

fn with_runtime<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime: Runtime = builder
        .enable_all()
        .build()
        .expect("a runtime for tests can be started");
    let ended = runtime.block_on(async { tokio::time::timeout(PATIENCE, work).await });
    ended.unwrap_or_else(|_| Err(format!("it takes longer than {PATIENCE:?}")))
}

impl<E> fmt::Debug for ExtensionCheck<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtensionCheck")
            .field("consumers", &self.consumers)
            .finish_non_exhaustive()
    }
}
