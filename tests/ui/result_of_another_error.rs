//! What else fails than cepa's error cannot be sent.

use cepa::prelude::*;

async fn read() -> std::result::Result<String, std::io::Error> {
    std::fs::read_to_string("a.txt")
}

fn main() {
    let _ = App::new().get("/", read);
}
