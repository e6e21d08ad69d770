//! What is said about articles.

use cepa::orm::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "comments")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i32,
    pub(crate) article_id: i32,
    pub(crate) author_id: i32,
    pub(crate) body: String,
    pub(crate) created_at: TimeDateTimeWithTimeZone,
    pub(crate) updated_at: TimeDateTimeWithTimeZone,
}

impl ActiveModelBehavior for ActiveModel {}
