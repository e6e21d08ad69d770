//! A database by SeaORM: models, a transaction for each request, migrations.
//!
//! # Example
//!
//! ```
//! # #[cfg(feature = "orm-sqlite")] {
//! use cepa::orm::TestDatabase;
//! use cepa::orm::prelude::*;
//! use cepa::prelude::*;
//!
//! mod note {
//!     use cepa::orm::prelude::*;
//!
//!     #[sea_orm::model]
//!     #[derive(Clone, Debug, DeriveEntityModel)]
//!     #[sea_orm(table_name = "note")]
//!     pub struct Model {
//!         #[sea_orm(primary_key)]
//!         pub id: i32,
//!         pub text: String,
//!     }
//!
//!     impl ActiveModelBehavior for ActiveModel {}
//! }
//!
//! async fn add(tx: Tx, text: String) -> Result<(StatusCode, String)> {
//!     let note = note::ActiveModel { text: Set(text), ..Default::default() };
//!     let note = note.insert(&tx).await?; // committed with the 201, or undone with an error
//!     Ok((StatusCode::CREATED, note.id.to_string()))
//! }
//!
//! async fn show(Path(id): Path<i32>, db: Db) -> Result<String> {
//!     let note = note::Entity::find_by_id(id).one(&db).await?;
//!     Ok(note.or_not_found("there is no such note")?.text)
//! }
//!
//! fn app(database: Database) -> App {
//!     App::new().plug(database).post("/", add).get("/{id}", show)
//! }
//!
//! // In a program `app(Database::from_env().migrate::<Migrator>()).run(..)`.
//! let test = TestDatabase::sqlite();
//! let client = app(test.database().sync_schema(module_path!())).test();
//! client.post("/").body("onions").send().assert_status(201).assert_text("1");
//! client.get("/1").send().assert_text("onions");
//! client.get("/2").send().assert_status(404);
//! # }
//! ```
//!
//! | argument | what |
//! |---|---|
//! | [`Db`] | the pool: each statement on its own, `db.begin().await?` for more |
//! | [`Tx`] | the transaction of the request: begun with its first statement, committed before a success or a redirect leaves, otherwise rolled back |
//!
//! Both are connections for SeaORM, and no program needs a line for it in its `Cargo.toml`: the
//! [`prelude`] has what models and handlers need, [`migration`] what migrations do, and [`sea_orm`]
//! the rest. `docs/databases.md` is the guide.
//!
//! # Options
//!
//! | knob | default |
//! |---|---|
//! | [`Database::url`], [`Database::from_env`] | `DATABASE_URL`, otherwise `sqlite://app.db` |
//! | [`migrate`](Database::migrate): what is applied at start | nothing |
//! | [`sync_schema`](Database::sync_schema): tables made of entities, in development | none |
//! | [`with_seed`](Database::with_seed): what a new database begins with | nothing |
//! | [`with_max_connections`](Database::with_max_connections) | 10, of SQLite 8 |
//! | [`with_acquire_timeout`](Database::with_acquire_timeout): to wait for a connection | 5 s |
//! | [`with_statement_timeout`](Database::with_statement_timeout) | 30 s |
//! | [`with_start_timeout`](Database::with_start_timeout): to wait for the server at start | 30 s |
//! | [`with_slow_statements`](Database::with_slow_statements): what is logged | 500 ms |
//! | [`with_name`](Database::with_name): the check in `/readyz` | `database` |
//! | [`with_options`](Database::with_options): those of SeaORM | |
//!
//! Connections are asked whether they live before they are used, if they were idle for a second. A
//! SQLite file is in WAL mode, with foreign keys and with writers that wait in line.
//!
//! # Errors
//!
//! Errors of SeaORM go through `?`, and have the status they mean, unless the app says otherwise
//! (`or_not_found`, [`App::map_error`](crate::App::map_error)):
//!
//! | status | what |
//! |---|---|
//! | 404 | there is no such record, where one is updated |
//! | 409 | a value that has to be unique is taken; a record refers to one that is not there, or is referred to |
//! | 422 | a value is missing, too long, too large, breaks a rule, or cannot be stored |
//! | 503, `Retry-After` | no connection in time, the server is away, the statement took too long; another transaction was in the way |
//! | 500 | all else: a fault of the program |
//!
//! 409 and 422 name the fields, as far as the database tells the column. MariaDB tells the name of a
//! unique key, which is that of its column unless the key was named like an index, `idx_mail`. A commit that fails is an
//! error like any other, in place of the success.
//!
//! A [`Tx`] knows no more once its response has left. A body that is streamed begins after that, so it
//! reads by [`Db`]; by `Tx` it fails with a sentence.
//!
//! # Security
//!
//! - Values are sent apart from statements, whatever is in them. What is put together by `format!`
//!   for [`ConnectionTrait::execute_unprepared`](sea_orm::ConnectionTrait::execute_unprepared) is not.
//! - No text of the database reaches a client: messages are those above, and fields are names of
//!   columns. The log has it, statements without their values.
//! - Connections to PostgreSQL and MariaDB are encrypted where the server offers it; that it must, and
//!   who it is, is said in the URL: `?sslmode=verify-full`, `?ssl-mode=VERIFY_IDENTITY`.
//! - `fresh` drops everything, and does nothing in production.

mod begin;
mod beside;
mod command;
mod config;
mod connect;
mod connection;
mod drop_all;
mod error;
mod extract;
mod fault;
mod field;
mod interrupt;
mod list;
mod lock;
mod middleware;
mod migrate;
pub mod migration;
mod migrations;
mod open;
mod pool;
pub mod prelude;
#[cfg(any(feature = "orm-postgres", feature = "orm-mysql"))]
mod release;
mod rows;
#[cfg(feature = "orm-sqlite")]
mod sqlite;
mod statements;
mod testing;
mod transaction;
mod tx;
mod url;
mod watch;

pub use sea_orm;
pub use sea_orm_migration;

pub use config::Database;
pub use extract::Db;
pub use list::{ByLoader, BySelect, Columns, Listing, Named, Page, Pageable, Pagination};
pub use migrations::{MigrationState, Migrations};
pub use rows::{IntoRows, Rows};
pub use testing::TestDatabase;
pub use transaction::Transaction;
pub use tx::Tx;
