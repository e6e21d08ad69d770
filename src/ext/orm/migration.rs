//! What a file of migrations needs, by one `use`.
//!
//! It is the prelude of `sea-orm-migration` with its helpers for columns, so that what
//! `sea-orm-cli migrate generate` writes works with this line in place of its own. Its names are those
//! of SQL, and some of them are cepa's in other meanings (`Query`): migrations are in files of their
//! own.
//!
//! ```
//! # #[cfg(feature = "orm-sqlite")] {
//! use cepa::orm::migration::*;
//!
//! struct CreateNotes;
//!
//! impl MigrationName for CreateNotes {
//!     fn name(&self) -> &str {
//!         "m2026_01_30_create_notes"
//!     }
//! }
//!
//! #[async_trait::async_trait]
//! impl MigrationTrait for CreateNotes {
//!     async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
//!         let mut table = Table::create();
//!         table.table("note").col(pk_auto("id")).col(string("text"));
//!         schema.create_table(table).await
//!     }
//!
//!     async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
//!         schema.drop_table(Table::drop().table("note").take()).await
//!     }
//! }
//!
//! pub struct Migrator;
//!
//! impl MigratorTrait for Migrator {
//!     fn migrations() -> Vec<Box<dyn MigrationTrait>> {
//!         vec![Box::new(CreateNotes)]
//!     }
//! }
//!
//! let test = cepa::orm::TestDatabase::sqlite();
//! let database = test.database().migrate::<Migrator>();
//! assert_eq!(database.command(["up"]).unwrap(), "applied m2026_01_30_create_notes\n");
//! # }
//! ```

pub use sea_orm_migration;
pub use sea_orm_migration::prelude::*;
pub use sea_orm_migration::schema::*;
