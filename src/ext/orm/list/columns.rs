//! `Columns`: what a client may sort and filter by.

use std::borrow::Cow;

use sea_orm::{ColumnTrait, Condition, DbBackend, EntityTrait, ModelTrait, Order, Value};

use super::asked::{Asked, refused, shortened};
use super::compare::{is_between, is_one_of};
use super::pagination::PARAMETERS;
use super::text::Kind;
use crate::{Error, Result};

/// Values of one filter, at most. Databases limit how many parts an expression has.
const VALUES: usize = 100;

/// What a client may sort and filter a list by: these columns, and nothing else.
///
/// | | in the query |
/// |---|---|
/// | [`with_sort`](Self::with_sort) | `?sort=-created_at,title`: these columns, the first foremost, `-` from the largest down |
/// | [`with_filter`](Self::with_filter) | `?status=open`; several times, one of them: `?status=open&status=new`, up to 100 values |
/// | [`with_range`](Self::with_range) | `?price_min=10&price_max=20`, both ends included |
///
/// Names are those of the columns; another one is given as `("createdAt", Column::CreatedAt)`. A name
/// or a value that is not expected is a 400 that says what is. An empty value is none, as forms send
/// it. Values are parsed as what the column holds and bound, never a part of a statement.
///
/// ```
/// use cepa::orm::Columns;
/// # mod note {
/// #     use cepa::orm::prelude::*;
/// #     #[sea_orm::model]
/// #     #[derive(Clone, Debug, DeriveEntityModel)]
/// #     #[sea_orm(table_name = "note")]
/// #     pub struct Model {
/// #         #[sea_orm(primary_key)]
/// #         pub id: i32,
/// #         pub title: String,
/// #         pub stars: i32,
/// #     }
/// #     impl ActiveModelBehavior for ActiveModel {}
/// # }
///
/// fn columns() -> Columns<note::Column> {
///     use note::Column::{Stars, Title};
///     Columns::new().with_sort([Title, Stars]).with_default_sort("-stars").with_range([Stars])
/// }
/// # fn main() { columns(); }
/// ```
#[derive(Clone, Debug)]
#[must_use = "columns do nothing until a list has them: `page.with_columns(..)`"]
pub struct Columns<C> {
    sorts: Vec<(Cow<'static, str>, C)>,
    filters: Vec<(Cow<'static, str>, C)>,
    ranges: Vec<(Cow<'static, str>, C)>,
    default_sort: &'static str,
    others: Vec<Cow<'static, str>>,
}

/// A column by its own name, or by another one: `("createdAt", Column::CreatedAt)`.
pub trait Named<C> {
    #[doc(hidden)]
    fn named(self) -> (Cow<'static, str>, C);
}

impl<C: ColumnTrait> Named<C> for C {
    fn named(self) -> (Cow<'static, str>, C) {
        (self.as_str().into(), self)
    }
}

impl<C: ColumnTrait> Named<C> for (&'static str, C) {
    fn named(self) -> (Cow<'static, str>, C) {
        (self.0.into(), self.1)
    }
}

/// One column of an order.
#[derive(Clone, Debug)]
pub(super) struct Sort<C> {
    pub(super) column: C,
    pub(super) order: Order,
}

/// What a client asked for, as far as it may.
#[derive(Debug)]
pub(super) struct Wanted<C> {
    pub(super) condition: Condition,
    pub(super) sorts: Vec<Sort<C>>,
    /// The order as the client would write it.
    pub(super) sort: String,
}

impl<C: ColumnTrait> Columns<C> {
    /// None.
    pub fn new() -> Self {
        Self {
            sorts: Vec::new(),
            filters: Vec::new(),
            ranges: Vec::new(),
            default_sort: "",
            others: Vec::new(),
        }
    }

    /// Columns to sort by. Where a list is read by `after`, clients see their values in its links.
    pub fn with_sort<N: Named<C>>(mut self, columns: impl IntoIterator<Item = N>) -> Self {
        self.sorts.extend(columns.into_iter().map(N::named));
        self
    }

    /// The order where none is asked for, as a client would write it: `"-created_at,title"`. Default:
    /// that of the select, or by the primary key.
    ///
    /// Whatever the order is, the primary key is its last part, so that no row is on two pages or on
    /// none because others are equal to it.
    pub fn with_default_sort(mut self, sort: &'static str) -> Self {
        self.default_sort = sort;
        self
    }

    /// Columns whose value is given: `?status=open`.
    pub fn with_filter<N: Named<C>>(mut self, columns: impl IntoIterator<Item = N>) -> Self {
        self.filters.extend(columns.into_iter().map(N::named));
        self
    }

    /// Columns whose least and largest value is given: `?price_min=10&price_max=20`.
    pub fn with_range<N: Named<C>>(mut self, columns: impl IntoIterator<Item = N>) -> Self {
        self.ranges.extend(columns.into_iter().map(N::named));
        self
    }

    /// Names in the query that somebody else reads, such as a [`Query`](crate::Query) beside the
    /// list. Default: none, so that a filter that is misspelled does not go unnoticed.
    pub fn with_others(mut self, names: impl IntoIterator<Item = &'static str>) -> Self {
        self.others.extend(names.into_iter().map(Cow::Borrowed));
        self
    }

    /// What the client wants.
    ///
    /// # Errors
    /// 400 for what it may not; 500 where the columns are not what can be asked for.
    pub(super) fn read<E>(&self, asked: &Asked, backend: DbBackend) -> Result<Wanted<C>>
    where
        E: EntityTrait<Column = C>,
    {
        self.check(asked)?;
        let sort = match self.sorts.is_empty() {
            true => None,
            false => asked.one("sort")?,
        };
        let sorts = self.sorts(sort.unwrap_or(self.default_sort));
        let sorts = sorts.map_err(|reason| match sort {
            Some(_) => refused("sort", reason),
            None => Error::internal(format!("`Columns::with_default_sort`: {reason}")),
        })?;
        let mut condition = Condition::all();
        for (name, column) in &self.filters {
            let kind = kind_of::<E>(name, *column)?;
            if asked.all(name).count() > VALUES {
                return Err(refused(name, format!("it takes {VALUES} values at most")));
            }
            let values = asked.all(name).map(|text| parse(&kind, name, text));
            let values = values.collect::<Result<Vec<_>>>()?;
            if !values.is_empty() {
                condition = condition.add(is_one_of(*column, &kind, values, backend));
            }
        }
        for (name, column) in &self.ranges {
            let kind = kind_of::<E>(name, *column)?;
            let end = |end: &str| {
                let name = format!("{name}_{end}");
                let text = asked.one(&name)?;
                text.map(|text| parse(&kind, &name, text)).transpose()
            };
            let (least, most) = (end("min")?, end("max")?);
            if least.is_some() || most.is_some() {
                condition = condition.add(is_between(*column, &kind, least, most, backend));
            }
        }
        Ok(Wanted {
            condition,
            sorts,
            sort: sort.unwrap_or(self.default_sort).to_owned(),
        })
    }

    /// The names that mean something, but for those of the pages.
    fn names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let sort = (!self.sorts.is_empty()).then_some(Cow::Borrowed("sort"));
        let filters = self.filters.iter().map(|(name, _)| Cow::Borrowed(&**name));
        let ends = ["min", "max"];
        let ranges = self
            .ranges
            .iter()
            .flat_map(move |(name, _)| ends.map(|end| Cow::Owned(format!("{name}_{end}"))));
        let others = self.others.iter().map(|name| Cow::Borrowed(&**name));
        sort.into_iter().chain(filters).chain(ranges).chain(others)
    }

    /// # Errors
    /// 400 for a name that means nothing; 500 where one means two things.
    fn check(&self, asked: &Asked) -> Result<()> {
        let names: Vec<_> = self.names().collect();
        for (i, name) in names.iter().enumerate() {
            if PARAMETERS.contains(&&**name) || names[..i].contains(name) {
                return Err(Error::internal(format!(
                    "`{name}` in the query of a list means two things: give the column another name, `(\"{name}_of_it\", Column::..)`"
                )));
            }
        }
        let is_known = |name: &&str| PARAMETERS.contains(name) || names.iter().any(|it| it == name);
        match asked.names().find(|name| !is_known(name)) {
            None => Ok(()),
            Some(_) if names.is_empty() => Ok(()),
            Some(name) => {
                let known = names
                    .iter()
                    .map(|name| &**name)
                    .chain(PARAMETERS.iter().copied());
                let known: Vec<_> = known.collect();
                let reason = format!("there is no such parameter, but {}", known.join(", "));
                Err(refused(name, reason))
            }
        }
    }

    /// # Errors
    /// What is wrong.
    fn sorts(&self, sort: &str) -> Result<Vec<Sort<C>>, String> {
        let mut sorts: Vec<Sort<C>> = Vec::new();
        let words = sort.split(',').filter(|_| !sort.is_empty());
        for word in words {
            let (name, order) = match word.strip_prefix('-') {
                Some(name) => (name, Order::Desc),
                None => (word, Order::Asc),
            };
            let Some((_, column)) = self.sorts.iter().find(|(known, _)| known == name) else {
                let names: Vec<&str> = self.sorts.iter().map(|(name, _)| &**name).collect();
                let (name, names) = (shortened(name), names.join(", "));
                return Err(format!("it cannot be sorted by `{name}`, but by {names}"));
            };
            if sorts.iter().any(|it| it.column.as_str() == column.as_str()) {
                return Err(format!("`{name}` is there twice"));
            }
            sorts.push(Sort {
                column: *column,
                order,
            });
        }
        Ok(sorts)
    }
}

impl<C: ColumnTrait> Default for Columns<C> {
    fn default() -> Self {
        Self::new()
    }
}

/// # Errors
/// 500 where the column holds what has no text.
pub(super) fn kind_of<E: EntityTrait>(name: &str, column: E::Column) -> Result<Kind> {
    let kind = Kind::of(column, E::Model::get_value_type(column));
    kind.ok_or_else(|| {
        Error::internal(format!(
            "a list cannot be filtered, or read by `after`, by `{name}`: it holds no text, number, name or time"
        ))
    })
}

fn parse(kind: &Kind, name: &str, text: &str) -> Result<Value> {
    kind.parse(text).map_err(|reason| refused(name, reason))
}
