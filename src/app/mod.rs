//! `App`: the builder. What is written here top to bottom is the request's way from outside in.
//!
//! After it: `compose` turns the builder into frozen chains and tries, or into a list of problems.

mod around;
mod compose;
mod contribute;
mod extension;
mod fallible;
mod listen;
mod scope;

use std::any::TypeId;
use std::cell::RefCell;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use http::Method;

pub use around::StepInfo;
use contribute::Contribution;
pub use contribute::Contributions;
pub(crate) use contribute::Gathered;
pub use extension::Extension;
pub use fallible::Fallible;

use crate::error::{Observer, Renderer};
use crate::extract::TrustedProxies;
use crate::handler::{Endpoint, IntoEndpoint};
use crate::middleware::{AnyMiddleware, IntoMiddleware};
use crate::mode::Mode;
use crate::preflight::{BuildError, Problem};
use crate::router::{Link, RouteTable, TrailingSlash};
use crate::service::{AppService, Hook, Mapping, StartHook, StateValue};

type Place = &'static Location<'static>;

/// A web app, or a part of one: routes, the middleware around them, and their state.
///
/// An `App` mounts in an `App`; there is no other kind of router. It has no type parameters, so it
/// can be returned from functions, kept in variables and built in loops. Nothing is checked until
/// [`build`](Self::build), which reports everything at once; [`run`](Self::run),
/// [`listen`](Self::listen) and [`test`](Self::test) go through it.
///
/// ```
/// use cepa::prelude::*;
///
/// fn admin() -> App {
///     App::new().get("/", async || "the admin's page")
/// }
///
/// let app = App::new()
///     .with(Logger::new())
///     .get("/", async || "Hello, World!")
///     .mount("/admin", admin());
///
/// let client = app.test();
/// client.get("/").send().assert_text("Hello, World!");
/// client.get("/admin").send().assert_text("the admin's page");
/// ```
#[derive(Default)]
#[must_use = "an app does nothing until it runs: `.run(..)`, `.listen(..).await` or `.test()`"]
pub struct App {
    middleware: Vec<(AnyMiddleware, Place)>,
    before: Vec<(AnyMiddleware, Place)>,
    arounds: Vec<Arc<around::Around>>,
    routes: Vec<RouteEntry>,
    children: Vec<Child>,
    fallback: Option<(Endpoint, Place)>,
    states: Vec<StateEntry>,
    renderer: Option<(Renderer, Place)>,
    mappings: Vec<Mapping>,
    observers: Vec<Observer>,
    slash: Option<TrailingSlash>,
    proxies: Option<(TrustedProxies, Place)>,
    plugged: Vec<Plugged>,
    required: Vec<(Plugged, &'static str)>,
    checks: Vec<(Check, Place)>,
    contributions: Vec<(TypeId, Contribution)>,
    start: Vec<StartHook>,
    stop: Vec<Hook>,
    problems: Vec<Problem>,
    pub(crate) mode: Option<(Mode, Place)>,
    /// The modes that `current_mode` said, and to whom.
    pub(crate) asked_modes: RefCell<Vec<(Mode, Place)>>,
    /// The line of `App::new`.
    pub(crate) made: Option<Place>,
    /// The line that plugs the extension which is at work, if one is.
    plugging: Option<Place>,
}

struct RouteEntry {
    method: Option<Method>,
    path: String,
    endpoint: Endpoint,
    place: Place,
}

struct Child {
    at: Mount,
    app: App,
    place: Place,
}

enum Mount {
    Prefix(String),
    Host(String),
}

struct StateEntry {
    id: TypeId,
    state: StateValue,
    place: Place,
}

/// An extension that was plugged, or is asked for.
struct Plugged {
    id: TypeId,
    name: &'static str,
    place: Place,
}

type Check = Box<dyn Fn(&AppService) -> Result<(), String> + Send>;

impl App {
    /// The line that what is being added belongs to.
    #[track_caller]
    pub(crate) fn here(&self) -> Place {
        self.plugging.unwrap_or(Location::caller())
    }

    /// An app without routes.
    #[track_caller]
    pub fn new() -> Self {
        Self {
            made: Some(Location::caller()),
            ..Self::default()
        }
    }

    /// Answers GET, and HEAD where there is no route for it, at this path.
    #[track_caller]
    pub fn get<H: IntoEndpoint<A, K>, A, K>(self, path: &str, handler: H) -> Self {
        self.add_route(Some(Method::GET), path, handler.into_endpoint())
    }

