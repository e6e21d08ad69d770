//! The same by SeaORM, below `/orm`: through its pool, which sends nothing before the last answer came.
#![allow(unreachable_pub, reason = "the macros of models make public items")]

use crate::count::Count;
use crate::fortunes::{ADDITIONAL, PAGE, Page};
use crate::store::number;
use cepa::orm::Database;
use cepa::orm::prelude::*;
use cepa::prelude::*;
use cepa::templates::View;

mod world {
    use cepa::orm::prelude::*;
    use serde::Serialize;

    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel, Serialize)]
    #[sea_orm(table_name = "world")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        #[sea_orm(column_name = "randomnumber")]
        #[serde(rename = "randomNumber")]
        pub random_number: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod fortune {
    use cepa::orm::prelude::*;
    use serde::Serialize;

    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel, Serialize)]
    #[sea_orm(table_name = "fortune")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub message: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

async fn random_world(db: &Db) -> Result<world::Model> {
    let world = world::Entity::find_by_id(number()).one(db).await?;
    // No client asks for an id: that it is missing is a fault of the table.
    world.or_status(StatusCode::INTERNAL_SERVER_ERROR, "a world is missing")
}

async fn db(db: Db) -> Result<Json<world::Model>> {
    Ok(Json(random_world(&db).await?))
}

async fn queries(db: Db, Count(count): Count) -> Result<Json<Vec<world::Model>>> {
    let mut worlds = Vec::with_capacity(count);
    for _ in 0..count {
        worlds.push(random_world(&db).await?);
    }
    Ok(Json(worlds))
}

async fn fortunes(db: Db) -> Result<View> {
    let mut fortunes = fortune::Entity::find().all(&db).await?;
    fortunes.push(fortune::Model {
        id: 0,
        message: ADDITIONAL.to_owned(),
    });
    fortunes.sort_by(|one, other| one.message.cmp(&other.message));
    Ok(View::new(PAGE.0, Page { fortunes }))
}

pub(crate) fn routes(url: &str) -> App {
    App::new()
        .plug(Database::url(url))
        .get("/db", db)
        .get("/queries", queries)
        .get("/fortunes", fortunes)
}
