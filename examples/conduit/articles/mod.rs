//! Articles: one, many, and who likes them.

mod favorite;
mod list;
mod one;
mod page;
mod slug;
mod view;

use crate::errors::about;
use crate::models::article;
use cepa::orm::prelude::*;
use cepa::prelude::*;

/// The article of this slug, or 404.
pub(crate) async fn by_slug(db: &impl ConnectionTrait, slug: &str) -> Result<article::Model> {
    let article = article::Entity::find().filter(article::Column::Slug.eq(slug));
    let missing = || about(Error::not_found("not found"), "article");
    article.one(db).await?.ok_or_else(missing)
}

pub(crate) fn routes(app: App) -> App {
    app.get("/articles", list::all)
        .post("/articles", one::create)
        .get("/articles/feed", list::feed)
        .get("/articles/{slug}", one::show)
        .put("/articles/{slug}", one::change)
        .delete("/articles/{slug}", one::delete)
        .post("/articles/{slug}/favorite", favorite::add)
        .delete("/articles/{slug}/favorite", favorite::remove)
}
