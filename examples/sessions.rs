//! Sessions: a basket for every visitor, which stays when somebody signs in.
//!
//! ```text
//! cargo run --features sessions --example sessions
//! curl -c jar -b jar -d item=onion 127.0.0.1:3000/basket && curl -c jar -b jar 127.0.0.1:3000
//! ```

use cepa::prelude::*;
use cepa::sessions::{Session, Sessions};
use serde::Deserialize;
use std::env;

#[derive(Deserialize)]
struct Order {
    item: String,
}

#[derive(Deserialize)]
struct Person {
    name: String,
}

async fn home(session: Session) -> Result<String> {
    let user = session.user()?;
    let basket: Vec<String> = session.get("basket")?.unwrap_or_default();
    let name = user.as_deref().unwrap_or("stranger");
    Ok(format!("Hello, {name}! Basket: {}\n", basket.join(", ")))
}

async fn add(session: Session, Form(order): Form<Order>) -> Result<Redirect> {
    let mut basket: Vec<String> = session.get("basket")?.unwrap_or_default();
    basket.push(order.item);
    session.insert("basket", basket)?;
    Ok(Redirect::to("/"))
}

/// Where a program would look at a password first.
async fn sign_in(session: Session, Form(person): Form<Person>) -> Result<Redirect> {
    session.bind_user(person.name)?;
    Ok(Redirect::to("/"))
}

async fn sign_out(session: Session) -> Result<Redirect> {
    session.destroy()?;
    Ok(Redirect::to("/"))
}

async fn sign_out_elsewhere(session: Session) -> Result<String> {
    let ended = session.revoke_others().await?;
    Ok(format!("signed out elsewhere: {ended}\n"))
}

fn main() -> Result<(), RunError> {
    App::new()
        .with(Logger::new())
        .plug(Sessions::memory())
        .get("/", home)
        .post("/basket", add)
        .post("/sign-in", sign_in)
        .post("/sign-out", sign_out)
        .post("/sign-out-elsewhere", sign_out_elsewhere)
        .run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))
}
