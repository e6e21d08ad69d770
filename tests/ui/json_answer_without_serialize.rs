//! What is sent as JSON has to implement `Serialize`.

use cepa::prelude::*;

struct User;

async fn show() -> Result<Json<User>> {
    Ok(Json(User))
}

fn main() {
    let _ = App::new().get("/", show);
}
