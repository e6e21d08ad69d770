//! `Sessions`: where sessions are kept, for how long, and what their cookie looks like.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::clock::millis;
use super::error::SessionError;
use super::extract::Session;
use super::memory::MemoryStore;
use super::middleware::{KeepSession, SameOrigin};
use super::place::{Keeps, Place};
use super::store::SessionStore;
use crate::cookies::{Cookie, CookieJar, Keys};
use crate::{App, AppService, CrossOrigin, Extension, Provided, Route};

const IDLE: Duration = Duration::from_secs(30 * 60);
const ABSOLUTE: Duration = Duration::from_secs(12 * 60 * 60);
/// Sessions of a user, at most.
const PER_USER: usize = 100;
/// Bytes of the values of one session, where a store keeps them.
const LIMIT: usize = 32 << 10;
/// The same for sessions in cookies: what a cookie of 4096 bytes has room for.
const COOKIE_LIMIT: usize = 2_700;
/// What the cookie is named.
const NAME: &str = "session";
/// How often the store is told to forget what is over.
const SWEEP: Duration = Duration::from_secs(60);

/// Gives the clients of an app, and of those mounted in it, a [`Session`](super::Session) each; see
/// [the module](crate::sessions).
///
/// ```
/// use cepa::prelude::*;
/// use cepa::sessions::{Session, Sessions};
/// use std::time::Duration;
///
/// let sessions = Sessions::memory()
///     .with_idle(Duration::from_secs(15 * 60))
///     .with_cookie_name("shop");
/// let client = App::new()
///     .plug(sessions)
///     .post("/", async |session: Session| session.insert("seen", true))
///     .test();
/// let res = client.post("/").send();
/// assert!(res.header("set-cookie").unwrap().starts_with("shop="));
/// ```
#[must_use = "an extension does nothing until it is plugged"]
pub struct Sessions {
    keeps: Keeps,
    idle: Duration,
    absolute: Duration,
    limit: usize,
    per_user: usize,
    name: Cow<'static, str>,
    secure: Option<bool>,
    is_persistent: bool,
    cross_origin: Option<CrossOrigin>,
}

impl Sessions {
    /// Keeps them in this store.
    pub fn new(store: impl SessionStore) -> Self {
        Self::of(Keeps::Store(Box::new(store)), LIMIT)
    }

    /// Keeps them in the memory of this process, in a [`MemoryStore`] of its own.
    pub fn memory() -> Self {
        Self::new(MemoryStore::new())
    }

    /// Keeps them in the cookie itself, encrypted by these keys; 2,700 bytes at most.
    ///
    /// No server has to remember anything. The price: a session cannot be ended by the server before
    /// its time, so that who copied the cookie has it until then, even after
    /// [`destroy`](super::Session::destroy); and of two requests at once that change it, the later
    /// response wins.
    pub fn cookie(keys: &Keys) -> Self {
        Self::of(Keeps::cookie(keys), COOKIE_LIMIT)
    }

    fn of(keeps: Keeps, limit: usize) -> Self {
        Self {
            keeps,
            idle: IDLE,
            absolute: ABSOLUTE,
            limit,
            per_user: PER_USER,
            name: Cow::Borrowed(NAME),
            secure: None,
            is_persistent: false,
            cross_origin: Some(CrossOrigin::new()),
        }
    }

    /// After how long without a request that reads it a session ends. Default: 30 minutes.
    ///
    /// Uses are noted once in a twentieth of this time, so it may end so much earlier.
    pub fn with_idle(mut self, time: Duration) -> Self {
        self.idle = time;
        self
    }

    /// After how long a session ends in any case, counted from its first value, or from when its user
    /// signed in. Default: 12 hours.
    pub fn with_absolute(mut self, time: Duration) -> Self {
        self.absolute = time;
        self
    }

    /// How many bytes the values of one session may have. Default: 32 KiB; in cookies 2,700, which is
    /// the most there.
    pub fn with_limit(mut self, bytes: usize) -> Self {
        self.limit = match self.keeps {
            Keeps::Store(_) => bytes,
            Keeps::Cookie(_) => bytes.min(COOKIE_LIMIT),
        };
        self
    }

