//! The smallest app.
//!
//! ```text
//! cargo run --example hello
//! curl -i 127.0.0.1:3000/
//! ```

use cepa::prelude::*;

fn main() -> Result<(), RunError> {
    let addr = std::env::var("ADDR").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    App::new()
        .with(Logger::new())
        .get("/", async || "Hello, World!")
        .run(addr)
}
