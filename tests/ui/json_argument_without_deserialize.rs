//! What is read from JSON has to implement `Deserialize`.

use cepa::prelude::*;

struct User {
    name: String,
}

async fn create(method: Method, Json(user): Json<User>) -> String {
    format!("{method} {}", user.name)
}

fn main() {
    let _ = App::new().post("/", create);
}
