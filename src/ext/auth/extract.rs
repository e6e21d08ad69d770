//! `CurrentUser` and `AuthSession`: who has signed in, and what can be done about it.

use std::net::IpAddr;
use std::ops::Deref;

use super::config::Auth;
use super::current::Current;
use super::error::NotSignedIn;
use super::next;
use super::policy::{Policy, authorize};
use super::user::User;
use crate::sessions::Session;
use crate::{ClientAddr, Error, FromRequest, Need, OptionalFromRequest, Request, Result};

pub(super) const NOT_PLUGGED: &str = "add `.plug(Auth::new(..))`, with the store of these users";

/// The user who has signed in, as the store has it now. 401 if nobody has; browsers are led to the
/// [login page](Auth::with_login_page), if there is one. As an `Option`, `None` if nobody has.
///
/// It is asked for once in each request, however many take it. Somebody who is gone from the store,
/// or whose password was changed, is signed out by it.
///
/// ```
/// use cepa::auth::{Auth, CurrentUser, User};
/// use cepa::prelude::*;
/// use cepa::sessions::Sessions;
///
/// #[derive(Clone)]
/// struct Member(String);
///
/// impl User for Member {
///     fn id(&self) -> String { self.0.clone() }
/// }
///
/// async fn account(CurrentUser(member): CurrentUser<Member>) -> String {
///     member.0
/// }
///
/// async fn home(member: Option<CurrentUser<Member>>) -> String {
///     format!("Hello, {}!", member.map_or("stranger".to_owned(), |it| it.0.0))
/// }
///
/// let client = App::new()
///     .plug(Sessions::memory())
///     .plug(Auth::new(|id: String| async move { Ok(Some(Member(id))) }))
///     .get("/", home)
///     .get("/account", account)
///     .test();
/// client.get("/").send().assert_text("Hello, stranger!");
/// client.get("/account").send().assert_status(401);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CurrentUser<U>(pub U);

impl<U: User> CurrentUser<U> {
    /// Nothing, if the user may do this; see [`authorize`].
    ///
    /// # Errors
    /// 403 or 404, as the [`Policy`] says.
    #[track_caller]
    pub fn authorize<T: Policy<U> + ?Sized>(&self, action: T::Action, object: &T) -> Result<()> {
        let access = authorize(&self.0, action, object);
        if access.is_err() {
            tracing::info!(target: "cepa", user = self.0.id(), "refused by a policy");
        }
        access
    }
}

impl<U> Deref for CurrentUser<U> {
    type Target = U;

    fn deref(&self) -> &U {
        &self.0
    }
}

impl<U: User> FromRequest for CurrentUser<U> {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let user = <Self as OptionalFromRequest>::from_request(req).await?;
        user.ok_or_else(|| NotSignedIn.to_error())
    }

    fn requires() -> Vec<Need> {
        needs::<U>()
    }
}

impl<U: User> OptionalFromRequest for CurrentUser<U> {
    async fn from_request(req: &mut Request) -> Result<Option<Self>> {
        let auth = auth(req)?;
        Ok(Current::of(req, &auth).await?.user().await?.map(Self))
    }

    fn requires() -> Vec<Need> {
        needs::<U>()
    }
}

