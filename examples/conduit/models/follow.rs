//! Who follows whom.

use cepa::orm::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "follows")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) follower_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) followed_id: i32,
}

impl ActiveModelBehavior for ActiveModel {}
