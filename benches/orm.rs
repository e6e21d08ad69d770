//! What a database costs through `Db`, beside the same statements by plain SeaORM and plain sqlx on
//! the same pool of the same SQLite file, in process; and 64 who write at once.

mod support;

use std::sync::Arc;

use cepa::AppService;
use cepa::http::{Request as HttpRequest, Uri};
use cepa::orm::sea_orm::{DatabaseConnection, sqlx};
use cepa::orm::{TestDatabase, prelude::*};
use cepa::prelude::*;
use sqlx::SqlitePool;
use support::{Call, Cases, build, row};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

mod note {
    use cepa::orm::prelude::*;
    use serde::Serialize;

    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel, Serialize)]
    #[sea_orm(table_name = "note")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub title: String,
        pub text: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

const TABLE: &str = "CREATE TABLE note (id integer PRIMARY KEY, title text, text text)";
const ROWS: &str = "INSERT INTO note (title, text)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
    SELECT 'note ' || i, 'a text of some length, as rows have them' FROM n";

async fn one_by_db(db: Db) -> Result<Json<note::Model>> {
    one(&db).await
}

async fn one_by_sea_orm(State(db): State<DatabaseConnection>) -> Result<Json<note::Model>> {
    one(&db).await
}

async fn one(db: &impl ConnectionTrait) -> Result<Json<note::Model>> {
    let note = note::Entity::find_by_id(500).one(db).await?;
    note.map(Json).or_not_found("there is no such note")
}

async fn one_by_sqlx(State(pool): State<SqlitePool>) -> Result<Json<note::Model>> {
    let sql = "SELECT id, title, text FROM note WHERE id = ? LIMIT ?";
    let row = sqlx::query_as(sql).bind(500).bind(1).fetch_optional(&pool);
    let row: Option<(i32, String, String)> = row.await?;
    let note = row.map(|(id, title, text)| note::Model { id, title, text });
    note.map(Json).or_not_found("there is no such note")
}

async fn page_by_db(db: Db) -> Result<Json<Vec<note::Model>>> {
    page(&db).await
}

async fn page_by_sea_orm(State(db): State<DatabaseConnection>) -> Result<Json<Vec<note::Model>>> {
    page(&db).await
}

async fn page(db: &impl ConnectionTrait) -> Result<Json<Vec<note::Model>>> {
    let notes = note::Entity::find().order_by_asc(note::Column::Id);
    Ok(Json(notes.limit(20).offset(400).all(db).await?))
}

async fn page_by_sqlx(State(pool): State<SqlitePool>) -> Result<Json<Vec<note::Model>>> {
    let sql = "SELECT id, title, text FROM note ORDER BY id LIMIT ? OFFSET ?";
    let rows = sqlx::query_as(sql).bind(20).bind(400).fetch_all(&pool);
    let rows: Vec<(i32, String, String)> = rows.await?;
    let note = |(id, title, text)| note::Model { id, title, text };
    Ok(Json(rows.into_iter().map(note).collect()))
}

async fn page_by_pagination(db: Db, page: Pagination) -> Result<Page<note::Model>> {
    page.fetch(note::Entity::find(), &db).await
}

async fn page_by_after(db: Db, page: Pagination) -> Result<Page<note::Model>> {
    page.fetch_after(note::Entity::find(), &db).await
}

async fn add_by_db(db: Db) -> Result<()> {
    add(&db).await
}

async fn add_by_tx(tx: Tx) -> Result<()> {
    add(&tx).await
}

async fn add_by_sea_orm(State(db): State<DatabaseConnection>) -> Result<()> {
    add(&db).await
}

async fn add(db: &impl ConnectionTrait) -> Result<()> {
    let note = note::ActiveModel {
        title: Set("a note".to_owned()),
        text: Set("a text of some length, as rows have them".to_owned()),
        ..Default::default()
    };
    note.insert(db).await?;
    Ok(())
}

