use super::owned_by;
use cepa::orm::migration::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let mut articles = Table::create().table("articles").take();
        articles.col(pk_auto("id"));
        owned_by(&mut articles, "author_id", "users");
        articles
            .col(string_uniq("slug"))
            .col(text("title"))
            .col(text("description"))
            .col(text("body"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("updated_at"));
        schema.create_table(articles).await?;
        index(schema, "articles", "author_id").await?;

        let mut tags = Table::create().table("article_tags").take();
        owned_by(&mut tags, "article_id", "articles");
        tags.col(string("name"))
            .col(integer("position"))
            .primary_key(Index::create().col("article_id").col("name"));
        schema.create_table(tags).await?;
        index(schema, "article_tags", "name").await?;

        let mut favorites = Table::create().table("favorites").take();
        owned_by(&mut favorites, "article_id", "articles");
        owned_by(&mut favorites, "user_id", "users");
        favorites.primary_key(Index::create().col("article_id").col("user_id"));
        schema.create_table(favorites).await?;
        index(schema, "favorites", "user_id").await
    }

    async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        for table in ["favorites", "article_tags", "articles"] {
            schema.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}

async fn index(
    schema: &SchemaManager<'_>,
    table: &'static str,
    column: &'static str,
) -> Result<(), DbErr> {
    let name = format!("{table}_{column}");
    let mut index = Index::create();
    index.name(name).table(table).col(column);
    schema.create_index(index).await
}
