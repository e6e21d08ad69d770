//! A program with cepa as its only way to SeaORM, as its users write it: each kind of macro, a
//! migration that is named by its file, and models in files of their own.

mod m2026_01_30_000001_create_post;
mod post;

use cepa::orm::TestDatabase;
use cepa::orm::migration::{MigrationTrait, MigratorTrait};
use cepa::orm::prelude::*;
use cepa::prelude::*;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m2026_01_30_000001_create_post::Migration)]
    }
}

async fn add(tx: Tx, Json(input): Json<post::Input>) -> Result<(StatusCode, Json<post::Model>)> {
    let mut post = input.into_active_model();
    post.state = Set(post::State::Draft);
    post.tags = Set(post::Tags(vec!["new".to_owned()]));
    Ok((StatusCode::CREATED, Json(post.insert(&tx).await?)))
}

async fn publish(Path(id): Path<i32>, tx: Tx) -> Result<Json<post::Model>> {
    let post = post::Entity::find_by_id(id).one(&tx).await?;
    let mut post = post
        .or_not_found("there is no such post")?
        .into_active_model();
    post.state = Set(post::State::Published);
    Ok(Json(post.update(&tx).await?))
}

async fn titles(db: Db) -> Result<Json<Vec<post::Title>>> {
    let published = post::Entity::find().filter(post::Column::State.eq(post::State::Published));
    Ok(Json(published.into_partial_model().all(&db).await?))
}

async fn states(db: Db) -> Result<Json<Vec<post::Count>>> {
    let counted = post::Entity::find()
        .select_only()
        .column(post::Column::State)
        .column_as(post::Column::Id.count(), "posts")
        .group_by(post::Column::State)
        .order_by_asc(post::Column::State);
    Ok(Json(counted.into_model().all(&db).await?))
}

fn app(database: Database) -> App {
    App::new()
        .plug(database)
        .get("/posts", titles)
        .post("/posts", add)
        .put("/posts/{id}/published", publish)
        .get("/states", states)
}

#[track_caller]
fn assert_works(database: Database) {
    let client = app(database).test();
    let post = |title: &str| {
        let input = json!({ "title": title, "text": "..." });
        client.post("/posts").json(&input).send().assert_status(201);
    };
    post("Onions");
    post("Leeks");
    let onions =
        json!({ "id": 1, "title": "Onions", "text": "...", "state": "Published", "tags": ["new"] });
    client.put("/posts/1/published").send().assert_json(&onions);
    client.put("/posts/7/published").send().assert_status(404);
    client
        .get("/posts")
        .send()
        .assert_json(&json!([{ "title": "Onions" }]));
    let states = json!([{ "state": "Draft", "posts": 1 }, { "state": "Published", "posts": 1 }]);
    client.get("/states").send().assert_json(&states);
    client.stop();
}

#[test]
fn a_program_needs_no_line_for_sea_orm() {
    let test = TestDatabase::sqlite();
    assert_works(test.database().migrate::<Migrator>());
    let status = test.database().migrate::<Migrator>().command(["status"]);
    assert_eq!(status.unwrap(), "applied m2026_01_30_000001_create_post\n");
}

#[test]
fn tables_are_made_of_its_entities() {
    let test = TestDatabase::sqlite();
    assert_works(test.database().sync_schema(module_path!()));
}
