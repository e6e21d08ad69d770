use cepa::orm::migration::*;
use cepa::orm::prelude::*;
use serde::Serialize;

#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "book")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    #[sea_orm(unique)]
    pub title: String,
}

impl ActiveModelBehavior for ActiveModel {}

pub struct CreateBooks;

impl MigrationName for CreateBooks {
    fn name(&self) -> &str {
        "m2026_11_01_create_books"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateBooks {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let mut books = Table::create();
        books
            .table("book")
            .col(pk_auto("id"))
            .col(string_uniq("title"));
        schema.create_table(books).await
    }

    async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema.drop_table(Table::drop().table("book").take()).await
    }
}
