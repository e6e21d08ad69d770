mod books;

use cepa::orm::migration::{MigrationTrait, MigratorTrait};
use cepa::orm::prelude::*;
use cepa::prelude::*;
use cepa::templates::{Templates, View};
use serde::Deserialize;

use books::Model as Book;

#[derive(Deserialize)]
struct NewBook {
    title: String,
}

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(books::CreateBooks)]
    }
}

async fn all(db: &Db) -> Result<Vec<Book>> {
    Ok(books::Entity::find()
        .order_by_asc(books::Column::Id)
        .all(db)
        .await?)
}

async fn insert(tx: &Tx, new: NewBook) -> Result<Book> {
    if new.title.trim().is_empty() {
        return Err(Error::unprocessable("a book needs a title").with_field("title", "is empty"));
    }
    let book = books::ActiveModel {
        title: Set(new.title),
        ..Default::default()
    };
    Ok(book.insert(tx).await?)
}

async fn list(db: Db) -> Result<Json<Vec<Book>>> {
    Ok(Json(all(&db).await?))
}

async fn show(db: Db, Path(id): Path<i32>) -> Result<Json<Book>> {
    let book = books::Entity::find_by_id(id).one(&db).await?;
    Ok(Json(book.or_not_found("there is no such book")?))
}

async fn add(tx: Tx, Json(new): Json<NewBook>) -> Result<impl IntoResponse> {
    let book = insert(&tx, new).await?;
    Ok((StatusCode::CREATED, Json(book)))
}

async fn page(db: Db) -> Result<View> {
    Ok(View::new("shelf.html", json!({ "books": all(&db).await? })))
}

async fn add_by_form(tx: Tx, Form(new): Form<NewBook>) -> Result<Redirect> {
    insert(&tx, new).await?;
    Ok(Redirect::to("/"))
}

pub fn app(database: Database) -> App {
    App::new()
        .with(Logger::new())
        .plug(Templates::dir("templates"))
        .plug(database.migrate::<Migrator>())
        .get("/", page)
        .post("/", add_by_form)
        .get("/books", list)
        .post("/books", add)
        .get("/books/{id}", show.named("book"))
}

fn main() -> Result<(), RunError> {
    app(Database::from_env()).run("127.0.0.1:3000")
}
