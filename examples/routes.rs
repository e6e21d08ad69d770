//! The table of routes, and what would become of a request.
//!
//! ```text
//! cargo run --example routes -- GET /users/7
//! cargo run --example routes -- DELETE http://blue.example.com/members/7
//! cargo run --example routes
//! curl -i 127.0.0.1:3000/users/7
//! ```
//!
//! With a method and a path it says what would run; without, it prints the routes and serves them.

use cepa::prelude::*;
use std::env;

async fn version(req: Request, next: Next) -> Response {
    let mut res = next.run(req).await;
    res.set_header("x-version", "1");
    res
}

async fn signed_in(req: Request, next: Next) -> Result<Response> {
    req.header("authorization").or_unauthorized("sign in")?;
    Ok(next.run(req).await)
}

async fn show(Path(id): Path<u64>) -> String {
    format!("User {id}\n")
}

async fn delete(Path(_): Path<u64>) -> StatusCode {
    StatusCode::NO_CONTENT
}

async fn member(Path((team, id)): Path<(String, u64)>) -> String {
    format!("Member {id} of team {team}\n")
}

fn app() -> App {
    let users = App::new()
        .get("/", async || "All users\n")
        .get("/{id}", show.named("user"))
        .delete("/{id}", delete.with(signed_in));
    App::new()
        .with(Logger::new())
        .with(version)
        .get("/", async || "Home\n")
        .mount("/users", users)
        .host(
            "{team}.example.com",
            App::new().get("/members/{id}", member),
        )
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let asked: Vec<String> = env::args().skip(1).collect();
    if let [method, target] = &asked[..] {
        eprintln!("{}", app().build()?.explain(method, target));
        return Ok(());
    }
    let app = app();
    eprintln!("{}", app.routes());
    app.run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))?;
    Ok(())
}
