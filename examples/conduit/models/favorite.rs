//! Who likes which article.

use cepa::orm::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "favorites")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) article_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) user_id: i32,
}

impl ActiveModelBehavior for ActiveModel {}