    /// Answers POST at this path.
    #[track_caller]
    pub fn post<H: IntoEndpoint<A, K>, A, K>(self, path: &str, handler: H) -> Self {
        self.add_route(Some(Method::POST), path, handler.into_endpoint())
    }

    /// Answers PUT at this path.
    #[track_caller]
    pub fn put<H: IntoEndpoint<A, K>, A, K>(self, path: &str, handler: H) -> Self {
        self.add_route(Some(Method::PUT), path, handler.into_endpoint())
    }

    /// Answers PATCH at this path.
    #[track_caller]
    pub fn patch<H: IntoEndpoint<A, K>, A, K>(self, path: &str, handler: H) -> Self {
        self.add_route(Some(Method::PATCH), path, handler.into_endpoint())
    }

    /// Answers DELETE at this path.
    #[track_caller]
    pub fn delete<H: IntoEndpoint<A, K>, A, K>(self, path: &str, handler: H) -> Self {
        self.add_route(Some(Method::DELETE), path, handler.into_endpoint())
    }

    /// Answers HEAD at this path in place of the GET route.
    #[track_caller]
    pub fn head<H: IntoEndpoint<A, K>, A, K>(self, path: &str, handler: H) -> Self {
        self.add_route(Some(Method::HEAD), path, handler.into_endpoint())
    }

    /// Answers OPTIONS at this path in place of the automatic answer.
    #[track_caller]
    pub fn options<H: IntoEndpoint<A, K>, A, K>(self, path: &str, handler: H) -> Self {
        self.add_route(Some(Method::OPTIONS), path, handler.into_endpoint())
    }

    /// Answers every method at this path, those with a route of their own excepted.
    #[track_caller]
    pub fn any<H: IntoEndpoint<A, K>, A, K>(self, path: &str, handler: H) -> Self {
        self.add_route(None, path, handler.into_endpoint())
    }

    /// Answers this method at this path.
    ///
    /// A path is made of segments: `/users/{id}`, `/img-{id}.png`, `/files/{*path}`. Literals rank
    /// before parameters, and those before `{*path}`.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// let app = App::new().route(Method::TRACE, "/", async || "seen");
    /// app.test().request(Method::TRACE, "/").send().assert_text("seen");
    /// ```
    #[track_caller]
    pub fn route<H: IntoEndpoint<A, K>, A, K>(
        self,
        method: Method,
        path: &str,
        handler: H,
    ) -> Self {
        self.add_route(Some(method), path, handler.into_endpoint())
    }

    #[track_caller]
    fn add_route(mut self, method: Option<Method>, path: &str, endpoint: Endpoint) -> Self {
        let place = self.here();
        self.routes.push(RouteEntry {
            method,
            path: path.to_owned(),
            endpoint,
            place,
        });
        self
    }

    /// Wraps every route of this app, of the apps mounted in it, and the automatic answers (404,
    /// 405, OPTIONS) in a middleware, wherever in the builder this stands.
    ///
    /// The first written is the outermost: requests pass top to bottom, responses bottom to top.
    /// It runs after the match, so it knows the route ([`Request::route`](crate::Request::route)).
    #[track_caller]
    pub fn with<M: IntoMiddleware<S, K>, S, K>(mut self, middleware: M) -> Self {
        let place = self.here();
        self.middleware
            .extend(middleware.into_middleware().map(|m| (m, place)));
        self
    }

    /// [`with`](Self::with), if the condition holds.
    #[track_caller]
    pub fn with_if<M: IntoMiddleware<S, K>, S, K>(self, condition: bool, middleware: M) -> Self {
        if condition {
            self.with(middleware)
        } else {
            self
        }
    }

    /// Adds a middleware that runs before the match and may change method, path and host, so that
    /// another route matches. Only the outermost app has these; elsewhere it is a build error.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// async fn old_paths(mut req: Request, next: Next) -> Result<Response> {
    ///     if let Some(rest) = req.path().strip_prefix("/v1/") {
    ///         req.set_path(&format!("/{rest}"))?;
    ///     }
    ///     Ok(next.run(req).await)
    /// }
    ///
    /// let app = App::new().before_routing(old_paths).get("/users", async || "users");
    /// app.test().get("/v1/users").send().assert_text("users");
    /// ```
    #[track_caller]
    pub fn before_routing<M: IntoMiddleware<S, K>, S, K>(mut self, middleware: M) -> Self {
        let place = self.here();
        self.before
            .extend(middleware.into_middleware().map(|m| (m, place)));
        self
    }

