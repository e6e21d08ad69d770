//! The tables: members, and tokens of links.

use cepa::orm::migration::*;

pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateMembers)]
    }
}

struct CreateMembers;

impl MigrationName for CreateMembers {
    fn name(&self) -> &str {
        "m2026_01_30_create_members"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateMembers {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let mut members = Table::create();
        members
            .table("member")
            .col(pk_auto("id"))
            .col(string_uniq("email"))
            .col(string("password"))
            .col(boolean("is_admin"))
            .col(boolean("is_blocked"));
        schema.create_table(members).await?;
        let mut tokens = Table::create();
        tokens
            .table("token")
            .col(string("key").primary_key())
            .col(string("subject"))
            .col(big_integer("expires"));
        schema.create_table(tokens).await
    }

    async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema
            .drop_table(Table::drop().table("token").take())
            .await?;
        schema
            .drop_table(Table::drop().table("member").take())
            .await
    }
}