    /// How many sessions a user may have. With one more, the one ends that would end first, so that whoever
    /// signs in again and again fills no store. Default: 100. Those of other cookies count as well, if they
    /// are kept in the same store; sessions in cookies are not counted.
    pub fn with_sessions_per_user(mut self, sessions: usize) -> Self {
        self.per_user = sessions;
        self
    }

    /// The name of the cookie; over https it has `__Host-` in front. Default: `session`.
    pub fn with_cookie_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }

    /// Whether the cookie is `__Host-` and `Secure`, and other cookies inside are `Secure`. Default: in production always; in development
    /// where the client came by https ([`Request::is_secure`](crate::Request::is_secure)).
    ///
    /// `false` is for networks where nobody listens; who listens has the sessions.
    pub fn with_secure(mut self, secure: bool) -> Self {
        self.secure = Some(secure);
        self
    }

    /// Whether the browser keeps the cookie when it ends, for the absolute time. Default: no.
    pub fn with_persistent_cookie(mut self, is_persistent: bool) -> Self {
        self.is_persistent = is_persistent;
        self
    }

    /// This check of where requests come from in place of the default one, for trusted origins.
    pub fn with_cross_origin(mut self, check: CrossOrigin) -> Self {
        self.cross_origin = Some(check);
        self
    }

    /// No check of where requests come from. Then a page of any site can send what it likes in the
    /// name of a client, unless something else forbids it.
    pub fn without_cross_origin(mut self) -> Self {
        self.cross_origin = None;
        self
    }

    /// What is wrong with the options.
    fn wrong_options(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, time) in [("idle", self.idle), ("absolute", self.absolute)] {
            if time < Duration::from_millis(1) {
                problems.push(format!(
                    "an {name} time of {time:?} ends every session at once: name a longer one"
                ));
            }
        }
        if self.limit == 0 {
            problems.push(
                "a limit of 0 bytes leaves no room for a value: name a larger one".to_owned(),
            );
        }
        if self.per_user == 0 {
            problems
                .push("0 sessions per user let nobody sign in: name a larger number".to_owned());
        }
        let cookie = Cookie::new(self.name.clone(), "");
        if crate::HeaderValue::try_from(cookie).is_err() || self.name.starts_with("__") {
            problems.push(format!(
                "`{}` is no name for the cookie: use letters, digits, `-` and `_`; the prefix `__Host-` is added",
                self.name.escape_debug()
            ));
        }
        problems
    }
}

impl Extension for Sessions {
    fn install(mut self, mut app: App) -> App {
        for problem in self.wrong_options() {
            app = app.problem(problem);
        }
        let is_production = app.current_mode().is_production();
        let check = self.cross_origin.take().map(SameOrigin);
        let setup = Arc::new(Setup {
            place: Place::new(self.keeps, self.name.clone(), self.per_user),
            lifetime: Lifetime {
                idle: millis(self.idle),
                absolute: millis(self.absolute),
            },
            limit: self.limit,
            names: [self.name.clone(), format!("__Host-{}", self.name).into()],
            secure: self.secure.or(is_production.then_some(true)),
            is_guessed: self.secure.is_none(),
            is_persistent: self.is_persistent,
            has_warned: AtomicBool::new(false),
        });
        let (swept, checked) = (Arc::clone(&setup), Arc::clone(&setup));
        #[cfg(feature = "sessions-templates")]
        let app = super::templates::contribute(app);
        // The cookies beside that of the session are as safe as it.
        let jar = match self.secure {
            Some(secure) => CookieJar::new().with_secure(secure),
            None => CookieJar::new(),
        };
        app.with(check)
            .with(jar)
            .with(KeepSession { setup })
            .map_error(SessionError::to_error)
            .contribute(Plugged(Arc::clone(&swept)))
            .check(move |service| {
                has_cookie_alone(service, &checked)?;
                checked.place.check(service, &checked.title())
            })
            .on_start_with(move |app| async move { app.spawn(sweep(swept, app.clone())) })
    }
}

/// Sessions somewhere in the app.
struct Plugged(Arc<Setup>);

