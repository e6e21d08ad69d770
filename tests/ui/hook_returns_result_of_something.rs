//! A stop hook returns a result of something.

use cepa::prelude::*;

async fn close() -> Result<u16> {
    Ok(5432)
}

fn main() {
    let _ = App::new().on_stop(close);
}
