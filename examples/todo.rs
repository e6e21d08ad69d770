//! The API of <https://todobackend.com>: JSON, partial updates, absolute links, answers that pages
//! of any origin may read.
//!
//! ```text
//! cargo run --example todo
//! curl -i 127.0.0.1:3000/todos --json '{"title": "Plant onions", "order": 1}'
//! curl -i 127.0.0.1:3000/todos/1 -X PATCH --json '{"completed": true}'
//! curl -i 127.0.0.1:3000/todos
//! curl -i 127.0.0.1:3000/todos -X DELETE
//! ```
//!
//! Its suite runs at `https://todobackend.com/specs/index.html?http://127.0.0.1:3000/todos`. `HOSTS` names
//! the hosts that links may have, with commas between.

use cepa::{Cors, HostGuard, prelude::*};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::env;
use std::sync::{Arc, Mutex, MutexGuard};

#[derive(Clone, Serialize)]
struct Todo {
    title: String,
    completed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<i64>,
}

/// What a client sends, to make a todo or to change one: what it leaves out stays.
#[derive(Deserialize)]
struct Changes {
    title: Option<String>,
    completed: Option<bool>,
    order: Option<i64>,
}

impl Changes {
    fn apply(self, todo: &mut Todo) {
        if let Some(title) = self.title {
            todo.title = title;
        }
        todo.completed = self.completed.unwrap_or(todo.completed);
        todo.order = self.order.or(todo.order);
    }
}

#[derive(Clone, Default)]
struct Todos(Arc<Mutex<BTreeMap<u64, Todo>>>);

impl Todos {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Todo>> {
        self.0.lock().expect("nothing panics while it is locked")
    }
}

/// A todo as it is sent, with its address.
#[derive(Serialize)]
struct Item {
    #[serde(flatten)]
    todo: Todo,
    url: String,
}

fn item(id: u64, todo: &Todo, links: &Links) -> Result<Json<Item>> {
    let todo = todo.clone();
    let url = links.absolute_url_for(show, &[("id", &id)])?;
    Ok(Json(Item { todo, url }))
}

async fn list(State(todos): State<Todos>, links: Links) -> Result<impl IntoResponse> {
    let todos = todos.lock();
    let list = todos
        .iter()
        .map(|(id, todo)| Ok(item(*id, todo, &links)?.0));
    Ok(Json(list.collect::<Result<Vec<Item>>>()?))
}

async fn create(
    State(todos): State<Todos>,
    links: Links,
    Json(changes): Json<Changes>,
) -> Result<impl IntoResponse> {
    let missing = || Error::unprocessable("a todo needs a title").with_field("title", "is missing");
    let todo = Todo {
        title: changes.title.ok_or_else(missing)?,
        completed: changes.completed.unwrap_or(false),
        order: changes.order,
    };
    let mut todos = todos.lock();
    let id = todos.keys().next_back().map_or(1, |last| last + 1);
    let item = item(id, &todo, &links)?;
    todos.insert(id, todo);
    Ok((
        StatusCode::CREATED,
        [("location", item.0.url.clone())],
        item,
    ))
}

async fn clear(State(todos): State<Todos>) -> StatusCode {
    todos.lock().clear();
    StatusCode::NO_CONTENT
}

async fn show(State(todos): State<Todos>, links: Links, Path(id): Path<u64>) -> Result<Json<Item>> {
    let todos = todos.lock();
    item(id, todos.get(&id).or_not_found("no such todo")?, &links)
}

async fn change(
    State(todos): State<Todos>,
    links: Links,
    Path(id): Path<u64>,
    Json(changes): Json<Changes>,
) -> Result<Json<Item>> {
    let mut todos = todos.lock();
    let todo = todos.get_mut(&id).or_not_found("no such todo")?;
    changes.apply(todo);
    item(id, todo, &links)
}

async fn delete(State(todos): State<Todos>, Path(id): Path<u64>) -> Result<StatusCode> {
    let gone = todos.lock().remove(&id);
    gone.or_not_found("no such todo")?;
    Ok(StatusCode::NO_CONTENT)
}

/// The whole API, to be mounted; `examples/conformance.rs` has it too.
pub(crate) fn todos() -> App {
    let methods = [Method::GET, Method::POST, Method::PATCH, Method::DELETE];
    let cors = Cors::any_origin().with_methods(methods);
    App::new()
        .state(Todos::default())
        .with(cors.with_headers(["content-type"]))
        .get("/", list)
        .post("/", create)
        .delete("/", clear)
        .get("/{id}", show)
        .patch("/{id}", change)
        .delete("/{id}", delete)
}

fn main() -> Result<(), RunError> {
    let hosts = env::var("HOSTS").unwrap_or_else(|_| "localhost,127.0.0.1".to_owned());
    App::new()
        .with(Logger::new())
        .with(HostGuard::new(hosts.split(',')))
        .mount("/todos", todos())
        .run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))
}
