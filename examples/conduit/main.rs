//! The RealWorld application "Conduit": users, profiles, articles, comments, tags, favourites.
//!
//! ```text
//! cargo run --release --example conduit --features full
//! curl -i 127.0.0.1:3000/api/users --json '{"user":{"username":"ada","email":"ada@example.com","password":"leek onion garlic"}}'
//! curl -i 127.0.0.1:3000/api/articles --json '{"article":{"title":"Onions","description":"How","body":"Deep","tagList":["garden"]}}' -H 'Authorization: Token ..'
//! curl -i '127.0.0.1:3000/api/articles?tag=garden&limit=5'
//! ```
//!
//! `ADDR` is where it listens, `DATABASE_URL` its database (default: the SQLite file `app.db`),
//! `JWT_SECRET` what signs its tokens (default: drawn at each start).
//!
//! A folder or file for each feature: what its requests and answers are, its handlers, its routes;
//! their tests are in `tests/`. [`app`] puts them together.
//! [`models`] are the tables, [`migrations`] make them, [`auth`] knows who asks, [`errors`] says what
//! was wrong in the form of this API.

mod app;
mod articles;
mod auth;
mod comments;
mod errors;
mod migrations;
mod models;
mod profiles;
mod tags;
mod time;
mod users;

use cepa::auth::Passwords;
use cepa::jwt::JwtKey;
use cepa::orm::Database;
use cepa::prelude::*;
use std::env;

fn key() -> Result<JwtKey> {
    Ok(match env::var_os("JWT_SECRET") {
        Some(_) => JwtKey::secret_from_env("JWT_SECRET")?,
        None => JwtKey::random(),
    })
}

fn main() -> Result<()> {
    // The rules for passwords are those of the specification, which has none.
    let passwords = Passwords::new().with_any_password();
    let app = app::app(Database::from_env(), key()?, passwords);
    app.run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))?;
    Ok(())
}
