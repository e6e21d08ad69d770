use std::sync::{Arc, Mutex};

use cepa::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize)]
struct Book {
    id: usize,
    title: String,
}

#[derive(Deserialize)]
struct NewBook {
    title: String,
}

#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<Vec<Book>>>);

impl Shelf {
    fn all(&self) -> Vec<Book> {
        self.0.lock().unwrap().clone()
    }

    fn add(&self, new: NewBook) -> Result<Book> {
        if new.title.trim().is_empty() {
            return Err(
                Error::unprocessable("a book needs a title").with_field("title", "is empty")
            );
        }
        let mut books = self.0.lock().unwrap();
        let book = Book {
            id: books.len() + 1,
            title: new.title,
        };
        books.push(book.clone());
        Ok(book)
    }
}

async fn list(State(shelf): State<Shelf>) -> Json<Vec<Book>> {
    Json(shelf.all())
}

async fn show(State(shelf): State<Shelf>, Path(id): Path<usize>) -> Result<Json<Book>> {
    let book = shelf.all().into_iter().find(|book| book.id == id);
    Ok(Json(book.or_not_found("there is no such book")?))
}

async fn add(State(shelf): State<Shelf>, Json(new): Json<NewBook>) -> Result<impl IntoResponse> {
    let book = shelf.add(new)?;
    Ok((StatusCode::CREATED, Json(book)))
}

pub fn app() -> App {
    App::new()
        .state(Shelf::default())
        .with(Logger::new())
        .get("/", async || "Hello, World!")
        .get("/books", list)
        .post("/books", add)
        .get("/books/{id}", show)
}

fn main() -> Result<(), RunError> {
    app().run("127.0.0.1:3000")
}
