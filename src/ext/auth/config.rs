//! `Auth`: the users of an app, and how they sign in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::current::{AnyAuth, Gate};
use super::error::{NotSignedIn, PasswordError};
use super::middleware::{Guard, LoginPage};
use super::next;
use super::outbox::Outbox;
use super::passwords::Passwords;
use super::throttle::Throttle;
use super::tokens::{AnyTokens, MemoryTokens, TokenStore, sweep};
use super::user::{AnyUsers, User, UserStore};
use crate::sessions::Sessions;
use crate::{App, AppService, Extension, Method, Provided};

/// How long a link to set a new password is good, unless told otherwise.
const RESET: Duration = Duration::from_secs(30 * 60);

/// The users of an app, and of those mounted in it; see [the module](crate::auth).
///
/// ```
/// use cepa::auth::{Auth, AuthSession, CurrentUser, User};
/// use cepa::prelude::*;
/// use cepa::sessions::Sessions;
///
/// #[derive(Clone)]
/// struct Guest(String);
///
/// impl User for Guest {
///     fn id(&self) -> String { self.0.clone() }
/// }
///
/// async fn enter(auth: AuthSession<Guest>, Path(name): Path<String>) -> Result<()> {
///     Ok(auth.login(&Guest(name))?)
/// }
///
/// let client = App::new()
///     .plug(Sessions::memory())
///     .plug(Auth::new(|id: String| async move { Ok(Some(Guest(id))) }))
///     .post("/enter/{name}", enter)
///     .get("/", async |CurrentUser(guest): CurrentUser<Guest>| guest.0)
///     .test();
/// client.get("/").send().assert_status(401);
/// client.post("/enter/Ada").send();
/// client.get("/").send().assert_text("Ada");
/// ```
#[must_use = "an extension does nothing until it is plugged"]
pub struct Auth<U> {
    pub(super) users: Arc<dyn AnyUsers<U>>,
    pub(super) tokens: Arc<dyn AnyTokens>,
    pub(super) passwords: Passwords,
    pub(super) throttle: Throttle,
    pub(super) outbox: Outbox,
    /// What the users are called in sessions.
    pub(super) name: Arc<str>,
    pub(super) login_page: Option<Arc<str>>,
    pub(super) reset_lifetime: Duration,
}

impl<U: User> Auth<U> {
    /// The users in this store, or that this function finds by their ids.
    pub fn new(users: impl UserStore<User = U>) -> Self {
        Self {
            users: Arc::new(users),
            tokens: Arc::new(MemoryTokens::new()),
            passwords: Passwords::new(),
            throttle: Throttle::new(),
            outbox: Outbox::default(),
            name: "user".into(),
            login_page: None,
            reset_lifetime: RESET,
        }
    }

    /// How passwords are hashed, and which are accepted; handlers take them as `State<Passwords>`.
    /// Default: [`Passwords::new`].
    pub fn with_passwords(mut self, passwords: Passwords) -> Self {
        self.passwords = passwords;
        self
    }

    /// How often a password may be tried. Default: [`Throttle::new`].
    pub fn with_throttle(mut self, throttle: Throttle) -> Self {
        self.throttle = throttle;
        self
    }

    /// Where browsers are led when somebody has to sign in: a path, which gets in its query as `next`
    /// where to go on ([`AuthSession::next`](super::AuthSession::next)). Default: nowhere; the answer
    /// is 401, as it is to programs in any case.
    pub fn with_login_page(mut self, path: impl Into<Arc<str>>) -> Self {
        self.login_page = Some(path.into());
        self
    }

    /// Where tokens for links in mails are kept. Default: in this process, which forgets them when it
    /// ends.
    pub fn with_tokens(mut self, store: impl TokenStore) -> Self {
        self.tokens = Arc::new(store);
        self
    }

    /// How long a link to set a new password is good. Default: 30 minutes.
    pub fn with_reset_lifetime(mut self, lifetime: Duration) -> Self {
        self.reset_lifetime = lifetime;
        self
    }

