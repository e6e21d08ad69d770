use std::time::Instant;

use cepa::prelude::*;

const BOOKS: [&str; 2] = ["Emma", "Middlemarch"];

async fn timing(req: Request, next: Next) -> Response {
    let start = Instant::now();
    let mut res = next.run(req).await;
    let millis = start.elapsed().as_millis();
    res.set_header("server-timing", format!("app;dur={millis}"));
    res
}

async fn require_key(req: Request, next: Next) -> Result<Response> {
    let key = req
        .header("x-key")
        .or_unauthorized("send the key in the header `x-key`")?;
    if key != "leek" {
        return Err(Error::forbidden("this is not the key"));
    }
    Ok(next.run(req).await)
}

async fn list() -> String {
    BOOKS.join("\n")
}

async fn show(Path(id): Path<usize>) -> Result<&'static str> {
    BOOKS.get(id).copied().or_not_found("there is no such book")
}

pub fn app() -> App {
    App::new()
        .with(Logger::new())
        .with(timing)
        .get("/", async || "Hello, World!")
        .get("/books", list)
        .get("/books/{id}", show.with(require_key))
}

fn main() -> Result<(), RunError> {
    app().run("127.0.0.1:3000")
}