    /// Puts an app below a prefix, which may have parameters. Its `/` answers at the prefix itself.
    ///
    /// Everything below the prefix is its own: its fallback, error renderer and middleware answer
    /// for what it has no route for. What it does not set, it inherits from this app. At `/`, it so
    /// answers for this app; of several at one prefix, the first answers. Besides an `App` it takes
    /// what becomes one, such as a folder of files.
    #[track_caller]
    pub fn mount(mut self, prefix: &str, app: impl Into<Self>) -> Self {
        let at = Mount::Prefix(prefix.to_owned());
        self.children.push(Child {
            at,
            app: app.into(),
            place: self.here(),
        });
        self
    }

    /// [`mount`](Self::mount), with the routes of the group written in a closure.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// let app = App::new().group("/api", |api| {
    ///     api.get("/users", async || "users").get("/posts", async || "posts")
    /// });
    /// app.test().get("/api/posts").send().assert_text("posts");
    /// ```
    #[track_caller]
    pub fn group(self, prefix: &str, routes: impl FnOnce(Self) -> Self) -> Self {
        self.mount(prefix, routes(Self::new()))
    }

    /// Puts an app at a host: `api.example.com`, or `{tenant}.example.com` with a parameter. Only
    /// the outermost app has hosts. What no host matches is answered by the routes of this app.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// let tenant = App::new().get("/", async |Path(tenant): Path<String>| tenant);
    /// let client = App::new().get("/", async || "home").host("{tenant}.example.com", tenant).test();
    /// client.get("/").header("host", "acme.example.com").send().assert_text("acme");
    /// client.get("/").header("host", "example.com").send().assert_text("home");
    /// ```
    #[track_caller]
    pub fn host(mut self, host: &str, app: impl Into<Self>) -> Self {
        let at = Mount::Host(host.to_owned());
        self.children.push(Child {
            at,
            app: app.into(),
            place: self.here(),
        });
        self
    }

    /// Answers for every path of this app that no route matches, in place of the 404.
    #[track_caller]
    pub fn fallback<H: IntoEndpoint<A, K>, A, K>(mut self, handler: H) -> Self {
        let place = self.here();
        if let Some((_, first)) = self.fallback.replace((handler.into_endpoint(), place)) {
            self.problems.push(Problem::new(
                place,
                format!("this app has a fallback already, at {first}"),
            ));
        }
        self
    }

    /// Keeps a value that handlers and middleware take as [`State<T>`](crate::State), by its type.
    ///
    /// A mounted app sees its own values, then those of the apps around it. Two values of one type
    /// in one app are a build error: wrap one in a type of its own.
    #[track_caller]
    pub fn state<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.states.push(StateEntry {
            id: TypeId::of::<T>(),
            state: StateValue {
                name: std::any::type_name::<T>(),
                value: Arc::new(value),
            },
            place: self.here(),
        });
        self
    }

    /// Replaces the states of this type, here and in mounted apps; says whether there was one.
    pub(crate) fn replace_state<T: Clone + Send + Sync + 'static>(
        &mut self,
        id: TypeId,
        value: &T,
    ) -> bool {
        let mut replaced = false;
        for entry in self.states.iter_mut().filter(|entry| entry.id == id) {
            entry.state.value = Arc::new(value.clone());
            replaced = true;
        }
        for child in &mut self.children {
            replaced |= child.app.replace_state(id, value);
        }
        replaced
    }

    /// What happens to a path that only matches with its last slash added or removed. Default:
    /// that of the app around, which is [`TrailingSlash::Strict`].
    pub fn trailing_slash(mut self, policy: TrailingSlash) -> Self {
        self.slash = Some(policy);
        self
    }

    /// Checks the app and freezes it.
    ///
    /// # Errors
    /// All problems found, each with the line that caused it: conflicting or malformed routes,
    /// missing or doubled state, path parameters that a handler reads and its route lacks,
    /// missing extensions, consumers outside of their providers.
    pub fn build(self) -> Result<AppService, BuildError> {
        compose::build(self)
    }

    /// All routes, in the order written, those of mounted apps included; prints as a table.
    /// Routes that [`build`](Self::build) would report are left out.
    #[must_use]
    pub fn routes(&self) -> RouteTable {
        compose::routes(self)
    }

    /// The path of a route; see [`Request::url_for`](crate::Request::url_for).
    ///
    /// # Errors
    /// 500 with a sentence that says what is missing.
    #[track_caller]
    pub fn url_for<M>(
        &self,
        target: impl Link<M>,
        values: &[(&str, &dyn fmt::Display)],
    ) -> crate::Result<String> {
        self.routes().url_for(target, values)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("routes", &self.routes.len())
            .field("mounted", &self.children.len())
            .finish_non_exhaustive()
    }
}