/// Two that overwrite each other's cookie are a problem, at the line of the later one. Those of
/// different hosts do not meet.
fn has_cookie_alone(service: &AppService, setup: &Arc<Setup>) -> Result<(), String> {
    let all = service.contributions::<Plugged>();
    let mut alike = all.located().filter(|(it, _)| it.0.names == setup.names);
    let Some((first, place)) = alike.next() else {
        return Ok(());
    };
    let title = setup.title();
    let is_twice = |route: &Route| of_title(route, &title).count() > 1;
    let routes = || service.routes().iter();
    let are_apart = routes().any(|route| route.host().is_some()) && !routes().any(is_twice);
    match Arc::ptr_eq(&first.0, setup) || are_apart {
        true => Ok(()),
        false => Err(format!(
            "the sessions at {place} have the cookie `{}` too, so the ones would end the others: plug one around both parts, or name a cookie by `with_cookie_name(..)`",
            setup.names[0]
        )),
    }
}

/// The positions of sessions of this title on the way of a route.
pub(super) fn of_title<'a>(route: &'a Route, title: &'a str) -> impl Iterator<Item = usize> + 'a {
    let sessions = route.providers(&Provided::local::<Session>());
    sessions.filter(move |at| route.middleware().nth(*at) == Some(title))
}

/// Tells the store every minute to forget what is over, until the app stops.
async fn sweep(setup: Arc<Setup>, app: AppService) {
    let mut stopping = app.stopping();
    while tokio::time::timeout(SWEEP, stopping.wait()).await.is_err() {
        if let Err(error) = setup.place.sweep().await {
            tracing::warn!(target: "cepa", "sessions that are over could not be swept: {error}");
        }
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("cookie", &self.name)
            .field("idle", &self.idle)
            .field("absolute", &self.absolute)
            .finish_non_exhaustive()
    }
}

/// The options as requests use them.
pub(super) struct Setup {
    pub(super) place: Place,
    pub(super) lifetime: Lifetime,
    limit: usize,
    /// Over plain http, and over https.
    names: [Cow<'static, str>; 2],
    /// `None` where it depends on the request.
    secure: Option<bool>,
    /// Whether nobody said so.
    is_guessed: bool,
    is_persistent: bool,
    has_warned: AtomicBool,
}

impl Setup {
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// What the middleware is called, in tables of routes.
    pub(super) fn title(&self) -> Cow<'static, str> {
        match &*self.names[0] {
            NAME => "Sessions".into(),
            name => format!("Sessions::{name}").into(),
        }
    }

    pub(super) fn is_secure(&self, came_by_https: bool) -> bool {
        self.secure.unwrap_or(came_by_https)
    }

    pub(super) fn cookie_name(&self, is_secure: bool) -> &str {
        &self.names[usize::from(is_secure)]
    }

    /// With this value; without one, the cookie that makes the client forget.
    pub(super) fn cookie(&self, value: Option<String>, is_secure: bool) -> Cookie {
        let name = self.cookie_name(is_secure);
        let cookie = match value {
            Some(value) if self.is_persistent => {
                let age = Duration::from_millis(self.lifetime.absolute);
                Cookie::new(name, value).with_max_age(age)
            }
            Some(value) => Cookie::new(name, value),
            None => Cookie::deleted(name),
        };
        cookie.with_secure(is_secure)
    }

    /// Says once that browsers will not keep the cookie, where nobody said that they would.
    pub(super) fn warn_of_plain_http(&self) {
        if self.is_guessed && !self.has_warned.swap(true, Ordering::Relaxed) {
            crate::log::warn(
                "a session cookie was set for a client that seems to have come by plain http; it is `Secure`, so browsers keep it over https only: serve https, name the proxy that does by `trust_proxies`, or say `Sessions::with_secure(..)`",
            );
        }
    }
}

/// For how long sessions live, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lifetime {
    idle: u64,
    absolute: u64,
}

impl Lifetime {
    /// When a session ends that was begun then and is used now.
    pub(super) fn end(&self, created: u64, now: u64) -> u64 {
        let idle = now.saturating_add(self.idle);
        idle.min(created.saturating_add(self.absolute))
    }

    /// Whether the later end is so much later that it is to be noted.
    pub(super) fn is_due(&self, noted: u64, end: u64) -> bool {
        end.saturating_sub(noted) > self.idle / 20
    }
}
