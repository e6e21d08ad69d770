//! An extractor of one's own holds an `Rc` across an await.

use std::rc::Rc;

use cepa::prelude::*;

struct Name(String);

async fn pause() {}

impl FromRequest for Name {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let path = Rc::new(req.path().to_owned());
        pause().await;
        Ok(Self(path.to_string()))
    }
}

async fn show(Name(name): Name) -> String {
    name
}

fn main() {
    let _ = App::new().get("/", show);
}
