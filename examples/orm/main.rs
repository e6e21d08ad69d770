//! Notes with tags in a database: migrations, a transaction per request, pages that clients sort and
//! filter, related rows in one go, an export of any length.
//!
//! ```text
//! cargo run --example orm --features orm-sqlite
//! curl -i 127.0.0.1:3000/notes --json '{"title": "Onions", "text": "red", "tags": ["food"]}'
//! curl -i '127.0.0.1:3000/notes?sort=-created_at,title&per_page=5'
//! curl -i '127.0.0.1:3000/notes?tag=food&starred=true'
//! curl -i 127.0.0.1:3000/feed
//! curl -i 127.0.0.1:3000/notes.ndjson
//! DATABASE_URL=sqlite://app.db cargo run --example orm --features orm-sqlite -- status
//! ```
//!
//! Without `DATABASE_URL` it keeps the notes in memory; with the features `orm-postgres` or `orm-mysql`,
//! it may be at a server.

mod migrations;
mod models;
mod notes;

use std::env;

use cepa::ServerTiming;
use cepa::health::Health;
use cepa::orm::prelude::*;
use cepa::prelude::*;

fn database() -> Database {
    let url = env::var("DATABASE_URL").unwrap_or_else(|_| "sqlite::memory:".to_owned());
    Database::url(url).migrate::<migrations::Migrator>()
}

fn app() -> App {
    App::new()
        .plug(Health::new())
        .plug(ServerTiming::new())
        .with(Logger::new())
        .plug(database())
        .mount("/", notes::routes())
}

/// With words behind it, the program migrates and ends: `up`, `down`, `status`, `fresh`.
fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    if !words.is_empty() {
        cepa::log::info(&database().command(words)?);
        return Ok(());
    }
    Ok(app().run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))?)
}
