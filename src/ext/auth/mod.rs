//! Users who sign in: passwords, roles, and links in mails, on [`sessions`](crate::sessions). API keys
//! and Basic for programs.
//!
//! # Example
//!
//! ```
//! use cepa::auth::{Auth, AuthSession, CurrentUser, User, UserStore};
//! use cepa::prelude::*;
//! use cepa::sessions::Sessions;
//! use serde::Deserialize;
//!
//! #[derive(Clone)]
//! struct Member { email: String, password: String }
//!
//! impl User for Member {
//!     fn id(&self) -> String { self.email.clone() }
//!     fn password_hash(&self) -> &str { &self.password }
//! }
//!
//! #[derive(Clone)]
//! struct Members(Vec<Member>); // a database, otherwise
//!
//! impl UserStore for Members {
//!     type User = Member;
//!
//!     async fn by_id(&self, id: &str) -> Result<Option<Member>> {
//!         Ok(self.0.iter().find(|it| it.email == id).cloned())
//!     }
//!     async fn by_name(&self, name: &str) -> Result<Option<Member>> {
//!         self.by_id(name).await
//!     }
//! }
//!
//! #[derive(Deserialize)]
//! struct Typed { email: String, password: String }
//!
//! async fn sign_in(auth: AuthSession<Member>, Form(typed): Form<Typed>) -> Result<Redirect> {
//!     let member = auth.authenticate(&typed.email, &typed.password).await?;
//!     auth.login(&member.or_unauthorized("no such member, or another password")?)?;
//!     Ok(Redirect::to(auth.next_or("/")))
//! }
//!
//! async fn sign_out(auth: AuthSession<Member>) -> Result<Redirect> {
//!     auth.logout()?;
//!     Ok(Redirect::to("/"))
//! }
//!
//! async fn home(CurrentUser(member): CurrentUser<Member>) -> String {
//!     format!("Hello, {}!", member.email)
//! }
//!
//! # fn main() -> Result<()> {
//! // Of `leek onion garlic`, as `Passwords::hash` made it.
//! let password = "$argon2id$v=19$m=19456,t=2,p=1$YWxsIG9uaW9ucyBoZXJlIQ$hwx1khTdHYFWMk18Rn1UECkdDmDhfJ+vVK76F4sk778";
//! let ada = Member { email: "ada@example.com".to_owned(), password: password.to_owned() };
//! let client = App::new()
//!     .plug(Sessions::memory())
//!     .plug(Auth::new(Members(vec![ada])).with_login_page("/login"))
//!     .get("/login", async || Html("<form method=\"post\">..</form>"))
//!     .post("/login", sign_in)
//!     .post("/logout", sign_out)
//!     .get("/", home)
//!     .test();
//!
//! let typed = [("email", "ada@example.com"), ("password", "leek onion garlic")];
//! client.get("/").send().assert_status(401);
//! client.post("/login").form(&typed).send().assert_status(303);
//! client.get("/").send().assert_text("Hello, ada@example.com!");
//! client.post("/logout").send();
//! client.get("/").send().assert_status(401);
//! # Ok(())
//! # }
//! ```
//!
//! The users are of a type of the app's own, a [`User`], in a store of the app's own, a [`UserStore`].
//! Handlers take whoever has signed in as [`CurrentUser`], and what can be done about it as
//! [`AuthSession`]. [`require_login`], [`require_role`] and [`require`] guard whole scopes; a
//! [`Policy`] says who may do what with one thing. [`ApiKeys`] and [`BasicAuth`] are middleware on
//! their own, without sessions and without [`Auth`].
//!
//! # Options
//!
//! | of | option | default |
//! |---|---|---|
//! | [`Auth`] | `with_passwords`: hashes, and which passwords are accepted | [`Passwords::new`] |
//! | | `with_throttle`: how often a password may be tried | [`Throttle::new`] |
//! | | `with_login_page`: where browsers are led | none: 401 |
//! | | `with_tokens`: where tokens for links are kept | in this process |
//! | | `with_reset_lifetime`: how long a link for a new password is good | 30 minutes |
//! | | `with_name`: what users are called in sessions | `user` |
//! | [`Passwords`] | `with_memory`, `with_iterations`, `with_parallelism` of Argon2id | 19 MiB, 2, 1 |
//! | | `with_least_length`; the most is 256 characters | 8 characters |
//! | | `with_words` that no password is made of | none |
//! | | `with_any_password`: no rules, short and common passwords too | no |
//! | | `with_threads`, `with_queue`: hashes at once, and waiting | cores, 64 |
//! | [`Throttle`] | `with_account_from_address`: wrong passwords | 10, and 60 in an hour |
//! | | `with_account` | 100 in an hour |
//! | | `with_address` | 50, and 300 in an hour |
//!
//! # Errors
//!
//! - 401 where somebody has to sign in, with [`NotSignedIn`] as its cause; browsers are led to the login
//!   page, if there is one. 403 for those who may not, 404 where a policy hides a thing.
//! - 422 for a password that may not be chosen: [`PasswordError`], at the field `password`.
//! - 429 with `Retry-After` for too many wrong passwords, or mails to one name.
//! - 503 with `Retry-After` where too many passwords or mails wait; what stores say, where they fail.
//! - `build` reports [`CurrentUser`] and the others without [`Auth`] around, [`Auth`] without
//!   [`Sessions`](crate::sessions::Sessions), costs below OWASP's, a login page that is not there or
//!   behind itself, and two types of users under one name.
//!
//! # Security
//!
//! - Passwords are hashed by Argon2id, on threads of their own; the memory that logins take is bounded,
//!   and so is the queue before them. A name that nobody has costs what a wrong password costs.
//! - A login gives the session a new id. A password change ends all other sessions, also those in
//!   cookies: each knows by a mark of which password it is. Users who are gone are signed out at the next
//!   request, and roles are those of the moment.
//! - A try is counted before it is looked at, so that a thousand at once are a thousand; the counts are
//!   in tables of fixed size.
//! - Where to go on after a login is a path of this site, however a browser or proxy reads it.
//! - Tokens of links are 256 random bits of which a hash is kept; they are good once, for a while, for
//!   one purpose, and until the password changes.
//! - Nothing of a password, a token or a key is logged, and no name that was typed. Logins and logouts,
//!   changed passwords and wrong ones, tries that are throttled and what is refused are, by `tracing`,
//!   with the id of the user or the address of the client.
//! - What this is not: a second factor, or a check against all passwords that ever leaked.
//!
//! `docs/auth.md` has recipes, and a table of threats.

mod api_key;
mod basic;
mod config;
mod current;
mod error;
mod extract;
mod login;
mod middleware;
mod next;
mod outbox;
mod password_cost;
mod password_pool;
mod password_rules;
mod passwords;
mod policy;
mod throttle;
mod tokens;
mod user;

pub use api_key::{ApiKey, ApiKeyStore, ApiKeys, OnlyKey};
pub use basic::{BasicAuth, BasicCredentials, CheckBasic, Only, OnlyKnown};
pub use config::Auth;
pub use error::{NotSignedIn, PasswordError};
pub use extract::{AuthSession, CurrentUser};
pub use middleware::{Require, RequireRole, require, require_login, require_role};
pub use passwords::Passwords;
pub use policy::{Access, Policy, authorize};
pub use throttle::Throttle;
pub use tokens::{MemoryTokens, TokenRecord, TokenStore};
pub use user::{User, UserStore};
