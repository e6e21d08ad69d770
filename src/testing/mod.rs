//! A client that asks an app in process: no sockets, no ports, the same code as behind the server.
//!
//! ```
//! use cepa::prelude::*;
//!
//! async fn greet(Path(name): Path<String>) -> String {
//!     format!("Hello, {name}!")
//! }
//!
//! let client = App::new().get("/hello/{name}", greet).test();
//! client.get("/hello/ada").send().assert_status(200).assert_text("Hello, ada!");
//! client.post("/hello/ada").send().assert_status(405);
//! ```
//!
//! In an async test, await the request in place of `send()`: `client.get("/").await`. It works with
//! a paused tokio clock.
//!
//! Whoever writes an extension checks by [`check_extension`] that it keeps what all promise.

mod cookies;
mod extension;
#[cfg(test)]
pub(crate) mod random;
mod request;
mod response;

use std::any::TypeId;
use std::fmt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use http::{HeaderMap, HeaderValue, Method};
use tokio::runtime::{Handle, Runtime};

pub use extension::{ExtensionCheck, check_extension};
pub use request::TestRequest;
pub use response::TestResponse;

use crate::app::App;
use crate::router::Link;
use crate::service::AppService;
use cookies::Jar;

/// Asks an app in process; made by [`App::test`].
///
/// It keeps the cookies it is sent. The app is built, and its start hooks run, at the first
/// request; a problem found there panics with its sentences.
///
/// ```
/// use cepa::prelude::*;
///
/// let client = App::new()
///     .post("/in", async || ([("set-cookie", "user=ada")], "in"))
///     .get("/", async |req: Request| req.header("cookie").unwrap_or("nobody").to_owned())
///     .test();
/// client.get("/").send().assert_text("nobody");
/// client.post("/in").send().assert_status(200);
/// client.get("/").send().assert_text("user=ada");
/// ```
pub struct TestClient {
    app: Mutex<Option<App>>,
    service: OnceLock<AppService>,
    runtime: OnceLock<Runtime>,
    jar: Mutex<Jar>,
    headers: HeaderMap,
}

impl TestClient {
    pub(crate) fn new(app: App) -> Self {
        Self {
            app: Mutex::new(Some(app)),
            service: OnceLock::new(),
            runtime: OnceLock::new(),
            jar: Mutex::default(),
            headers: HeaderMap::new(),
        }
    }

