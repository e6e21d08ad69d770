mod books;
mod members;

use cepa::auth::{Auth, AuthSession, CurrentUser, require_login};
use cepa::orm::migration::{MigrationTrait, MigratorTrait};
use cepa::orm::prelude::*;
use cepa::prelude::*;
use cepa::sessions::Sessions;
use cepa::templates::{Templates, View};
use serde::Deserialize;

use books::Model as Book;
use members::{Members, Model as Member};

#[derive(Deserialize)]
struct NewBook {
    title: String,
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
}

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(books::CreateBooks),
            Box::new(members::CreateMembers),
        ]
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

async fn page(db: Db, member: Option<CurrentUser<Member>>) -> Result<View> {
    let name = member.map(|CurrentUser(member)| member.name);
    Ok(View::new(
        "shelf.html",
        json!({ "books": all(&db).await?, "name": name }),
    ))
}

async fn add_by_form(tx: Tx, Form(new): Form<NewBook>) -> Result<Redirect> {
    insert(&tx, new).await?;
    Ok(Redirect::to("/"))
}

async fn login_page() -> View {
    View::new("login.html", ())
}

async fn sign_up(
    auth: AuthSession<Member>,
    tx: Tx,
    Form(new): Form<Credentials>,
) -> Result<Redirect> {
    if new.name.trim().is_empty() {
        return Err(Error::unprocessable("a member needs a name").with_field("name", "is empty"));
    }
    let hash = auth.hash_password(&new.password, &[&new.name]).await?;
    let member = members::ActiveModel {
        name: Set(new.name),
        password: Set(hash),
        ..Default::default()
    };
    auth.login(&member.insert(&tx).await?)?;
    Ok(Redirect::to("/"))
}

async fn log_in(auth: AuthSession<Member>, Form(typed): Form<Credentials>) -> Result<Redirect> {
    let member = auth.authenticate(&typed.name, &typed.password).await?;
    auth.login(&member.or_unauthorized("no such member, or another password")?)?;
    Ok(Redirect::to(auth.next_or("/")))
}

async fn log_out(auth: AuthSession<Member>) -> Result<Redirect> {
    auth.logout()?;
    Ok(Redirect::to("/"))
}

pub fn app(database: Database) -> App {
    let auth = Auth::new(Members(database.db())).with_login_page("/login");
    App::new()
        .with(Logger::new())
        .plug(Templates::dir("templates"))
        .plug(database.migrate::<Migrator>())
        .plug(Sessions::memory())
        .plug(auth)
        .get("/", page)
        .post("/", add_by_form.with(require_login()))
        .get("/books", list)
        .post("/books", add.with(require_login()))
        .get("/books/{id}", show.named("book"))
        .get("/login", login_page.named("login"))
        .post("/login", log_in)
        .post("/sign-up", sign_up.named("sign_up"))
        .post("/logout", log_out.named("logout"))
}

fn main() -> Result<(), RunError> {
    app(Database::from_env()).run("127.0.0.1:3000")
}

#[cfg(test)]
mod tests {
    use super::*;
    use cepa::orm::TestDatabase;

    #[test]
    fn members_add_books() {
        let database = TestDatabase::sqlite();
        let client = app(database.database()).test();
        let emma = json!({ "title": "Emma" });
        client.post("/books").json(&emma).send().assert_status(401);

        let ada = [("name", "ada"), ("password", "leek onion garlic")];
        client.post("/sign-up").form(&ada).send().assert_status(303);
        client.post("/books").json(&emma).send().assert_status(201);
        client.post("/books").json(&emma).send().assert_status(409);
        client.get("/").send().assert_contains(">Emma</a>");

        client.post("/logout").send().assert_status(303);
        client.post("/books").json(&emma).send().assert_status(401);
    }

    #[test]
    fn visitors_are_led_to_the_login() {
        let database = TestDatabase::sqlite();
        let client = app(database.database()).test();
        let res = client
            .post("/")
            .header("accept", "text/html")
            .form(&[("title", "Emma")])
            .send();
        res.assert_status(303).assert_header("location", "/login");
    }
}
