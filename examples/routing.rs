//! Routes: methods, parameters, the rest of a path, groups, links and the fallback.
//!
//! ```text
//! cargo run --example routing
//! curl -i 127.0.0.1:3000/posts/2026/hello-world
//! ```

use cepa::prelude::*;
use serde::Deserialize;
use std::env;

#[derive(Deserialize)]
struct Search {
    q: String,
    page: Option<u32>,
}

async fn home(req: Request) -> Result<String> {
    let link = req.url_for(post, &[("year", &2026), ("slug", &"hello-world")])?;
    Ok(format!("Read {link}\n"))
}

async fn post(Path((year, slug)): Path<(u16, String)>) -> String {
    format!("{slug}, written in {year}\n")
}

async fn search(Query(search): Query<Search>) -> String {
    let page = search.page.unwrap_or(1);
    format!("Page {page} of what is known of {}\n", search.q)
}

async fn file(Path(path): Path<String>) -> String {
    format!("The file {path}\n")
}

fn app() -> App {
    App::new()
        .get("/", home)
        .get("/search", search)
        .get("/posts/{year}/{slug}", post)
        .get("/posts/latest", async || "The latest post\n")
        .get("/img-{id}.png", async |Path(id): Path<u32>| {
            format!("Image {id}\n")
        })
        .get("/files/{*path}", file)
        .group("/users", |users| {
            users
                .get("/", async || "All users\n")
                .post("/", async || (StatusCode::CREATED, "A new user\n"))
                .get("/me", async || "You\n")
                .get("/{id}", async |Path(id): Path<u64>| format!("User {id}\n"))
                .delete("/{id}", async |_: Path<u64>| StatusCode::NO_CONTENT)
        })
        .any("/echo", async |method: Method| format!("{method}\n"))
        .fallback(async || Error::not_found("try /search?q=onions"))
}

fn main() -> Result<(), RunError> {
    let app = app();
    eprintln!("{}", app.routes());
    app.run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))
}