    /// Puts a fake in place of the state of this type, in every app of the tree that keeps one.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// #[derive(Clone)]
    /// struct Clock(fn() -> u64);
    ///
    /// fn app() -> App {
    ///     App::new().state(Clock(|| 1_790_000_000)).get("/", async |State(c): State<Clock>| (c.0)().to_string())
    /// }
    ///
    /// app().test().replace_state(Clock(|| 7)).get("/").send().assert_text("7");
    /// ```
    ///
    /// # Panics
    /// If the app keeps no state of this type, or after the first request.
    #[track_caller]
    #[must_use]
    pub fn replace_state<T: Clone + Send + Sync + 'static>(self, fake: T) -> Self {
        {
            let mut app = lock(&self.app);
            let Some(app) = app.as_mut() else {
                panic!("`replace_state` comes before the first request");
            };
            let replaced = app.replace_state(TypeId::of::<T>(), &fake);
            assert!(
                replaced,
                "the app keeps no state of type `{}`",
                std::any::type_name::<T>()
            );
        }
        self
    }

    /// Sends this header with every request that does not set it itself, such as the token of a user.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// async fn whoami(req: Request) -> Result<String> {
    ///     Ok(req.header("authorization").or_unauthorized("who are you?")?.to_owned())
    /// }
    ///
    /// let client = App::new().get("/", whoami).test().with_header("authorization", "Bearer ada");
    /// client.get("/").send().assert_text("Bearer ada");
    /// client.get("/").header("authorization", "Bearer bob").send().assert_text("Bearer bob");
    /// ```
    ///
    /// # Panics
    /// If HTTP does not allow the name or the value.
    #[track_caller]
    #[must_use]
    pub fn with_header<V: TryInto<HeaderValue>>(mut self, name: &str, value: V) -> Self {
        let (name, value) = request::header(name, value);
        self.headers.insert(name, value);
        self
    }

    /// Begins a GET of this path, with its query. A whole URI, such as `https://localhost/`, asks
    /// for its host, and by https if it says so ([`Request::is_secure`](crate::Request::is_secure)).
    #[track_caller]
    pub fn get(&self, path: impl AsRef<str>) -> TestRequest<'_> {
        self.request(Method::GET, path)
    }

    /// Begins a POST to this path.
    #[track_caller]
    pub fn post(&self, path: impl AsRef<str>) -> TestRequest<'_> {
        self.request(Method::POST, path)
    }

    /// Begins a PUT to this path.
    #[track_caller]
    pub fn put(&self, path: impl AsRef<str>) -> TestRequest<'_> {
        self.request(Method::PUT, path)
    }

    /// Begins a PATCH of this path.
    #[track_caller]
    pub fn patch(&self, path: impl AsRef<str>) -> TestRequest<'_> {
        self.request(Method::PATCH, path)
    }

    /// Begins a DELETE of this path.
    #[track_caller]
    pub fn delete(&self, path: impl AsRef<str>) -> TestRequest<'_> {
        self.request(Method::DELETE, path)
    }

    /// Begins a request of any method.
    #[track_caller]
    pub fn request(&self, method: Method, path: impl AsRef<str>) -> TestRequest<'_> {
        TestRequest::new(self, method, path.as_ref())
    }

    /// Begins a request to a route, named by its handler or its name, with the route's method
    /// (GET for a route of any method).
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// async fn show(Path(id): Path<u64>) -> String { id.to_string() }
    ///
    /// let client = App::new().mount("/api", App::new().get("/users/{id}", show)).test();
    /// client.to(show, &[("id", &7)]).send().assert_text("7");
    /// ```
    ///
    /// # Panics
    /// If no route, or more than one path, answers to the name, or a value is missing.
    #[track_caller]
    pub fn to<M>(
        &self,
        target: impl Link<M>,
        values: &[(&str, &dyn fmt::Display)],
    ) -> TestRequest<'_> {
        let service = self.service();
        let route = service.routes().iter().find(|route| target.matches(route));
        let method = route
            .and_then(|route| route.method().cloned())
            .unwrap_or(Method::GET);
        match service.url_for(target, values) {
            Ok(url) => match url.strip_prefix("//").and_then(|rest| rest.split_once('/')) {
                Some((host, path)) => self
                    .request(method, format!("/{path}"))
                    .header("host", host),
                None => self.request(method, url),
            },
            Err(error) => panic!("{error}"),
        }
    }

    /// Ends the app as a server would: tells those who asked that it stops, waits for spawned
    /// tasks, runs the stop hooks.
    ///
    /// # Panics
    /// If a stop hook fails.
    #[track_caller]
    pub fn stop(&self) {
        let service = self.service();
        let ended = self.block_on(async { service.stop().await });
        assert!(ended.is_ok(), "a stop hook failed: {ended:?}");
    }

    /// The built app, to ask it more: its routes, its warnings.
    ///
    /// # Panics
    /// If the app has problems.
    #[track_caller]
    pub fn service(&self) -> &AppService {
        if let Some(service) = self.service.get() {
            return service;
        }
        let app = lock(&self.app).take();
        let built = app.map(App::build);
        match built {
            Some(Ok(service)) => self.service.get_or_init(|| service),
            Some(Err(error)) => panic!("{error}"),
            None => panic!("the app could not be built, as an earlier panic says"),
        }
    }

    /// Runs a future on the client's own runtime: for what takes several steps, such as a
    /// conversation, in a plain `#[test]`.
    ///
    /// # Panics
    /// If a runtime is running, and where the future does.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        assert!(
            Handle::try_current().is_err(),
            "this waits for the answer; inside a runtime write `.await` in its place"
        );
        let runtime = self.runtime.get_or_init(|| {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            builder
                .enable_all()
                .build()
                .expect("a runtime for tests can be started")
        });
        runtime.block_on(future)
    }

    fn jar(&self) -> MutexGuard<'_, Jar> {
        lock(&self.jar)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for TestClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestClient")
            .field("service", &self.service.get())
            .finish_non_exhaustive()
    }
}
