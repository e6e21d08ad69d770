//! What models and handlers need, by one `use`.

pub use super::{Columns, Page, Pagination};
pub use super::{Database, Db, Transaction, Tx};

// The macros write paths that begin with these names.
pub use sea_orm;
pub use sea_orm::entity::prelude::async_trait;
pub use serde_json;

pub use sea_orm::entity::prelude::{
    ActiveBelongsTo, ActiveEnum, ActiveHasMany, ActiveHasOne, ActiveModelBehavior,
    ActiveModelTrait, BelongsTo, ChronoDate, ChronoDateTime, ChronoTime, ChronoUtc, ColumnDef,
    ColumnTrait, ColumnType, ColumnTypeTrait, ConnectionTrait, CursorTrait, DateTimeUtc,
    DateTimeWithTimeZone, DbErr, Decimal, DeriveActiveEnum, DeriveActiveModel,
    DeriveActiveModelBehavior, DeriveActiveModelEx, DeriveColumn, DeriveDisplay, DeriveEntity,
    DeriveEntityModel, DeriveIden, DeriveIntoActiveModel, DeriveModel, DeriveModelEx,
    DerivePartialModel, DerivePrimaryKey, DeriveRelatedEntity, DeriveRelation, DeriveValueType,
    EntityName, EntityTrait, EnumIter, Expr, ForeignKeyAction, FromJsonQueryResult, HasMany,
    HasOne, Iden, IdenStatic, Linked, LoaderTrait, ModelTrait, PaginatorTrait, PrimaryKeyArity,
    PrimaryKeyToColumn, PrimaryKeyTrait, QueryFilter, Related, RelatedSelfVia, RelationDef,
    RelationTrait, Select, SelectExt, SqlErr, StringLen, TimeDate, TimeDateTime,
    TimeDateTimeWithTimeZone, TimeTime, Uuid,
};
pub use sea_orm::{
    ActiveValue, Condition, DbBackend, ExprTrait, FromQueryResult, IntoActiveModel, Iterable,
    NotSet, Order, QueryOrder, QuerySelect, QueryTrait, Set, Statement, TransactionTrait,
    TryIntoModel, Unchanged,
};
