//! State: values of the app that handlers and middleware take by their type.
//!
//! ```text
//! cargo run --example state
//! curl -i -X POST 127.0.0.1:3000/visits
//! ```

use cepa::prelude::*;
use std::env;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// State is cloned for each request, so what is shared stands behind an `Arc`.
#[derive(Clone, Default)]
struct Visits(Arc<AtomicU64>);

#[derive(Clone, Default)]
struct Guestbook(Arc<Mutex<Vec<String>>>);

#[derive(Clone)]
struct Greeting(&'static str);

async fn visit(State(visits): State<Visits>, State(greeting): State<Greeting>) -> String {
    let count = visits.0.fetch_add(1, Ordering::Relaxed) + 1;
    format!("{} You are number {count}.\n", greeting.0)
}

async fn sign(State(book): State<Guestbook>, name: String) -> StatusCode {
    book.0.lock().expect("not poisoned").push(name);
    StatusCode::CREATED
}

async fn read(State(book): State<Guestbook>) -> Json<Vec<String>> {
    Json(book.0.lock().expect("not poisoned").clone())
}

/// A mounted app sees its own values, then those of the apps around it.
fn esperanto() -> App {
    App::new()
        .state(Greeting("Saluton!"))
        .post("/visits", visit)
}

fn main() -> Result<(), RunError> {
    App::new()
        .state(Visits::default())
        .state(Guestbook::default())
        .state(Greeting("Hello!"))
        .post("/visits", visit)
        .post("/guestbook", sign)
        .get("/guestbook", read)
        .mount("/eo", esperanto())
        .run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))
}
