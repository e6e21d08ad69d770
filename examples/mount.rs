//! Apps in apps: each with its own middleware, state, errors and fallback.
//!
//! ```text
//! cargo run --example mount
//! curl -i 127.0.0.1:3000/api/nothing
//! curl -i 127.0.0.1:3000/ -H 'host: acme.example.com'
//! ```

use cepa::prelude::*;
use std::env;

async fn require_key(req: Request, next: Next) -> Result<Response> {
    req.header("x-key").or_forbidden("send a key in `X-Key`")?;
    Ok(next.run(req).await)
}

async fn as_json(error: &Error, _: &ErrorContext) -> impl IntoResponse {
    json!({ "error": error.message() })
}

/// Everything below its prefix is its own, also what has no route there.
fn api() -> App {
    App::new()
        .on_error(as_json)
        .fallback(async || Error::not_found("see /api"))
        .get("/", async || json!({ "version": 1 }))
        .mount("/admin", admin())
}

/// What an app does not set itself, such as the renderer of errors, it inherits.
fn admin() -> App {
    App::new()
        .with(require_key)
        .get("/", async || "The admin's page\n")
}

async fn member(Path((team, id)): Path<(String, u64)>) -> String {
    format!("Member {id} of team {team}\n")
}

/// A prefix and a host may have parameters; handlers inside see them first.
fn team() -> App {
    App::new()
        .get("/", async |Path(team): Path<String>| team + "\n")
        .get("/members/{id}", member)
}

fn main() -> Result<(), RunError> {
    App::new()
        .with(Logger::new())
        .get("/", async || "Home\n")
        .mount("/api", api())
        .mount("/teams/{team}", team())
        .host("{team}.example.com", team())
        .fallback(async || (StatusCode::NOT_FOUND, Html("<h1>Nothing here</h1>\n")))
        .run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))
}
