//! Serves one state of the tutorial's app on a free port, in the folder where it is started.
#![allow(dead_code, reason = "the states have a `main` of their own")]

#[path = "../../database/src/main.rs"]
mod database;
#[path = "../../hello/src/main.rs"]
mod hello;
#[path = "../../json/src/main.rs"]
mod json;
#[path = "../../login/src/main.rs"]
mod login;
#[path = "../../middleware/src/main.rs"]
mod middleware;
#[path = "../../page/src/main.rs"]
mod page;
#[path = "../../routes/src/main.rs"]
mod routes;

use cepa::orm::Database;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let step = std::env::args().nth(1).unwrap_or_default();
    let app = match step.as_str() {
        "hello" => hello::app(),
        "routes" => routes::app(),
        "middleware" => middleware::app(),
        "json" => json::app(),
        "page" => page::app(),
        "database" => database::app(Database::url("sqlite://app.db")),
        "login" => login::app(Database::url("sqlite://app.db")),
        _ => return Err(format!("no step is named {step:?}").into()),
    };
    Ok(app.run("127.0.0.1:0")?)
}
