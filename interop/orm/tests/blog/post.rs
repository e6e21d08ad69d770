//! A model with an enum, a column of JSON, and the parts of it that are read and written.

use cepa::orm::prelude::*;
use serde::{Deserialize, Serialize};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "post")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub title: String,
    pub text: String,
    pub state: State,
    pub tags: Tags,
}

impl ActiveModelBehavior for ActiveModel {}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(10))")]
pub enum State {
    #[sea_orm(string_value = "draft")]
    Draft,
    #[sea_orm(string_value = "published")]
    Published,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Tags(pub Vec<String>);

#[derive(Deserialize, DeriveIntoActiveModel)]
pub struct Input {
    pub title: String,
    pub text: String,
}

#[derive(Serialize, DerivePartialModel)]
#[sea_orm(entity = "Entity")]
pub struct Title {
    pub title: String,
}

#[derive(Serialize, FromQueryResult)]
pub struct Count {
    pub state: State,
    pub posts: i64,
}
