//! Sessions: values kept for a client between its requests.
//!
//! # Example
//!
//! ```
//! use cepa::prelude::*;
//! use cepa::sessions::{Session, Sessions};
//!
//! async fn add(Path(item): Path<String>, session: Session) -> Result<Redirect> {
//!     let mut basket: Vec<String> = session.get("basket")?.unwrap_or_default();
//!     basket.push(item);
//!     session.insert("basket", basket)?;
//!     Ok(Redirect::to("/"))
//! }
//!
//! async fn show(session: Session) -> Result<String> {
//!     let basket: Vec<String> = session.get("basket")?.unwrap_or_default();
//!     Ok(basket.join(", "))
//! }
//!
//! let client = App::new()
//!     .plug(Sessions::memory())
//!     .get("/", show)
//!     .post("/add/{item}", add)
//!     .test();
//! client.post("/add/onions").send().assert_status(303);
//! client.post("/add/leeks").send().assert_status(303);
//! client.get("/").send().assert_text("onions, leeks");
//! ```
//!
//! The client has a cookie with a random id; the values are kept under a hash of it, in the memory of
//! the process, in Redis (`RedisStore`, feature `sessions-redis`), in the app's database (`OrmStore`,
//! feature `sessions-orm`), in a [store](SessionStore) of one's own, or encrypted in the cookie itself. They are read when a handler takes a [`Session`], and
//! what changed is kept when the response passes, value by value. `docs/sessions.md` has the recipes,
//! and a table of threats.
//!
//! # Options
//!
//! | of [`Sessions`] | default |
//! |---|---|
//! | `with_idle`: the time without a use after which a session ends | 30 minutes |
//! | `with_absolute`: the time after which it ends in any case | 12 hours |
//! | `with_limit`: bytes of the values of one session | 32 KiB, in cookies 2,700 |
//! | `with_cookie_name` | `session`, over https with `__Host-` before it |
//! | `with_secure`: whether the cookie goes over https only | in production; in development where the client came by https |
//! | `with_persistent_cookie`: whether browsers keep it when they end | no |
//! | `with_cross_origin`, `without_cross_origin` | [`CrossOrigin`](crate::CrossOrigin), unless the app has one |
//!
//! # Errors
//!
//! `build` reports a handler that takes a [`Session`] or a [`CsrfToken`] without [`Sessions`] around,
//! options that cannot work, and two [`Sessions`] with one cookie.
//!
//! - 503 with `Retry-After` if the store fails, where the session is read and where it is kept.
//! - 403 for requests of pages of other origins, and, inside of [`CsrfTokens`], without a token.
//! - A [`SessionError`], by `?` a 500: a value of another type than it is read as, a session that would
//!   become too large, a change after the response left.
//!
//! # Security
//!
//! - An id has 256 random bits. One that the store does not know is never adopted; [`bind_user`] and
//!   [`renew`] draw a new one.
//! - The cookie is `__Host-`, `Secure`, `HttpOnly` and `SameSite=Lax`; responses with it are stored in
//!   no cache, those that depend on the session in none that clients share.
//! - Sessions end by [`destroy`], all of a user by [`revoke_user`], in the store and at once. Those in
//!   cookies cannot be ended before their time.
//! - Every change of something is checked for the page it comes from (CSRF).
//!
//! [`bind_user`]: Session::bind_user
//! [`renew`]: Session::renew
//! [`destroy`]: Session::destroy
//! [`revoke_user`]: Session::revoke_user

mod clock;
mod config;
mod csrf;
mod csrf_token;
mod error;
mod extract;
mod first_field;
mod id;
mod memory;
mod middleware;
#[cfg(feature = "sessions-orm")]
mod orm;
mod place;
mod record;
#[cfg(feature = "sessions-redis")]
mod redis;
#[cfg(feature = "sessions-redis")]
mod redis_scripts;
mod state;
mod store;
#[cfg(feature = "sessions-templates")]
mod templates;
mod users;

pub use config::Sessions;
pub use csrf::CsrfTokens;
pub use csrf_token::CsrfToken;
pub use error::{SessionError, SessionErrorKind};
pub use extract::Session;
pub use id::SessionKey;
pub use memory::MemoryStore;
#[cfg(feature = "sessions-orm")]
pub use orm::OrmStore;
pub use record::{SessionChange, SessionRecord};
#[cfg(feature = "sessions-redis")]
pub use redis::RedisStore;
pub use store::SessionStore;
