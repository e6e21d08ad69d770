//! A closure as middleware does not say what it takes.

use cepa::prelude::*;

fn main() {
    let _ = App::new().with(async |req, next| next.run(req).await);
}