/// What a request can do about who has signed in: check passwords, sign in and out, set passwords, and
/// send links.
///
/// ```
/// use cepa::auth::{Auth, AuthSession, CurrentUser, Passwords, User, UserStore};
/// use cepa::prelude::*;
/// use cepa::sessions::Sessions;
/// use serde::Deserialize;
///
/// # #[derive(Clone)] struct Member { email: String, password: String }
/// # impl User for Member {
/// #     fn id(&self) -> String { self.email.clone() }
/// #     fn password_hash(&self) -> &str { &self.password }
/// # }
/// # #[derive(Clone, Default)] struct Members(std::sync::Arc<std::sync::Mutex<Vec<Member>>>);
/// # impl UserStore for Members {
/// #     type User = Member;
/// #     async fn by_id(&self, id: &str) -> Result<Option<Member>> { self.by_name(id).await }
/// #     async fn by_name(&self, name: &str) -> Result<Option<Member>> {
/// #         Ok(self.0.lock().unwrap().iter().find(|it| it.email == name).cloned())
/// #     }
/// # }
/// #[derive(Deserialize)]
/// struct Typed { email: String, password: String }
///
/// async fn sign_up(auth: AuthSession<Member>, State(all): State<Members>, Form(form): Form<Typed>) -> Result<Redirect> {
///     let password = auth.hash_password(&form.password, &[&form.email]).await?;
///     let member = Member { email: form.email, password };
///     all.0.lock().unwrap().push(member.clone());
///     auth.login(&member)?;
///     Ok(Redirect::to("/"))
/// }
///
/// async fn sign_in(auth: AuthSession<Member>, Form(form): Form<Typed>) -> Result<Redirect> {
///     let member = auth.authenticate(&form.email, &form.password).await?;
///     auth.login(&member.or_unauthorized("no such member, or another password")?)?;
///     Ok(Redirect::to(auth.next_or("/")))
/// }
///
/// async fn sign_out(auth: AuthSession<Member>) -> Result<Redirect> {
///     auth.logout()?;
///     Ok(Redirect::to("/"))
/// }
///
/// let members = Members::default();
/// let auth = Auth::new(members.clone());
/// # let auth = auth.with_passwords(Passwords::for_tests());
/// let client = App::new()
///     .state(members)
///     .plug(Sessions::memory())
///     .plug(auth)
///     .post("/sign-up", sign_up)
///     .post("/sign-in", sign_in)
///     .post("/sign-out", sign_out)
///     .get("/", async |CurrentUser(member): CurrentUser<Member>| member.email)
///     .test();
///
/// let typed = [("email", "ada@example.com"), ("password", "leek onion garlic")];
/// client.post("/sign-up").form(&typed).send().assert_status(303);
/// client.get("/").send().assert_text("ada@example.com");
/// client.post("/sign-out").send();
/// client.get("/").send().assert_status(401);
/// client.post("/sign-in").form(&typed).send().assert_status(303);
/// client.get("/").send().assert_text("ada@example.com");
/// ```
pub struct AuthSession<U> {
    pub(super) auth: Auth<U>,
    pub(super) current: Current<U>,
    pub(super) addr: IpAddr,
    /// Where the query says to go on.
    pub(super) next: Option<String>,
}

impl<U: User> FromRequest for AuthSession<U> {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let auth = auth(req)?;
        let current = Current::of(req, &auth).await?;
        let ClientAddr(addr) = req.extract().await?;
        let target = req.query_param("next");
        let is_elsewhere = |target: &str| {
            let path = target.split(['?', '#']).next();
            path != auth.login_page.as_deref()
        };
        let target = target.as_deref().and_then(next::safe);
        let next = target.filter(|it| is_elsewhere(it)).map(str::to_owned);
        Ok(Self {
            auth,
            current,
            addr,
            next,
        })
    }

    fn requires() -> Vec<Need> {
        needs::<U>()
    }
}

impl<U> std::fmt::Debug for AuthSession<U> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthSession")
            .field("name", &self.auth.name)
            .finish_non_exhaustive()
    }
}

pub(super) fn auth<U: User>(req: &Request) -> Result<Auth<U>> {
    let missing = || {
        Error::internal(format!(
            "no `Auth` of these users is plugged: {NOT_PLUGGED}"
        ))
    };
    req.state().cloned().ok_or_else(missing)
}

pub(super) fn needs<U: User>() -> Vec<Need> {
    let mut needs = vec![Need::state::<Auth<U>>().with_fix(NOT_PLUGGED)];
    needs.extend(Session::requires());
    needs
}