    /// What these users are called in sessions, which belong to `user:42`. Default: `user`. Users of
    /// another type in the same app need another name, so that nobody passes for somebody else.
    pub fn with_name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = name.into();
        self
    }

    /// What is wrong with the options.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(page) = &self.login_page
            && (next::safe(page).is_none() || page.contains(['?', '#']))
        {
            problems.push(format!(
                "`{}` is no path of a login page: write it as browsers ask for it, such as `/login`",
                page.escape_debug()
            ));
        }
        if self.name.is_empty() || self.name.contains(':') {
            problems.push(format!(
                "`{}` is no name for users: write a word, such as `user`",
                self.name.escape_debug()
            ));
        }
        if self.reset_lifetime < Duration::from_secs(1) {
            problems.push(
                "a link to set a new password that is never good helps nobody: give it minutes"
                    .to_owned(),
            );
        }
        problems
    }
}

impl<U: User> Extension for Auth<U> {
    fn install(self, mut app: App) -> App {
        let mut problems = self.problems();
        problems.extend(self.passwords.problems(app.current_mode()));
        let is_wrong = !problems.is_empty();
        app = problems.into_iter().fold(app, App::problem);
        let page = self.login_page.clone().filter(|_| !is_wrong);
        let guard = page.clone().map(|page| LoginPage { page });
        let (outbox, tokens) = (self.outbox.clone(), Arc::clone(&self.tokens));
        let gate = Gate(Arc::new(self.clone()) as Arc<dyn AnyAuth>);
        let name = UserName(self.name.clone(), std::any::type_name::<U>());
        app.require::<Sessions>("add `.plug(Sessions::memory())`, or with another store")
            .state(self.passwords.clone())
            .state(gate)
            .state(self)
            .contribute(name)
            .check(names_differ)
            .check(move |service| {
                page.as_deref()
                    .map_or(Ok(()), |page| is_open(service, page))
            })
            .with(guard)
            .map_error(|error: &PasswordError| error.to_error())
            .map_error(|error: &NotSignedIn| error.to_error())
            .on_start_with(move |app| async move {
                outbox.open(app.clone());
                app.spawn(sweep(tokens, app.clone()));
            })
    }
}

/// What users of a type are called.
struct UserName(Arc<str>, &'static str);

/// Users of two types under one name: an id of the ones would be one of the others.
fn names_differ(service: &AppService) -> Result<(), String> {
    let names = service.contributions::<UserName>();
    let mut all = names.located();
    while let Some((UserName(name, of), place)) = all.next() {
        let rest = names.located().skip(names.len() - all.len());
        for (UserName(other, of_other), other_place) in rest {
            if name == other && of != of_other {
                return Err(format!(
                    "two types of users are called `{name}` in sessions, at {place} and at {other_place}: name one by `with_name`"
                ));
            }
        }
    }
    Ok(())
}

/// Whether the login page is there for those who have not signed in.
fn is_open(service: &AppService, page: &str) -> Result<(), String> {
    let is_get = |method: Option<&Method>| method.is_none_or(|it| it == Method::GET);
    let explained = service.explain("GET", page).route;
    let mut routes = service.routes().iter();
    let route = routes.find(|route| route.path() == page && is_get(route.method()));
    let Some(route) = route.or(explained.as_deref()) else {
        return Err(format!(
            "the login page `{page}` is nowhere: add `.get(\"{page}\", ..)`"
        ));
    };
    match route.providers(&Provided::mark::<Guard>()).next().is_some() {
        true => Err(format!(
            "the login page `{page}` ({}) is for those only who have signed in: write it outside of what has `require_login()` around it",
            route.location()
        )),
        false => Ok(()),
    }
}

impl<U> Clone for Auth<U> {
    fn clone(&self) -> Self {
        Self {
            users: Arc::clone(&self.users),
            tokens: Arc::clone(&self.tokens),
            passwords: self.passwords.clone(),
            throttle: self.throttle.clone(),
            outbox: self.outbox.clone(),
            name: Arc::clone(&self.name),
            login_page: self.login_page.clone(),
            reset_lifetime: self.reset_lifetime,
        }
    }
}

impl<U> fmt::Debug for Auth<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("name", &self.name)
            .field("login_page", &self.login_page)
            .field("passwords", &self.passwords)
            .field("throttle", &self.throttle)
            .finish_non_exhaustive()
    }
}
