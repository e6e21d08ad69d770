//! Comparisons with what a client gave, which mean the same in each database.

use std::ops::Range;

use sea_orm::prelude::ChronoDate;
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{ColumnTrait, Condition, DbBackend, Value};

use super::text::{Kind, write};

/// Column and values: one of them.
pub(super) fn is_one_of<C: ColumnTrait>(
    column: C,
    kind: &Kind,
    values: Vec<Value>,
    backend: DbBackend,
) -> Condition {
    if is_written_in_ways(kind, backend) {
        let same = |value: &Value| moment(column, Some(value), Some(value));
        return values
            .iter()
            .map(same)
            .fold(Condition::any(), Condition::add);
    }
    Condition::all().add(match &values[..] {
        [value] => column.eq(value.clone()),
        _ => column.is_in(values),
    })
}

/// Column and values: not below the one, not above the other.
pub(super) fn is_between<C: ColumnTrait>(
    column: C,
    kind: &Kind,
    least: Option<Value>,
    most: Option<Value>,
    backend: DbBackend,
) -> Condition {
    if is_written_in_ways(kind, backend) {
        return moment(column, least.as_ref(), most.as_ref());
    }
    Condition::all()
        .add_option(least.map(|value| column.gte(value)))
        .add_option(most.map(|value| column.lte(value)))
}

/// SQLite keeps a moment as text, which `CURRENT_TIMESTAMP` writes in another way than a program.
fn is_written_in_ways(kind: &Kind, backend: DbBackend) -> bool {
    backend == DbBackend::Sqlite && kind.is_moment()
}

/// The moments themselves are compared; the days around them let an index help.
fn moment<C: ColumnTrait>(column: C, least: Option<&Value>, most: Option<&Value>) -> Condition {
    let text = || Expr::col(column.as_column_ref());
    let at = |moment: Expr| Expr::expr(Func::cust("julianday").arg(moment));
    let bound = |value: &Value| at(Expr::val(value.clone()));
    let first = least.and_then(days).map(|days| text().gte(days.start));
    let last = most.and_then(days).map(|days| text().lt(days.end));
    Condition::all()
        .add_option(first)
        .add_option(last)
        .add_option(least.map(|value| at(text()).gte(bound(value))))
        .add_option(most.map(|value| at(text()).lte(bound(value))))
}

/// The days that a moment may have, in whichever time zone it was written.
fn days(moment: &Value) -> Option<Range<String>> {
    let text = write(moment)??;
    let day: ChronoDate = text.get(..10)?.parse().ok()?;
    let start = day.pred_opt()?;
    let end = day.succ_opt()?.succ_opt()?;
    Some(start.to_string()..end.to_string())
}
