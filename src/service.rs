//! The app as it is served: frozen, shared, and walked by every request.
//!
//! Before it: a connection read a head. After it: the before-routing chain, the router, the chain
//! of the matched route.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::future::{Future, ready};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::ALLOW;
use http::request::Parts;
use http::{Method, StatusCode};

use crate::app::{Contributions, Gathered};
use crate::body::Body;
use crate::chain::{BoxFuture, Chain, Run, Step, enter, enter_in};
use crate::error::{Error, Observer, Renderer, Result, note_miss};
use crate::explain::{Explanation, Labels, explain};
use crate::extract::TrustedProxies;
use crate::mode::Mode;
use crate::preflight::Problem;
use crate::request::Request;
use crate::respond::{IntoResponse, Redirect};
use crate::response::Response;
use crate::router::{Answer, Link, Route, RouteTable, Router};
use crate::server::{Activity, Lifecycle, Stopping};

/// An app that was built: immutable, cheap to clone, ready to answer requests.
///
/// ```
/// use cepa::prelude::*;
///
/// let service = App::new().get("/notes/{id}", async || "a note").build()?;
/// assert_eq!(service.routes().len(), 1);
/// let why = service.explain("GET", "/note/7").to_string();
/// assert!(why.contains("404"), "{why}");
/// # Ok::<(), cepa::BuildError>(())
/// ```
#[derive(Clone)]
pub struct AppService {
    view: Arc<View>,
    shared: Arc<Shared>,
}

struct Shared {
    warnings: Vec<Problem>,
    /// Locked while they run, so that no request of the test client overtakes them.
    start: tokio::sync::Mutex<Vec<StartHook>>,
    stop: Mutex<Vec<Hook>>,
}

/// An async function that runs once at start, with the built app.
pub(crate) type StartHook = Box<dyn FnOnce(AppService) -> BoxFuture<'static, Result<()>> + Send>;

/// An async function that runs once at stop.
pub(crate) type Hook = Box<dyn FnOnce() -> BoxFuture<'static, Result<()>> + Send>;

/// Everything that is fixed when the app is built.
pub(crate) struct Core {
    pub(crate) router: Router,
    /// The steps of all chains, one chain after the other.
    pub(crate) steps: Vec<Step>,
    pub(crate) chains: Vec<Chain>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) contributions: Gathered,
    /// Names of the steps, for people.
    pub(crate) labels: Labels,
    /// The chain of the outermost app's automatic answers.
    pub(crate) refusal: usize,
    /// The before-routing chain, if the app has one.
    pub(crate) before: Option<usize>,
    pub(crate) proxies: TrustedProxies,
    pub(crate) mode: Mode,
}

/// What holds for one app, or mounted app, and everything in it.
#[derive(Clone, Default)]
pub(crate) struct Scope {
    /// Segments of the prefix it is mounted at.
    pub(crate) depth: usize,
    pub(crate) states: States,
    pub(crate) renderer: Option<Renderer>,
    pub(crate) mappings: Vec<Mapping>,
    pub(crate) observers: Vec<Observer>,
}

/// Gives an error its status by the type that caused it, if it is of this type.
pub(crate) type Mapping = Arc<dyn Fn(&Error) -> Option<Error> + Send + Sync>;

/// The states of one scope, those of the scopes around it included.
#[derive(Clone, Default)]
pub(crate) struct States(HashMap<TypeId, StateValue>);

#[derive(Clone)]
pub(crate) struct StateValue {
    pub(crate) name: &'static str,
    pub(crate) value: Arc<dyn Any + Send + Sync>,
}

impl States {
    pub(crate) fn find<T: Any>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>())?.value.downcast_ref()
    }

    pub(crate) fn contains(&self, id: TypeId) -> bool {
        self.0.contains_key(&id)
    }

    pub(crate) fn set(&mut self, id: TypeId, value: StateValue) {
        self.0.insert(id, value);
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.values().map(|state| state.name)
    }
}

/// What requests of a connection came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// No connection: the scheme of the URI tells whether it is to count as secure.
    InProcess,
    Plain,
    /// TLS.
    Encrypted,
}

/// Where the requests of a connection come from.
#[derive(Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) channel: Channel,
    /// A load balancer says who the peer is.
    pub(crate) is_announced: bool,
}

impl Arrival {
    const IN_PROCESS: Self = Self {
        peer: None,
        channel: Channel::InProcess,
        is_announced: false,
    };

    /// Whether it is this very machine.
    fn is_local(&self) -> bool {
        let is_loopback = |peer: SocketAddr| peer.ip().to_canonical().is_loopback();
        !self.is_announced && self.peer.is_some_and(is_loopback)
    }
}

/// One connection's handle on the service: requests of different connections share no counter.
pub(crate) struct View {
    pub(crate) core: Arc<Core>,
    pub(crate) lifecycle: Arc<Lifecycle>,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) channel: Channel,
    /// A developer may sit at the other end: it is this machine, and development.
    pub(crate) is_local: bool,
    pub(crate) body_limit: Option<u64>,
    pub(crate) activity: Activity,
}

