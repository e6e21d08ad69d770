//! The tags of articles, in the order their authors gave them.

use cepa::orm::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "article_tags")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) article_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) name: String,
    pub(crate) position: i32,
}

impl ActiveModelBehavior for ActiveModel {}
