//! The app that these tests ask: members in memory, and a handler for all that can be done.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cepa::auth::{
    Auth, AuthSession, CurrentUser, Passwords, User, UserStore, require, require_login,
    require_role,
};
use cepa::prelude::*;
use cepa::sessions::{Session, Sessions};
use serde::Deserialize;

pub(crate) const PASSWORD: &str = "leek onion garlic";

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) id: u32,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) roles: Vec<&'static str>,
}

impl User for Member {
    fn id(&self) -> String {
        self.id.to_string()
    }

    fn password_hash(&self) -> &str {
        &self.password
    }

    fn has_role(&self, role: &str) -> bool {
        self.roles.contains(&role)
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.email]
    }
}

/// Members, and how often they were asked for.
#[derive(Clone, Default)]
pub(crate) struct Members {
    pub(crate) all: Arc<Mutex<Vec<Member>>>,
    pub(crate) asked: Arc<Mutex<usize>>,
    /// A hash that somebody else keeps just before the next one is kept.
    pub(crate) meanwhile: Arc<Mutex<Option<String>>>,
    /// What a broken database says.
    pub(crate) broken: Arc<Mutex<bool>>,
}

impl Members {
    pub(crate) fn add(&self, email: &str, password: &str) -> Member {
        let mut all = self.all.lock().unwrap();
        let member = Member {
            id: u32::try_from(all.len()).unwrap() + 1,
            email: email.to_owned(),
            password: password.to_owned(),
            roles: Vec::new(),
        };
        all.push(member.clone());
        member
    }

    pub(crate) fn get(&self, email: &str) -> Option<Member> {
        let all = self.all.lock().unwrap();
        all.iter().find(|it| it.email == email).cloned()
    }

    pub(crate) fn change(&self, email: &str, change: impl FnOnce(&mut Member)) {
        let mut all = self.all.lock().unwrap();
        change(all.iter_mut().find(|it| it.email == email).unwrap());
    }

    pub(crate) fn remove(&self, email: &str) {
        self.all.lock().unwrap().retain(|it| it.email != email);
    }
}

impl UserStore for Members {
    type User = Member;

    async fn by_id(&self, id: &str) -> Result<Option<Member>> {
        *self.asked.lock().unwrap() += 1;
        if *self.broken.lock().unwrap() {
            return Err(Error::unavailable("the database is down"));
        }
        let id: u32 = id.parse()?;
        let all = self.all.lock().unwrap();
        Ok(all.iter().find(|it| it.id == id).cloned())
    }

    async fn by_name(&self, name: &str) -> Result<Option<Member>> {
        if *self.broken.lock().unwrap() {
            return Err(Error::unavailable("the database is down"));
        }
        let all = self.all.lock().unwrap();
        let is_it = |it: &&Member| it.email == name || format!("member {}", it.id) == name;
        Ok(all.iter().find(is_it).cloned())
    }

    async fn set_password_hash(&self, user: &Member, hash: &str) -> Result<()> {
        let meanwhile = self.meanwhile.lock().unwrap().take();
        if let Some(other) = meanwhile {
            self.change(&user.email, |it| it.password = other);
        }
        self.change(&user.email, |it| {
            if it.password == user.password {
                it.password = hash.to_owned();
            }
        });
        Ok(())
    }
}

#[derive(Deserialize)]
pub(crate) struct Typed {
    email: String,
    password: String,
}

pub(crate) async fn sign_up(
    auth: AuthSession<Member>,
    State(members): State<Members>,
    Form(typed): Form<Typed>,
) -> Result<Redirect> {
    let hash = auth.hash_password(&typed.password, &[&typed.email]).await?;
    auth.login(&members.add(&typed.email, &hash))?;
    Ok(Redirect::to("/me"))
}

pub(crate) async fn sign_in(
    auth: AuthSession<Member>,
    Form(typed): Form<Typed>,
) -> Result<Redirect> {
    let member = auth.authenticate(&typed.email, &typed.password).await?;
    auth.login(&member.or_unauthorized("no such member, or another password")?)?;
    Ok(Redirect::to(auth.next_or("/me")))
}

async fn sign_out(auth: AuthSession<Member>) -> Result<Redirect> {
    auth.logout()?;
    Ok(Redirect::to("/"))
}

async fn home(member: Option<CurrentUser<Member>>) -> String {
    member.map_or("stranger".to_owned(), |it| it.email.clone())
}

async fn me(CurrentUser(member): CurrentUser<Member>) -> String {
    member.email
}

#[derive(Deserialize)]
struct Change {
    old: String,
    new: String,
}

async fn change(
    auth: AuthSession<Member>,
    CurrentUser(member): CurrentUser<Member>,
    Form(change): Form<Change>,
) -> Result<&'static str> {
    if !auth.confirm(&member, &change.old).await? {
        return Err(Error::forbidden("that is not your password"));
    }
    auth.set_password(&member, &change.new).await?;
    Ok("changed")
}

async fn confirm(
    auth: AuthSession<Member>,
    CurrentUser(member): CurrentUser<Member>,
    password: String,
) -> Result<String> {
    let is_right = auth.confirm(&member, &password).await?;
    Ok(is_right.to_string())
}

async fn everywhere(
    auth: AuthSession<Member>,
    CurrentUser(member): CurrentUser<Member>,
) -> Result<()> {
    auth.end_sessions(&member).await?;
    assert!(auth.user().await?.is_none(), "in this request already");
    Ok(())
}

async fn basket(session: Session, item: Option<Path<String>>) -> Result<String> {
    if let Some(Path(item)) = item {
        session.insert("basket", item)?;
    }
    Ok(session.get::<String>("basket")?.unwrap_or_default())
}

pub(crate) fn auth(members: &Members) -> Auth<Member> {
    Auth::new(members.clone()).with_passwords(Passwords::for_tests())
}

/// The routes, inside of what is plugged.
pub(crate) fn routes(app: App) -> App {
    app.get("/", home)
        .get("/me", me)
        .post("/sign-up", sign_up)
        .get("/login", async || "who are you?")
        .post("/login", sign_in)
        .post("/logout", sign_out)
        .post("/change", change)
        .post("/confirm", confirm)
        .post("/everywhere", everywhere)
        .get("/basket", async |session: Session| {
            basket(session, None).await
        })
        .post("/clear", async |session: Session| session.clear())
        .post(
            "/basket/{item}",
            async |session: Session, item: Path<String>| basket(session, Some(item)).await,
        )
        .group("/club", |club| {
            club.with(require_login()).get("/", async || "welcome").get(
                "/paid",
                (async || "music").with(require(|it: &Member| it.roles.contains(&"payer"))),
            )
        })
        .group("/admin", |admin| {
            admin
                .with(require_role("admin"))
                .get("/", async || "settings")
        })
}

pub(crate) fn app(members: &Members) -> App {
    app_with(members, Sessions::memory(), auth(members))
}

pub(crate) fn app_with(members: &Members, sessions: Sessions, auth: Auth<Member>) -> App {
    let app = App::new().state(members.clone()).plug(sessions).plug(auth);
    routes(app)
}

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