impl View {
    fn of(
        core: &Arc<Core>,
        lifecycle: &Arc<Lifecycle>,
        arrival: Arrival,
        body_limit: Option<u64>,
    ) -> Arc<Self> {
        Arc::new(Self {
            core: Arc::clone(core),
            lifecycle: Arc::clone(lifecycle),
            peer: arrival.peer,
            channel: arrival.channel,
            is_local: core.mode.is_development() && arrival.is_local(),
            body_limit,
            activity: Activity::default(),
        })
    }

    /// The route of a chain, which fallbacks and automatic answers do not have.
    pub(crate) fn route(&self, chain: usize) -> Option<&Route> {
        self.core.chains.get(chain)?.route.as_deref()
    }

    /// Makes a request and puts it at the start of its chain, or of the one that refuses it with the
    /// error that the protocol demands. The response is finished then, its error rendered.
    ///
    /// A refusal goes through the outermost app's middleware and error renderer, so that it is logged
    /// and looks like other errors.
    #[inline]
    pub(crate) fn receive(
        self: &Arc<Self>,
        head: Parts,
        body: Body,
        refused: Option<Error>,
    ) -> Request {
        let mut req = Request::new(head, body, Arc::clone(self));
        match (refused, self.core.before) {
            (None, None) => req = route(req),
            (None, Some(before)) => req.start(before),
            (Some(error), _) => req.decide(error.into_response()),
        }
        req
    }
}

/// Matches the request and puts it at the start of its chain.
fn route(mut req: Request) -> Request {
    let chain = req.find_place().unwrap_or(0);
    req.start(chain);
    req
}

/// The last step of the before-routing chain: matches, then enters the chain that was found.
pub(crate) struct Match;

impl Run for Match {
    fn run(&self, req: Request) -> BoxFuture<'_, Response> {
        Box::pin(enter(route(req)))
    }
}

/// The last step where no route answers: 404, 405, OPTIONS, or a redirect to the other slash.
pub(crate) struct AutomaticAnswer;

impl Run for AutomaticAnswer {
    fn run(&self, req: Request) -> BoxFuture<'_, Response> {
        Box::pin(ready(automatic(req)))
    }
}

/// Behind the last step of each chain. It is entered if a handler was handed the [`Next`] of another
/// request.
///
/// [`Next`]: crate::middleware::Next
pub(crate) struct Over;

impl Run for Over {
    fn run(&self, _: Request) -> BoxFuture<'_, Response> {
        let error = Error::internal(
            "`next.run` was given a request whose chain is over: give it the one it came with",
        );
        Box::pin(ready(error.into_response()))
    }
}

fn automatic(mut req: Request) -> Response {
    match req.take_answer() {
        Answer::NotFound => {
            note_miss(&req);
            Error::not_found("there is nothing at this address").into_response()
        }
        Answer::Decided(answer) => answer,
        Answer::Methods(allow) if *req.method() == Method::OPTIONS => {
            let mut res = StatusCode::NO_CONTENT.into_response();
            res.set_header(ALLOW, allow);
            res
        }
        Answer::Methods(allow) => {
            note_miss(&req);
            let message = format!("{} is not possible here, but {allow}", req.method());
            let error = Error::new(StatusCode::METHOD_NOT_ALLOWED, message);
            error.with_header(ALLOW, allow).into_response()
        }
        Answer::Redirect(path) if req.query().is_empty() => {
            Redirect::permanent(path).into_response()
        }
        Answer::Redirect(path) => {
            Redirect::permanent(format!("{path}?{}", req.query())).into_response()
        }
    }
}

impl AppService {
    pub(crate) fn new(
        core: Core,
        warnings: Vec<Problem>,
        start: Vec<StartHook>,
        stop: Vec<Hook>,
    ) -> Self {
        Self {
            view: View::of(
                &Arc::new(core),
                &Arc::new(Lifecycle::new()),
                Arrival::IN_PROCESS,
                None,
            ),
            shared: Arc::new(Shared {
                warnings,
                start: tokio::sync::Mutex::new(start),
                stop: Mutex::new(stop),
            }),
        }
    }

