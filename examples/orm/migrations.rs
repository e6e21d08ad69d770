//! How the tables came to be, step by step.
#![allow(
    elided_lifetimes_in_paths,
    reason = "the trait of migrations has it so"
)]

use cepa::orm::migration::*;

pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateNotes), Box::new(CreateTags)]
    }
}

struct CreateNotes;

impl MigrationName for CreateNotes {
    fn name(&self) -> &str {
        "m2026_01_30_create_notes"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateNotes {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let mut note = Table::create();
        note.table("note")
            .col(pk_auto("id"))
            .col(string_len_uniq("title", 100))
            .col(text("text"))
            .col(boolean("starred").default(false))
            .col(timestamp_with_time_zone("created_at"));
        schema.create_table(note).await?;
        // What the feed is read by.
        let mut index = Index::create();
        index
            .name("note_by_time")
            .table("note")
            .col("created_at")
            .col("id");
        schema.create_index(index).await
    }

    async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema.drop_table(Table::drop().table("note").take()).await
    }
}

struct CreateTags;

impl MigrationName for CreateTags {
    fn name(&self) -> &str {
        "m2026_02_14_create_tags"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateTags {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let mut tag = Table::create();
        tag.table("tag")
            .col(pk_auto("id"))
            .col(string_len_uniq("name", 50));
        schema.create_table(tag).await?;
        let to = |table: &'static str, column: &'static str| {
            let mut key = ForeignKey::create();
            key.from("note_tag", column)
                .to(table, "id")
                .on_delete(ForeignKeyAction::Cascade);
            key
        };
        let mut note_tag = Table::create();
        note_tag
            .table("note_tag")
            .col(integer("note_id"))
            .col(integer("tag_id"))
            .primary_key(Index::create().col("note_id").col("tag_id"))
            .foreign_key(&mut to("note", "note_id"))
            .foreign_key(&mut to("tag", "tag_id"));
        schema.create_table(note_tag).await
    }

    async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema
            .drop_table(Table::drop().table("note_tag").take())
            .await?;
        schema.drop_table(Table::drop().table("tag").take()).await
    }
}
