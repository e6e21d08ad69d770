use super::owned_by;
use cepa::orm::migration::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let users = Table::create()
            .table("users")
            .col(pk_auto("id"))
            .col(string_uniq("username"))
            .col(string_uniq("email"))
            .col(string("password_hash"))
            .col(text("bio"))
            .col(text("image"))
            .take();
        schema.create_table(users).await?;

        let mut follows = Table::create().table("follows").take();
        owned_by(&mut follows, "follower_id", "users");
        owned_by(&mut follows, "followed_id", "users");
        follows.primary_key(Index::create().col("follower_id").col("followed_id"));
        schema.create_table(follows).await
    }

    async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        for table in ["follows", "users"] {
            schema.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}
