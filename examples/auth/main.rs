//! A club with members: sign up by a link in a mail, log in and out, change the password, set a new one
//! by a link, and a page for admins. On SQLite, in the file `app.db`.
//!
//! ```text
//! SECRET_KEY=$(openssl rand -hex 32) cargo run --features auth,files,orm-sqlite,templates --example auth
//! ```
//!
//! The first member is an admin. Mails are shown at `/mails`, while it is being developed. Their links
//! have the host that was asked, so the hosts of the site are listed: in `HOSTS`, with commas between.

#![allow(unreachable_pub, reason = "the macros of models make public items")]
#![allow(
    elided_lifetimes_in_paths,
    reason = "the trait of migrations has it so"
)]

mod account;
mod admin;
mod links;
mod mails;
mod members;
mod schema;

use cepa::auth::{Auth, CurrentUser, Passwords, require_login, require_role};
use cepa::cookies::Keys;
use cepa::files::{Assets, Files};
use cepa::orm::Database;
use cepa::prelude::*;
use cepa::rate_limit::RateLimit;
use cepa::sessions::Sessions;
use cepa::templates::{ContextProcessor, Templates, View, Visit};
use cepa::{HostGuard, Mode, Secure};
use mails::Mails;
use members::{Member, Members, Tokens};
use std::{env, error};

const PAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/auth/pages");
const STATIC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/auth/static");

async fn home() -> View {
    View::new("home.html", ())
}

/// For those who need no account to read them.
fn open(app: App) -> App {
    let few = || RateLimit::per_minute(10).with_name("forms");
    app.get("/", home.named("home"))
        .get("/login", account::login_page.named("login"))
        .post("/login", account::login)
        .post("/logout", account::logout.named("logout"))
        .get("/sign-up", links::sign_up_page.named("sign_up"))
        .post("/sign-up", links::sign_up.with(few()))
        .get("/forgot", links::forgot_page.named("forgot"))
        .post("/forgot", links::forgot)
        .get("/join/{token}", links::join_page.named("join"))
        .post("/join/{token}", links::join)
        .get("/reset/{token}", links::reset_page.named("reset"))
        .post("/reset/{token}", links::reset)
}

fn pages() -> App {
    // Whoever is there is looked up for the pages, not for what they are made of.
    App::new()
        .with(provide::<Option<CurrentUser<Member>>>())
        .plug(open)
        .group("/account", |account| {
            account
                .with(require_login())
                .get("/", account::show.named("account"))
                .post("/password", account::change_password.named("password"))
                .post("/everywhere", account::everywhere.named("everywhere"))
        })
        .group("/members", |members| {
            members
                .with(require_role("admin"))
                .get("/", admin::list.named("members"))
                .post("/{id}/block", admin::block.named("block"))
        })
}

/// What every template knows as `member`.
fn member(visit: &Visit) -> Option<Value> {
    let CurrentUser(member) = visit.local::<Option<CurrentUser<Member>>>()?.as_ref()?;
    Some(json!({ "email": member.email, "is_admin": member.is_admin }))
}

async fn failed(error: &Error, _: &ErrorContext) -> View {
    let title = error.status().canonical_reason().unwrap_or("Error");
    let message = error.message();
    View::new("error.html", json!({ "title": title, "message": message }))
}

fn main() -> Result<(), Box<dyn error::Error>> {
    let database = Database::from_env().migrate::<schema::Migrator>();
    let members = Members(database.db());
    let auth = Auth::new(members.clone())
        .with_tokens(Tokens(database.db()))
        .with_passwords(Passwords::new().with_words(["allium club"]))
        .with_login_page("/login");
    let templates = Templates::dir(PAGES).with_processor(ContextProcessor::new("member", member));
    let hosts = env::var("HOSTS").unwrap_or_else(|_| "localhost,127.0.0.1".to_owned());
    App::new()
        .state(Keys::from_env("SECRET_KEY")?)
        .state(members)
        .state(Mails::default())
        .with(Logger::new())
        // Around all that may refuse, so that each refusal is a page.
        .plug(templates)
        // Before all that makes links: nobody gets a mail that leads to another site.
        .with(HostGuard::new(hosts.split(',')))
        .plug(Secure::defaults())
        .plug(Sessions::memory())
        .plug(database)
        .plug(auth)
        .on_error(failed)
        .mount("/static", Assets::new(Files::dir(STATIC), "/static"))
        .plug(Mode::current().is_development().then_some(mails::show))
        .mount("/", pages())
        .run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))?;
    Ok(())
}
