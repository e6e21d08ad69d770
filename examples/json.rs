//! JSON in, JSON out. What does not fit is refused, with the field that is wrong.
//!
//! ```text
//! cargo run --example json
//! curl -i 127.0.0.1:3000/orders --json '{"items": [{"name": "onion", "price": 40}]}'
//! curl -i 127.0.0.1:3000/orders --json '{"items": [{"name": "onion", "price": "much"}]}'
//! ```

use cepa::prelude::*;
use serde::{Deserialize, Serialize};
use std::env;

#[derive(Deserialize)]
struct Order {
    items: Vec<Item>,
    #[serde(default)]
    gift: bool,
    note: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    name: String,
    price: u32,
}

#[derive(Serialize)]
struct Receipt {
    names: Vec<String>,
    total: u64,
    note: Option<String>,
}

async fn order(Json(order): Json<Order>) -> Result<Json<Receipt>> {
    if order.gift && order.note.is_none() {
        return Err(Error::unprocessable("a gift needs a note").with_field("note", "is missing"));
    }
    let total = order.items.iter().map(|item| u64::from(item.price)).sum();
    let names = order.items.into_iter().map(|item| item.name).collect();
    let note = order.note;
    Ok(Json(Receipt { names, total, note }))
}

/// Without types of one's own: any JSON in, `json!` out, here beside a status.
async fn echo(Json(value): Json<Value>) -> impl IntoResponse {
    (StatusCode::ACCEPTED, json!({ "you_sent": value }))
}

fn main() -> Result<(), RunError> {
    App::new()
        .with(Logger::new())
        .post("/orders", order)
        .post("/echo", echo)
        .run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))
}
