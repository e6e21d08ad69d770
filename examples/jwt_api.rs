//! A JSON API with tokens: sign up, sign in, and `Authorization: Token ..` from there on.
//!
//! ```text
//! JWT_SECRET=$(openssl rand -hex 32) cargo run --features auth,jwt --example jwt_api
//! curl -i 127.0.0.1:3000/api/users --json '{"name": "ada", "password": "leek onion garlic"}'
//! curl -i 127.0.0.1:3000/api/user -H "authorization: Token $TOKEN"
//! ```

use cepa::auth::{Passwords, Throttle};
use cepa::jwt::{Claims, Jwt, JwtKey};
use cepa::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::{env, error, time::Duration};

/// Names, and the hashes of their passwords.
#[derive(Clone, Default)]
struct Users(Arc<Mutex<BTreeMap<String, String>>>);

impl Users {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().expect("nothing panics while it is locked")
    }
}

#[derive(Deserialize)]
struct Typed {
    name: String,
    password: String,
}

/// What a token says: who it is.
#[derive(Clone, Deserialize, Serialize)]
struct Member {
    sub: String,
}

/// The answer to whoever signed in; caches keep no tokens.
fn token(jwt: &Jwt, name: &str) -> Result<Response> {
    let token = jwt.issue(&Member {
        sub: name.to_owned(),
    })?;
    let body = json!({ "name": name, "token": token });
    Ok(Json(body)
        .into_response()
        .with_header("cache-control", "no-store"))
}

async fn sign_up(
    State(users): State<Users>,
    State(passwords): State<Passwords>,
    State(jwt): State<Jwt>,
    Json(typed): Json<Typed>,
) -> Result<impl IntoResponse> {
    let hash = passwords.hash(&typed.password, &[&typed.name]).await?;
    let mut all = users.lock();
    if all.contains_key(&typed.name) {
        return Err(Error::conflict("this name is taken").with_field("name", "is taken"));
    }
    all.insert(typed.name.clone(), hash);
    Ok((StatusCode::CREATED, token(&jwt, &typed.name)?))
}

async fn sign_in(
    State(users): State<Users>,
    State(passwords): State<Passwords>,
    State(throttle): State<Throttle>,
    State(jwt): State<Jwt>,
    ClientAddr(addr): ClientAddr,
    Json(typed): Json<Typed>,
) -> Result<impl IntoResponse> {
    throttle.count(addr, &typed.name).await?;
    let hash = users.lock().get(&typed.name).cloned().unwrap_or_default();
    // An empty hash is nobody's, and takes as long as any other.
    let verified = passwords.verify(&typed.password, &hash).await;
    if !matches!(verified, Ok(false)) {
        // It was right, or nobody looked at it.
        throttle.forgive(addr, &typed.name).await?;
    }
    if !verified? {
        return Err(Error::unauthorized("no such name, or another password"));
    }
    token(&jwt, &typed.name)
}

async fn current(
    Claims(member): Claims<Member>,
    State(users): State<Users>,
) -> Result<Json<Value>> {
    users
        .lock()
        .get(&member.sub)
        .or_unauthorized("this account is gone")?;
    Ok(Json(json!({ "name": member.sub })))
}

async fn greet(member: Option<Claims<Member>>) -> String {
    let name = member.map_or("stranger".to_owned(), |Claims(it)| it.sub);
    format!("Hello, {name}!\n")
}

fn main() -> Result<(), Box<dyn error::Error>> {
    let jwt = Jwt::new(JwtKey::secret_from_env("JWT_SECRET")?)
        .with_scheme("Token")
        .with_issuer("jwt_api")
        .with_lifetime(Duration::from_secs(60 * 60));
    App::new()
        .state(Users::default())
        .state(Passwords::new())
        .state(Throttle::new())
        .plug(jwt)
        .with(Logger::new())
        .get("/", greet)
        .post("/api/users", sign_up)
        .post("/api/users/login", sign_in)
        .get("/api/user", current)
        .run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))?;
    Ok(())
}
