//! The models of these tests: authors and their notes.

pub mod author {
    use cepa::orm::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "author")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(unique)]
        pub name: String,
        #[sea_orm(has_many)]
        pub notes: HasMany<super::note::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod note {
    use cepa::orm::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub author_id: Option<i32>,
        pub text: String,
        #[sea_orm(belongs_to, from = "author_id", to = "id")]
        pub author: HasOne<super::author::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod schema {
    use cepa::orm::migration::*;

    pub struct Authors;

    impl MigrationName for Authors {
        fn name(&self) -> &str {
            "m1_authors"
        }
    }

    #[async_trait::async_trait]
    impl MigrationTrait for Authors {
        async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
            let mut table = Table::create();
            table
                .table("author")
                .col(pk_auto("id"))
                .col(string_uniq("name"));
            schema.create_table(table).await
        }

        async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
            schema
                .drop_table(Table::drop().table("author").take())
                .await
        }
    }

    pub struct Notes;

    impl MigrationName for Notes {
        fn name(&self) -> &str {
            "m2_notes"
        }
    }

    #[async_trait::async_trait]
    impl MigrationTrait for Notes {
        async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
            let mut table = Table::create();
            table
                .table("note")
                .col(pk_auto("id"))
                .col(integer_null("author_id"))
                .col(string_len("text", 200).check(Expr::col("text").ne("forbidden")))
                .foreign_key(
                    ForeignKey::create()
                        .from("note", "author_id")
                        .to("author", "id"),
                );
            schema.create_table(table).await
        }

        async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
            schema.drop_table(Table::drop().table("note").take()).await
        }
    }

    pub struct Migrator;

    impl MigratorTrait for Migrator {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            vec![Box::new(Authors), Box::new(Notes)]
        }
    }
}

pub use schema::Migrator;
