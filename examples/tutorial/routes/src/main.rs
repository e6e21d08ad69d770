use cepa::prelude::*;

const BOOKS: [&str; 2] = ["Emma", "Middlemarch"];

async fn list() -> String {
    BOOKS.join("\n")
}

async fn show(Path(id): Path<usize>) -> Result<&'static str> {
    BOOKS.get(id).copied().or_not_found("there is no such book")
}

pub fn app() -> App {
    App::new()
        .get("/", async || "Hello, World!")
        .get("/books", list)
        .get("/books/{id}", show)
}

fn main() -> Result<(), RunError> {
    app().run("127.0.0.1:3000")
}
