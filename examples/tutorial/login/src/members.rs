use cepa::auth::{User, UserStore};
use cepa::orm::migration::*;
use cepa::orm::prelude::*;
use cepa::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "member")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    #[sea_orm(unique)]
    pub name: String,
    pub password: String,
}

impl ActiveModelBehavior for ActiveModel {}

impl User for Model {
    fn id(&self) -> String {
        self.id.to_string()
    }

    fn password_hash(&self) -> &str {
        &self.password
    }
}

#[derive(Clone)]
pub struct Members(pub Db);

impl UserStore for Members {
    type User = Model;

    async fn by_id(&self, id: &str) -> Result<Option<Model>> {
        Ok(Entity::find_by_id(id.parse::<i32>()?).one(&self.0).await?)
    }

    async fn by_name(&self, name: &str) -> Result<Option<Model>> {
        Ok(Entity::find()
            .filter(Column::Name.eq(name))
            .one(&self.0)
            .await?)
    }

    async fn set_password_hash(&self, member: &Model, hash: &str) -> Result<()> {
        let mut row = member.clone().into_active_model();
        row.password = Set(hash.to_owned());
        row.update(&self.0).await?;
        Ok(())
    }
}

pub struct CreateMembers;

impl MigrationName for CreateMembers {
    fn name(&self) -> &str {
        "m2026_11_02_create_members"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateMembers {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let mut members = Table::create();
        members
            .table("member")
            .col(pk_auto("id"))
            .col(string_uniq("name"))
            .col(string("password"));
        schema.create_table(members).await
    }

    async fn down(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema
            .drop_table(Table::drop().table("member").take())
            .await
    }
}
