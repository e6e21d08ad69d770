//! JSON Web Tokens: issued, and checked before a handler sees their claims.
//!
//! # Example
//!
//! ```
//! use cepa::jwt::{Claims, Jwt, JwtKey};
//! use cepa::prelude::*;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize, Serialize)]
//! struct Member {
//!     sub: String,
//!     admin: bool,
//! }
//!
//! async fn sign_in(State(jwt): State<Jwt>) -> Result<Json<Value>> {
//!     let member = Member { sub: "Ada".to_owned(), admin: false }; // whose password was right
//!     Ok(Json(json!({ "token": jwt.issue(&member)? })))
//! }
//!
//! async fn home(Claims(member): Claims<Member>) -> String {
//!     format!("Hello, {}!", member.sub)
//! }
//!
//! let jwt = Jwt::new(JwtKey::random()); // in a program `JwtKey::secret_from_env("JWT_SECRET")?`
//! let client = App::new().plug(jwt).post("/sign-in", sign_in).get("/", home).test();
//!
//! client.get("/").send().assert_status(401).assert_header("www-authenticate", "Bearer");
//! let token = client.post("/sign-in").send().json::<Value>()["token"].clone();
//! let authorization = format!("Bearer {}", token.as_str().unwrap());
//! client.get("/").header("authorization", authorization).send().assert_text("Hello, Ada!");
//! ```
//!
//! The keys are in a [`Jwt`]: plugged, it lets the handlers of its scope take [`Claims`], and as
//! `State<Jwt>` it issues. Tokens of others are checked by their [public key](JwtKey::public_pem).
//!
//! # Options
//!
//! | of | option | default |
//! |---|---|---|
//! | [`Jwt`] | `with_issuer`: `iss`, said and demanded | not said, not looked at |
//! | | `with_audience`: `aud`, said and demanded | none; tokens that name one are refused |
//! | | `with_lifetime` of tokens that are issued | 15 minutes |
//! | | `with_leeway`: how much clocks may differ, 60 s at most | 30 s |
//! | | `with_type`: `typ`, said and demanded | `JWT`, and any is taken |
//! | | `with_scheme`: the word before the token | `Bearer` |
//! | | `with_old`: further keys that check | none |
//! | [`JwtKey`] | `with_id`: `kid`; demanded where the key has one | none |
//! | | `with_algorithm` | that of the kind: `HS256`, `RS256`, `ES256`, `ES384`, `EdDSA` |
//!
//! # Errors
//!
//! - 401 without a token, with `WWW-Authenticate: Bearer`; with one that is not accepted, the same and
//!   `error="invalid_token"` (RFC 6750, 3). [`JwtError`], its cause, says to the log why.
//! - 400 for two `Authorization` fields.
//! - `build` reports handlers that take [`Claims`] without a [`Jwt`] around, several keys without
//!   names, a leeway of more than 60 s, and a scheme that is no word. [`JwtKeyError`] says at start-up
//!   what is wrong with a key.
//!
//! # Security
//!
//! - A key has one algorithm, and a token of another is refused, `none` with it. So a public key is
//!   never taken for a secret; a PEM file as a secret is refused at start-up.
//! - Tokens that bring a key along, or the address of one (`jwk`, `jku`, `x5c`, `x5u`), and those with
//!   `crit`, `enc` or `zip` are refused (RFC 8725, 3.10).
//! - `exp` has to be there; `nbf`, `iss` and `aud` are checked. Secrets have 32 random bytes at least,
//!   RSA keys 2048 bits.
//! - Signed is not encrypted: who has a token reads what is in it.
//! - A token is good until it expires, whatever became of its user; that is why the default is short.
//!   Where people sign in with a browser, a session can be ended at once, and its cookie is out of
//!   the reach of scripts: take `cepa::sessions` and `cepa::auth` for them.
//! - The same key for tokens of different purposes takes one for the other: give each an audience, a
//!   type (`with_type`) or a key of its own.

mod config;
mod error;
mod extract;
mod key;
mod pem;
mod token;

pub use config::Jwt;
pub use error::{JwtError, JwtKeyError};
pub use extract::Claims;
pub use key::{JwtAlgorithm, JwtKey};
