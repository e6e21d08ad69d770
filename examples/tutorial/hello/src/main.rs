use cepa::prelude::*;

pub fn app() -> App {
    App::new().get("/", async || "Hello, World!")
}

fn main() -> Result<(), RunError> {
    app().run("127.0.0.1:3000")
}
