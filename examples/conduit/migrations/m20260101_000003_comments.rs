use super::owned_by;
use cepa::orm::migration::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let mut comments = Table::create().table("comments").take();
        comments.col(pk_auto("id"));
        owned_by(&mut comments, "article_id", "articles");
        owned_by(&mut comments, "author_id", "users");
        comments
            .col(text("body"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("updated_at"));
        schema.create_table(comments).await?;

        let mut index = Index::create();
        index
            .name("comments_article_id")
            .table("comments")
            .col("article_id");
        schema.create_index(index).await
    }

    async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema
            .drop_table(Table::drop().table("comments").take())
            .await
    }
}