    /// Answers one request in process, without a socket. Not named `call`, which is what it does as
    /// a service of `tower` and `hyper`.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), cepa::BuildError> {
    /// let service = App::new().get("/", async || StatusCode::NO_CONTENT).build()?;
    /// let res = service.answer(cepa::http::Request::new(())).await;
    /// assert_eq!(res.status(), 204);
    /// # Ok(())
    /// # }
    /// ```
    pub fn answer<B: Into<Body>>(
        &self,
        req: http::Request<B>,
    ) -> impl Future<Output = Response> + Send + 'static {
        let (head, body) = req.into_parts();
        let view = Arc::clone(&self.view);
        let req = view.receive(head, body.into(), None);
        async move {
            let res = enter_in(&view, req).await;
            view.lifecycle.tell(&res);
            res
        }
    }

    /// Whether it was built for development or for production.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.view.core.mode
    }

    /// A handle of its own for one connection, for servers of `tower` and `hyper`: with the address
    /// of its peer, which [`Request::peer_addr`] then knows, and whether it is TLS, which
    /// [`Request::is_secure`] goes by, whatever scheme a client writes into its request. A loopback
    /// address may see the page for developers, in development. Requests of different connections share no counter.
    ///
    /// ```
    /// use cepa::{http, prelude::*};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let app = App::new().get("/", async |req: Request| req.is_secure().to_string());
    /// let plain = app.build()?.for_connection(None, false);
    /// let req = http::Request::get("https://localhost/").body(())?;
    /// assert_eq!(plain.answer(req).await.take_body().collect(100).await?, "false");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn for_connection(&self, peer: Option<SocketAddr>, is_secure: bool) -> Self {
        let channel = match is_secure {
            true => Channel::Encrypted,
            false => Channel::Plain,
        };
        let arrival = Arrival {
            peer,
            channel,
            is_announced: false,
        };
        Self {
            view: self.view(arrival, None),
            shared: Arc::clone(&self.shared),
        }
    }

    /// What is odd but legal: routes that are never reached, middleware around nothing.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.shared.warnings
    }

    /// All routes, in the order written.
    #[must_use]
    pub fn routes(&self) -> &RouteTable {
        &self.view.core.router.routes
    }

    /// Everything of this type that was contributed in the whole app; see
    /// [`App::contribute`](crate::App::contribute).
    #[must_use]
    pub fn contributions<T: Send + Sync + 'static>(&self) -> Contributions<T> {
        self.view.core.contributions.of()
    }

    /// Tells when the server begins to stop.
    #[must_use]
    pub fn stopping(&self) -> Stopping {
        self.lifecycle().stopping()
    }

    /// Runs a future beside the requests, on the runtime this is called in. A graceful stop waits
    /// for it before the stop hooks run, so it has to end when [`stopping`](Self::stopping) says.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(self.lifecycle().spawn(task));
    }

    /// Says step by step what would become of a request: the middleware and the handler that would
    /// run, or why the answer is 404 or 405. Nothing is run.
    ///
    /// The target is a path, or a whole URL where the host matters: `http://api.example.com/v1`.
    #[must_use]
    pub fn explain(&self, method: &str, target: &str) -> Explanation {
        explain(&self.view.core, method, target)
    }

    /// The path of a route; see [`Request::url_for`]. To another host, it is without port.
    ///
    /// # Errors
    /// 500 with a sentence that says what is missing.
    #[track_caller]
    pub fn url_for<M>(
        &self,
        target: impl Link<M>,
        values: &[(&str, &dyn fmt::Display)],
    ) -> Result<String> {
        self.routes().url_for(target, values)
    }

    /// This service, stopped together with another.
    #[allow(dead_code, reason = "redirects to https come with TLS alone")]
    pub(crate) fn beside(mut self, other: &Self) -> Self {
        let nowhere = Arrival::IN_PROCESS;
        self.view = View::of(&self.view.core, &other.view.lifecycle, nowhere, None);
        self
    }

    /// A handle of its own for one connection.
    pub(crate) fn view(&self, arrival: Arrival, body_limit: Option<u64>) -> Arc<View> {
        let (core, lifecycle) = (&self.view.core, &self.view.lifecycle);
        View::of(core, lifecycle, arrival, body_limit)
    }

    pub(crate) fn lifecycle(&self) -> &Lifecycle {
        &self.view.lifecycle
    }

    /// Runs the start hooks in the order written, once. The first that fails ends it.
    ///
    /// # Errors
    /// What the hook says; in a further call, that they did not come to their end.
    pub async fn start(&self) -> Result<()> {
        let mut hooks = self.shared.start.lock().await;
        let all = std::mem::take(&mut *hooks);
        if all.is_empty() {
            return Ok(());
        }
        // What a further call finds, unless all of them come to their end.
        hooks.push(Box::new(|_| Box::pin(ready(Err(failed_before())))));
        for hook in all {
            hook(self.clone()).await?;
        }
        hooks.clear();
        Ok(())
    }

    /// Tells everyone that it is over, waits for spawned tasks, then runs the stop hooks, the last
    /// written first, once. All run, also after one failed.
    ///
    /// # Errors
    /// What the first failing hook says.
    pub async fn stop(&self) -> Result<()> {
        self.lifecycle().stop();
        self.lifecycle().idle().await;
        self.run_stop_hooks().await
    }

    pub(crate) async fn run_stop_hooks(&self) -> Result<()> {
        let hooks = std::mem::take(
            &mut *self
                .shared
                .stop
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        let mut result = Ok(());
        for hook in hooks.into_iter().rev() {
            let ended = hook().await;
            result = result.and(ended);
        }
        result
    }
}

fn failed_before() -> Error {
    Error::internal("the start hooks failed, or were cut, when they ran before: build the app anew")
}

impl fmt::Debug for AppService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppService")
            .field("routes", &self.routes().len())
            .finish_non_exhaustive()
    }
}
