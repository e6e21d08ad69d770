//! What can be fetched page by page: selects, and loaders, which bring related models along.

use std::future::Future;

use sea_orm::compound::EntityLoaderTrait;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, Iterable, ModelTrait,
    PrimaryKeyToColumn, QueryFilter, QueryTrait, Select,
};

/// What can be fetched page by page: `note::Entity::find()`, and `note::Entity::load().with(..)`, which
/// brings related models along.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be fetched page by page",
    label = "neither a select of an entity nor a loader",
    note = "fetch what else gives rows by `page.fetch_with(..)`"
)]
pub trait Pageable<Kind>: Send + Sized {
    #[doc(hidden)]
    type Entity: EntityTrait;
    /// What is on a page.
    type Item: Send;

    #[doc(hidden)]
    fn statement(&mut self) -> &mut SelectStatement;

    /// The items of these rows, in the order of the statement.
    #[doc(hidden)]
    fn load<D: ConnectionTrait>(
        self,
        rows: Vec<<Self::Entity as EntityTrait>::Model>,
        db: &D,
    ) -> impl Future<Output = Result<Vec<Self::Item>, DbErr>> + Send;
}

/// A select.
#[derive(Debug)]
pub struct BySelect;

/// A loader.
#[derive(Debug)]
pub struct ByLoader<E>(std::marker::PhantomData<E>);

impl<E: EntityTrait> Pageable<BySelect> for Select<E> {
    type Entity = E;
    type Item = E::Model;

    fn statement(&mut self) -> &mut SelectStatement {
        QueryTrait::query(self)
    }

    async fn load<D: ConnectionTrait>(
        self,
        rows: Vec<E::Model>,
        _: &D,
    ) -> Result<Vec<E::Model>, DbErr> {
        Ok(rows)
    }
}

#[diagnostic::do_not_recommend]
impl<E, L> Pageable<ByLoader<E>> for L
where
    E: EntityTrait,
    L: EntityLoaderTrait<E> + QueryFilter<QueryStatement = SelectStatement> + Send + Sync,
    L::ModelEx: Send,
{
    type Entity = E;
    type Item = L::ModelEx;

    fn statement(&mut self) -> &mut SelectStatement {
        QueryFilter::query(self)
    }

    async fn load<D: ConnectionTrait>(
        self,
        rows: Vec<E::Model>,
        db: &D,
    ) -> Result<Vec<L::ModelEx>, DbErr> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<E::Column> = E::PrimaryKey::iter().map(|key| key.into_column()).collect();
        let condition = match keys[..] {
            [key] => Condition::all().add(key.is_in(rows.iter().map(|row| row.get(key)))),
            _ => rows.iter().fold(Condition::any(), |any, row| {
                let all = keys.iter().map(|key| key.eq(row.get(*key)));
                any.add(all.fold(Condition::all(), Condition::add))
            }),
        };
        let page = self.filter(condition).paginate(db, rows.len() as u64);
        page.fetch_page(0).await
    }
}
