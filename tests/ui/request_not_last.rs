//! `Request` takes everything, so nothing can be extracted after it.

use cepa::prelude::*;

async fn show(req: Request, Path(id): Path<u64>) -> String {
    format!("{} {id}", req.path())
}

fn main() {
    let _ = App::new().get("/{id}", show);
}
