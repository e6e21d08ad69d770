//! A start hook returns neither nothing nor a result of nothing.

use cepa::prelude::*;

async fn connect() -> u16 {
    5432
}

fn main() {
    let _ = App::new().on_start(connect);
}
