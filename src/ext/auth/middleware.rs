//! Routes for some only, and the way to the login page.
//!
//! Before it: the session is at hand. After it: handlers that can be sure who asks.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use http::header::{ACCEPT, CACHE_CONTROL, SET_COOKIE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::current::{Current, Gate};
use super::error::NotSignedIn;
use super::extract::{NOT_PLUGGED, auth, needs};
use super::user::User;
use crate::sessions::Session;
use crate::{
    Error, FromRequest, IntoResponse, Method, Middleware, Need, Next, Provided, Redirect, Request,
    Response, Result,
};

/// Characters of a path that are encoded in a query.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Middleware that lets those pass only who have signed in. For others it is 401, or the
/// [login page](super::Auth::with_login_page).
///
/// It stands around whatever has to be safe, an app or a route, and so around its 404s as well.
///
/// ```
/// use cepa::auth::{Auth, User, require_login};
/// use cepa::prelude::*;
/// use cepa::sessions::Sessions;
///
/// # #[derive(Clone)] struct Member(String);
/// # impl User for Member { fn id(&self) -> String { self.0.clone() } }
/// let client = App::new()
///     .plug(Sessions::memory())
///     .plug(Auth::new(|id: String| async move { Ok(Some(Member(id))) }).with_login_page("/login"))
///     .get("/login", async || "name and password, please")
///     .group("/club", |club| club.with(require_login()).get("/", async || "welcome"))
///     .test();
/// client.get("/club").send().assert_status(401);
/// let browser = client.get("/club").header("accept", "text/html");
/// browser.send().assert_status(303).assert_header("location", "/login?next=/club");
/// ```
#[must_use]
pub fn require_login() -> RequireRole {
    RequireRole(None)
}

/// Middleware that lets those pass only who have signed in and have this role
/// ([`User::has_role`]). For those who have not, it is 403.
///
/// ```
/// use cepa::auth::require_role;
/// use cepa::prelude::*;
///
/// let admin = App::new().with(require_role("admin")).get("/", async || "for admins");
/// # drop(admin);
/// ```
#[must_use]
pub fn require_role(role: impl Into<Cow<'static, str>>) -> RequireRole {
    RequireRole(Some(role.into()))
}

/// Middleware that lets those users pass only for whom the function says yes. For others it is 403.
///
/// ```
/// use cepa::auth::{User, require};
/// use cepa::prelude::*;
///
/// #[derive(Clone)]
/// struct Member { name: String, has_paid: bool }
///
/// impl User for Member {
///     fn id(&self) -> String { self.name.clone() }
/// }
///
/// let paid = App::new().with(require(|member: &Member| member.has_paid)).get("/", async || "music");
/// # drop(paid);
/// ```
pub fn require<U: User, F>(allows: F) -> Require<U, F>
where
    F: Fn(&U) -> bool + Send + Sync + 'static,
{
    let users = PhantomData;
    Require { allows, users }
}

/// The mark of what lets nobody pass who has not signed in.
pub(super) struct Guard;

/// What [`require_login`] and [`require_role`] return.
#[derive(Clone, Debug)]
pub struct RequireRole(Option<Cow<'static, str>>);

impl Middleware for RequireRole {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        let Some(gate) = req.state::<Gate>().cloned() else {
            return Error::internal(format!("no `Auth` is plugged: {NOT_PLUGGED}")).into_response();
        };
        let allowed = gate.0.allows(&mut req, self.0.as_deref()).await;
        pass(req, next, allowed).await
    }

    fn name(&self) -> Cow<'static, str> {
        match &self.0 {
            None => "require_login".into(),
            Some(role) => format!("require_role({role})").into(),
        }
    }

    fn requires(&self) -> Vec<Need> {
        let auth = Need::state::<Gate>().with_name("Auth");
        let mut needs = vec![auth.with_fix(NOT_PLUGGED)];
        needs.extend(Session::requires());
        needs
    }

    fn provides(&self) -> Vec<Provided> {
        vec![Provided::mark::<Guard>()]
    }
}

/// What [`require`] returns.
pub struct Require<U, F> {
    allows: F,
    users: PhantomData<fn(&U)>,
}

impl<U: User, F: Fn(&U) -> bool + Send + Sync + 'static> Middleware for Require<U, F> {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        let allowed = self.allowed(&mut req).await;
        pass(req, next, allowed).await
    }

    fn name(&self) -> Cow<'static, str> {
        "require_user".into()
    }

    fn requires(&self) -> Vec<Need> {
        needs::<U>()
    }

    fn provides(&self) -> Vec<Provided> {
        vec![Provided::mark::<Guard>()]
    }
}

impl<U: User, F: Fn(&U) -> bool> Require<U, F> {
    async fn allowed(&self, req: &mut Request) -> Result<bool> {
        let auth = auth::<U>(req)?;
        let user = Current::of(req, &auth).await?.user().await?;
        let user = user.ok_or_else(|| NotSignedIn.to_error())?;
        let allows = (self.allows)(&user);
        if !allows {
            tracing::info!(target: "cepa", user = user.id(), "refused");
        }
        Ok(allows)
    }
}

impl<U, F> fmt::Debug for Require<U, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Require")
    }
}

async fn pass(req: Request, next: Next, allowed: Result<bool>) -> Response {
    match allowed {
        Ok(true) => next.run(req).await,
        Ok(false) => Error::forbidden("you may not do this").into_response(),
        Err(error) => error.into_response(),
    }
}

/// Leads browsers to the login page where somebody has to sign in.
pub(super) struct LoginPage {
    pub(super) page: Arc<str>,
}

impl Middleware for LoginPage {
    async fn handle(&self, req: Request, next: Next) -> Response {
        if !is_page_load(&req) || req.path() == &*self.page {
            return next.run(req).await;
        }
        let is_read = [Method::GET, Method::HEAD].contains(req.method());
        let target = is_read.then(|| self.with_next(&req));
        let mut res = next.run(req).await;
        let error = res.error();
        if error.is_none_or(|error| error.downcast_ref::<NotSignedIn>().is_none()) {
            return res;
        }
        let mut redirect = Redirect::to(target.as_deref().unwrap_or(&self.page)).into_response();
        redirect.set_header(CACHE_CONTROL, "no-store");
        // What was set meanwhile is set still, such as the cookie that ends a session.
        if let http::header::Entry::Occupied(cookies) = res.headers_mut().entry(SET_COOKIE) {
            let (_, cookies) = cookies.remove_entry_mult();
            for cookie in cookies {
                redirect.headers_mut().append(SET_COOKIE, cookie);
            }
        }
        redirect
    }

    fn name(&self) -> Cow<'static, str> {
        "Auth::LoginPage".into()
    }
}

impl LoginPage {
    /// With the path of the request to come back to.
    fn with_next(&self, req: &Request) -> String {
        let mut target = req.path().to_owned();
        if !req.query().is_empty() {
            target.push('?');
            target.push_str(req.query());
        }
        let target = utf8_percent_encode(&target, IN_QUERY);
        format!("{}?next={target}", self.page)
    }
}

/// Whether a browser asks for a page to show; a script of a page wants to know the status.
fn is_page_load(req: &Request) -> bool {
    match req.header("sec-fetch-mode") {
        Some(mode) => mode == "navigate",
        None => {
            let accept = req.headers().get_all(ACCEPT).iter();
            let mut accept = accept.filter_map(|value| value.to_str().ok());
            accept.any(|value| value.to_ascii_lowercase().contains("text/html"))
        }
    }
}