/// An app on a SQLite file of its own, and the runtime it is in.
struct Asked {
    runtime: Runtime,
    service: AppService,
    _file: Arc<TestDatabase>,
}

impl Asked {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("there is a runtime");
        let file = Arc::new(TestDatabase::sqlite());
        let service: Result<AppService> = runtime.block_on(async {
            let database = Database::url(file.url());
            // What is plain is asked inside of an app that has no database.
            let with_db = App::new()
                .plug(database)
                .get("/db/one", one_by_db)
                .get("/db/page", page_by_db)
                .get("/db/pagination", page_by_pagination)
                .get("/db/after", page_by_after)
                .get("/db/add", add_by_db)
                .get("/db/tx", add_by_tx);
            let opened = Database::url(file.url()).connect().await?;
            opened.execute_unprepared(TABLE).await?;
            opened.execute_unprepared(ROWS).await?;
            let app = App::new()
                .state(opened.get_sqlite_connection_pool().clone())
                .state(DatabaseConnection::clone(&opened))
                .mount("/", with_db)
                .get("/sea/one", one_by_sea_orm)
                .get("/sea/page", page_by_sea_orm)
                .get("/sea/add", add_by_sea_orm)
                .get("/sqlx/one", one_by_sqlx)
                .get("/sqlx/page", page_by_sqlx);
            let service = build(app);
            service.start().await?;
            Ok(service)
        });
        Self {
            runtime,
            service: service.expect("the app of a bench starts"),
            _file: file,
        }
    }

    async fn ask(&self, path: &'static str) {
        ask(self.service.clone(), path).await;
    }
}

async fn ask(service: AppService, path: &'static str) {
    let mut req = HttpRequest::new("");
    *req.uri_mut() = Uri::from_static(path);
    let res = service.answer(req).await;
    assert_eq!(res.status(), StatusCode::OK, "{path}: {:?}", res.error());
}

/// One request after the other.
fn each(cases: &mut Cases, path: &'static str) {
    cases.add(path, move || -> Call {
        let asked = Asked::new();
        Box::new(move || asked.runtime.block_on(asked.ask(path)))
    });
}

/// Requests at once.
const WRITERS: u32 = 64;

fn at_once(cases: &mut Cases, path: &'static str) {
    cases.add(format!("{path}, at once"), move || -> Call {
        let asked = Asked::new();
        Box::new(move || {
            // As a whole, with its file.
            let asked = &asked;
            asked.runtime.block_on(async {
                let mut all = JoinSet::new();
                for _ in 0..WRITERS {
                    all.spawn(ask(asked.service.clone(), path));
                }
                while let Some(done) = all.join_next().await {
                    done.expect("every writer succeeds");
                }
            });
        })
    });
}

fn main() {
    let mut cases = Cases::default();
    let reads = [
        "/sea/one",
        "/db/one",
        "/sqlx/one",
        "/sea/page",
        "/db/page",
        "/sqlx/page",
    ];
    for path in reads.into_iter().chain(["/db/pagination", "/db/after"]) {
        each(&mut cases, path);
    }
    for path in ["/sea/add", "/db/add", "/db/tx"] {
        at_once(&mut cases, path);
    }
    cases.table(&[
        row("one row, plain SeaORM", "/sea/one"),
        row("one row, Db", "/db/one"),
        row("one row, plain sqlx", "/sqlx/one"),
    ]);
    cases.table(&[
        row("20 rows, plain SeaORM", "/sea/page"),
        row("20 rows, Db", "/db/page"),
        row("20 rows, plain sqlx", "/sqlx/page"),
        row("20 rows, Pagination::fetch", "/db/pagination"),
        row("20 rows, Pagination::fetch_after", "/db/after"),
    ]);
    cases.table(&[
        row("an insert of 64 at once, plain SeaORM", "/sea/add, at once").per(WRITERS),
        row("an insert of 64 at once, Db", "/db/add, at once").per(WRITERS),
        row("an insert of 64 at once, Tx", "/db/tx, at once").per(WRITERS),
    ]);
}
