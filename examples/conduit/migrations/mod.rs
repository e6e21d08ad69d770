//! How the tables came to be, in order.
#![allow(
    elided_lifetimes_in_paths,
    reason = "the trait of migrations has it so"
)]

use cepa::orm::migration::*;

mod m20260101_000001_users;
mod m20260101_000002_articles;
mod m20260101_000003_comments;

pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20260101_000001_users::Migration),
            Box::new(m20260101_000002_articles::Migration),
            Box::new(m20260101_000003_comments::Migration),
        ]
    }
}

/// A column that refers to a row of another table, and goes with it.
fn owned_by(table: &mut TableCreateStatement, column: &'static str, other: &'static str) {
    let mut key = ForeignKey::create();
    key.from_col(column)
        .to(other, "id")
        .on_delete(ForeignKeyAction::Cascade);
    table.col(integer(column)).foreign_key(&mut key);
}
