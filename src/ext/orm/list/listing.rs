//! `Listing`: a list that a client may sort and filter, and how its pages are fetched.

use sea_orm::sea_query::{Expr, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IdenStatic, Iterable, Order,
    PrimaryKeyToColumn, QueryResult,
};

use super::columns::{Sort, Wanted};
use super::cursor::Keys;
use super::{Columns, Page, Pageable, Pagination};
use crate::{Error, Result};

/// A list that a client may sort and filter, made by
/// [`Pagination::with_columns`](super::Pagination::with_columns).
#[derive(Clone, Debug)]
#[must_use = "a list is fetched: `.fetch(note::Entity::find(), &db)`"]
pub struct Listing<C> {
    pub(super) page: Pagination,
    pub(super) columns: Columns<C>,
}

impl<C: ColumnTrait> Listing<C> {
    /// The page of this number, `?page=2&per_page=50`.
    ///
    /// # Errors
    /// 400 for parameters that are not as expected; those of the database.
    pub async fn fetch<P, K, D>(self, mut list: P, db: &D) -> Result<Page<P::Item>>
    where
        P: Pageable<K, Entity: EntityTrait<Column = C>>,
        D: ConnectionTrait,
    {
        let Self { page, columns } = self;
        let window = page.window()?;
        let wanted = columns.read::<P::Entity>(&page.asked, db.get_database_backend())?;
        let statement = list.statement();
        narrow::<P::Entity>(statement, wanted);
        let total = total(page.has_total, statement, db).await?;
        let mut statement = statement.clone();
        statement.limit(window.limit()).offset(window.offset());
        let rows = db.query_all(&statement).await?;
        let models = models::<P::Entity>(&rows)?;
        let items = list.load(models, db).await?;
        Ok(page.page(&window, items, total))
    }

    /// The page behind the row of a cursor, `?after=..&limit=50`, or in front of it, `?before=..`.
    /// Cursors stand in the links of each page.
    ///
    /// The order is what the client asks for, or
    /// [`with_default_sort`](Columns::with_default_sort); one of the select itself is a 500.
    ///
    /// # Errors
    /// 400 for parameters that are not as expected, such as a cursor of another order; those of the
    /// database.
    pub async fn fetch_after<P, K, D>(self, mut list: P, db: &D) -> Result<Page<P::Item>>
    where
        P: Pageable<K, Entity: EntityTrait<Column = C>>,
        D: ConnectionTrait,
    {
        let Self { page, columns } = self;
        let limit = page.limit()?;
        let backend = db.get_database_backend();
        let wanted = columns.read::<P::Entity>(&page.asked, backend)?;
        let sorts = with_primary_key::<P::Entity>(wanted.sorts);
        let keys = Keys::new::<P::Entity>(sorts, wanted.sort, backend)?;
        let place = page.place(&keys)?;
        let is_forward = place.as_ref().is_none_or(|place| place.is_forward);
        let statement = list.statement();
        statement.cond_where(wanted.condition);
        has_no_order(statement)?;
        let total = total(page.has_total, statement, db).await?;
        let mut ask = statement.clone();
        keys.order(statement, true);
        keys.order(&mut ask, is_forward);
        keys.select(&mut ask);
        if let Some(place) = &place {
            ask.cond_where(keys.beyond(&place.values, is_forward));
        }
        ask.limit(limit + 1);
        let mut rows = db.query_all(&ask).await?;
        let has_more = rows.len() as u64 > limit;
        rows.truncate(limit as usize);
        if !is_forward {
            rows.reverse();
        }
        let models = models::<P::Entity>(&rows)?;
        let ends = rows.iter().zip(&models);
        let cursor = |end: Option<(&QueryResult, &_)>| {
            end.map(|(row, model)| keys.write(row, model)).transpose()
        };
        // The row that the client came from stands at the other end.
        let (has_prev, has_next) = match is_forward {
            true => (place.is_some(), has_more),
            false => (has_more, true),
        };
        let prev = cursor(ends.clone().next().filter(|_| has_prev))?;
        let next = cursor(ends.last().filter(|_| has_next))?;
        let items = list.load(models, db).await?;
        Ok(page.page_between(limit, items, total, prev, next))
    }

    /// The select, or loader, as the client wants it sorted and filtered, without a part: for exports.
    /// What says which part is wanted is passed over.
    ///
    /// # Errors
    /// 400 for parameters that are not as expected.
    pub fn apply<P, K, D>(self, mut list: P, db: &D) -> Result<P>
    where
        P: Pageable<K, Entity: EntityTrait<Column = C>>,
        D: ConnectionTrait,
    {
        let backend = db.get_database_backend();
        let wanted = self.columns.read::<P::Entity>(&self.page.asked, backend)?;
        narrow::<P::Entity>(list.statement(), wanted);
        Ok(list)
    }
}

/// Filters and sorts; where no order is wanted, that of the statement stays.
fn narrow<E: EntityTrait>(statement: &mut SelectStatement, wanted: Wanted<E::Column>) {
    statement.cond_where(wanted.condition);
    if !wanted.sorts.is_empty() {
        statement.clear_order_by();
    }
    for Sort { column, order } in with_primary_key::<E>(wanted.sorts) {
        statement.order_by(column.as_column_ref(), order);
    }
}

/// The order with the primary key behind it, so that no two rows are equal.
fn with_primary_key<E: EntityTrait>(mut sorts: Vec<Sort<E::Column>>) -> Vec<Sort<E::Column>> {
    for key in E::PrimaryKey::iter() {
        let column = key.into_column();
        if sorts.iter().all(|it| it.column.as_str() != column.as_str()) {
            // The direction of the others, so that one index serves both.
            let order = sorts.last().map_or(Order::Asc, |it| it.order.clone());
            sorts.push(Sort { column, order });
        }
    }
    sorts
}

/// # Errors
/// 500: what is read by `after` has to be compared by its order, and that of a statement cannot be
/// known.
fn has_no_order(statement: &SelectStatement) -> Result<()> {
    let mut without = statement.clone();
    without.clear_order_by();
    match without == *statement {
        true => Ok(()),
        false => Err(Error::internal(
            "a list that is read by `after` is not sorted by its select: remove `order_by`, and say `Columns::new().with_sort([..]).with_default_sort(\"..\")`",
        )),
    }
}

async fn total<D: ConnectionTrait>(
    is_wanted: bool,
    statement: &SelectStatement,
    db: &D,
) -> Result<Option<u64>> {
    if !is_wanted {
        return Ok(None);
    }
    let mut rows = statement.clone();
    rows.clear_order_by();
    let mut count = SelectStatement::new();
    count.expr_as(Expr::cust("COUNT(*)"), "total");
    count.from_subquery(rows, "list");
    let row = db.query_one(&count).await?;
    let total: i64 = row.map_or(Ok(0), |row| row.try_get("", "total"))?;
    Ok(Some(total.unsigned_abs()))
}

fn models<E: EntityTrait>(rows: &[QueryResult]) -> Result<Vec<E::Model>> {
    let models = rows.iter().map(|row| E::Model::from_query_result(row, ""));
    Ok(models.collect::<Result<_, _>>()?)
}
