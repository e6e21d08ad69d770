//! Cookies, read and set anywhere, with safe defaults; signed and encrypted ones with key rotation.
//!
//! # Example
//!
//! ```
//! use cepa::cookies::{CookieJar, Cookies, Keys, SignedCookies};
//! use cepa::prelude::*;
//!
//! async fn sign_in(cookies: SignedCookies) -> Result<Redirect> {
//!     cookies.set(("member", "Ada"))?;
//!     Ok(Redirect::to("/"))
//! }
//!
//! async fn home(cookies: SignedCookies) -> String {
//!     let member = cookies.get("member");
//!     format!("Hello, {}!", member.as_deref().unwrap_or("stranger"))
//! }
//!
//! async fn sign_out(cookies: Cookies) -> Result<Redirect> {
//!     cookies.delete("member")?;
//!     Ok(Redirect::to("/"))
//! }
//!
//! let client = App::new()
//!     .state(Keys::random()) // in a program `Keys::from_env("SECRET_KEY")?`
//!     .with(CookieJar::new())
//!     .get("/", home)
//!     .post("/sign-in", sign_in)
//!     .post("/sign-out", sign_out)
//!     .test();
//!
//! client.get("/").send().assert_text("Hello, stranger!");
//! client.post("/sign-in").send();
//! client.get("/").send().assert_text("Hello, Ada!");
//! client.post("/sign-out").send();
//! client.get("/").send().assert_text("Hello, stranger!");
//! ```
//!
//! The middleware [`CookieJar`] gives each request its [`Cookies`]. Handlers and the middleware
//! inside of the jar take them as an argument, read them, and change them; a change is seen by later
//! reads, and leaves with whatever response passes the jar on its way out, be it an error or one
//! that another middleware made. Nothing is parsed before it is asked for. [`SignedCookies`] and
//! [`EncryptedCookies`] are the same cookies seen through the app's [`Keys`]. Without a jar or keys
//! around a handler that takes them, `build` reports it.
//!
//! To set a cookie without a jar, `res.append_header("set-cookie", cookie)` takes a [`Cookie`].
//!
//! # Options
//!
//! | of | option | default |
//! |---|---|---|
//! | [`CookieJar`] | `with_secure`: whether cookies are for https only | in production always; in development where [`Request::is_secure`](crate::Request::is_secure) |
//! | [`Cookie`] | `with_path` | `/` |
//! | | `with_domain` | none: this host only |
//! | | `with_max_age` | none: until the browser ends |
//! | | `with_same_site` | [`SameSite::Lax`] |
//! | | `with_http_only` | yes: scripts cannot read it |
//! | | `with_secure` | as the jar says, or if the cookie's name or attributes demand it |
//! | | `with_partitioned` | no |
//! | [`Keys`] | `with_old`: further keys that verify and decrypt | none |
//!
//! # Errors
//!
//! `set` and `delete` fail with a [`CookieError`], which is a 500 by `?`: a malformed name, path or
//! domain, attributes that browsers would refuse together, more than 4096 bytes, or a response that
//! left already. [`KeyError`] says what is wrong with a key, at start-up. A cookie of a request never
//! fails: what is malformed, tampered with or signed by an unknown key is as good as absent, and the
//! latter two are told to the debug log.
//!
//! # Security
//!
//! - Any value can be set: what a cookie may not hold is percent-encoded, and decoded by `get`. A
//!   value can add no attribute and no second header.
//! - Plain cookies are text of the client's. Signed ones are readable and cannot be changed, encrypted
//!   ones are neither readable nor changeable. Both are bound to the cookie's name, so that one cannot
//!   pass for another; neither knows *when* or *for whom* it was made, so a client can send an old one
//!   again: put a time or an id into values for which that matters.
//! - Each use has a key of its own, derived by HKDF-SHA-256 (RFC 5869); signatures are HMAC-SHA-256,
//!   compared in constant time; encryption is XChaCha20-Poly1305 with random nonces.
//! - A name that begins with `__Host-` is held to its rules (RFC 6265bis, 4.1.3): https, path `/`, no
//!   domain. Use it for whatever signs somebody in, so that no sibling domain can plant one.
//! - `SameSite=Lax` keeps cookies out of other sites' forms and scripts, not out of links to a GET.

mod cookie;
mod error;
mod extract;
mod keys;
mod middleware;
mod parse;

pub use cookie::{Cookie, SameSite};
pub use error::{CookieError, CookieErrorKind, KeyError};
pub use extract::{Cookies, EncryptedCookies, SignedCookies};
pub use keys::Keys;
pub use middleware::CookieJar;
