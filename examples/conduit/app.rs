//! The features, and what stands around them.

use crate::{articles, comments, errors, migrations, profiles, tags, users};
use cepa::auth::Passwords;
use cepa::health::Health;
use cepa::jwt::{Jwt, JwtKey};
use cepa::metrics::Metrics;
use cepa::orm::Database;
use cepa::{Cors, RequestId, prelude::*};
use std::time::Duration;

/// How long a token is good.
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);

fn api() -> App {
    App::new()
        .plug(users::routes)
        .plug(profiles::routes)
        .plug(articles::routes)
        .plug(comments::routes)
        .plug(tags::routes)
}

/// The program, but for what differs between a server and a test.
pub(crate) fn app(database: Database, key: JwtKey, passwords: Passwords) -> App {
    let methods = [Method::GET, Method::POST, Method::PUT, Method::DELETE];
    let cors = Cors::any_origin().with_methods(methods);
    let jwt = Jwt::new(key).with_scheme("Token").with_lifetime(LIFETIME);
    App::new()
        .with(RequestId::new())
        .with(Logger::new())
        .with(cors.with_headers(["authorization", "content-type"]))
        .plug(Health::new())
        .plug(Metrics::new())
        .plug(database.migrate::<migrations::Migrator>())
        .plug(jwt)
        .state(passwords)
        .on_error(errors::render)
        .mount("/api", api())
}
