//! The smallest app.
//!
//! ```text
//! cargo run --example hello
//! curl -i 127.0.0.1:3000/
//! ```

use cepa::prelude::*;
use std::env;

fn main() -> Result<(), RunError> {
    App::new()
        .with(Logger::new())
        .get("/", async || "Hello, World!")
        .run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))
}
