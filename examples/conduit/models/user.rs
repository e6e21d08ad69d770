//! Who writes, reads and follows.

use cepa::orm::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i32,
    #[sea_orm(unique)]
    pub(crate) username: String,
    #[sea_orm(unique)]
    pub(crate) email: String,
    pub(crate) password_hash: String,
    pub(crate) bio: String,
    pub(crate) image: String,
}

impl ActiveModelBehavior for ActiveModel {}
