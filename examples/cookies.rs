//! Cookies: a plain one that is counted up, a signed one that says who is there.
//!
//! ```text
//! SECRET_KEY=$(openssl rand -hex 32) cargo run --features cookies --example cookies
//! curl -i -c jar -b jar -d name=Ada 127.0.0.1:3000/sign-in && curl -c jar -b jar 127.0.0.1:3000
//! ```

use cepa::cookies::{Cookie, CookieJar, Cookies, Keys, SignedCookies};
use cepa::prelude::*;
use serde::Deserialize;
use std::{env, error, time::Duration};

const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

#[derive(Deserialize)]
struct Person {
    name: String,
}

/// Whoever signs in; a client can read this cookie and cannot make one up.
async fn sign_in(cookies: SignedCookies, Form(person): Form<Person>) -> Result<Redirect> {
    cookies.set(Cookie::new("name", person.name).with_max_age(MONTH))?;
    Ok(Redirect::to("/"))
}

async fn sign_out(cookies: Cookies) -> Result<Redirect> {
    cookies.delete("name")?;
    Ok(Redirect::to("/"))
}

async fn home(signed: SignedCookies) -> String {
    let name = signed.get("name");
    format!("Hello, {}!\n", name.as_deref().unwrap_or("stranger"))
}

async fn club(signed: SignedCookies) -> Result<String> {
    let name = signed.get("name").or_unauthorized("sign in first")?;
    Ok(format!("Welcome to the club, {name}\n"))
}

/// Counts the visits of a browser, failed ones too: cookies leave with every response.
async fn count(cookies: Cookies, req: Request, next: Next) -> Result<Response> {
    let visits = cookies.get("visits").and_then(|text| text.parse().ok());
    let visits = visits.unwrap_or(0_u32).saturating_add(1);
    cookies.set(("visits", visits.to_string()))?;
    Ok(next.run(req).await)
}

fn main() -> Result<(), Box<dyn error::Error>> {
    App::new()
        .state(Keys::from_env("SECRET_KEY")?)
        .with(Logger::new())
        .with(CookieJar::new())
        .with(count)
        .get("/", home)
        .get("/club", club)
        .post("/sign-in", sign_in)
        .post("/sign-out", sign_out)
        .run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))?;
    Ok(())
}
