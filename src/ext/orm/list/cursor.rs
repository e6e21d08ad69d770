//! Cursors: the place in a list behind one row, as an opaque word.
//!
//! It holds the order and the row's values in it, so that it is of use when the row itself is gone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, ModelTrait, Order, QueryResult, Value,
};

use super::asked::refused;
use super::columns::{Sort, kind_of};
use super::text::{Kind, write};
use crate::Result;

/// A column of the order, the primary key's included.
#[derive(Debug)]
struct Key<C> {
    column: C,
    order: Order,
    kind: Kind,
    is_nullable: bool,
    form: Form,
    /// What the column's value is called among what is selected, where that of the model is not it.
    alias: Option<String>,
}

/// What of a column is compared, so that it is in the order that the database sorts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The value of the model.
    Value,
    /// SQLite compares times as the text they were written as, which is not always that of the
    /// program: `CURRENT_TIMESTAMP` has a form of its own. So the text itself is the value.
    Text,
    /// MariaDB sorts names by their number, and compares them with others as text.
    Number,
}

impl Form {
    fn of(kind: &Kind, backend: DbBackend) -> Self {
        match (backend, kind) {
            (DbBackend::Sqlite, kind) if kind.is_time() => Self::Text,
            (DbBackend::MySql, Kind::Name(_)) => Self::Number,
            _ => Self::Value,
        }
    }
}

impl<C: ColumnTrait> Key<C> {
    /// The value of a word; `None` where it is not one of this column.
    fn value(&self, word: Option<&str>) -> Option<Value> {
        let Some(word) = word else {
            return self.is_nullable.then_some(Value::String(None));
        };
        match self.form {
            Form::Value => self.kind.parse(word).ok(),
            Form::Text => (!word.contains('\0')).then(|| word.into()),
            Form::Number => word.parse::<u32>().ok().map(Value::from),
        }
    }

    fn column(&self) -> Expr {
        let column = Expr::col(self.column.as_column_ref());
        match self.form {
            Form::Value | Form::Text => column,
            Form::Number => column.add(0),
        }
    }

    /// A value as the column compares it, which PostgreSQL wants to know of names.
    fn bound(&self, value: &Value) -> Expr {
        match self.form {
            Form::Value => self.column.save_as(Expr::val(value.clone())),
            Form::Text | Form::Number => Expr::val(value.clone()),
        }
    }

    fn is(&self, value: &Value) -> Expr {
        match *value == value.as_null() {
            true => self.column().is_null(),
            false => self.column().eq(self.bound(value)),
        }
    }
}

/// A row's values in an order: what is wanted is behind them, or in front.
pub(super) struct Place {
    pub(super) values: Vec<Value>,
    pub(super) is_forward: bool,
}

/// An order that rows can be compared by.
#[derive(Debug)]
pub(super) struct Keys<C> {
    keys: Vec<Key<C>>,
    /// The order as the client wrote it.
    sort: String,
    /// PostgreSQL has absent values behind all others, the others have them in front.
    nulls_are_largest: bool,
}

impl<C: ColumnTrait> Keys<C> {
    /// # Errors
    /// 500 where a column holds what has no text.
    pub(super) fn new<E>(sorts: Vec<Sort<C>>, sort: String, backend: DbBackend) -> Result<Self>
    where
        E: EntityTrait<Column = C>,
    {
        let key = |(i, Sort { column, order }): (usize, Sort<C>)| {
            let kind = kind_of::<E>(column.as_str(), column)?;
            let form = Form::of(&kind, backend);
            Ok(Key {
                column,
                order,
                is_nullable: column.def().is_null(),
                alias: (form != Form::Value).then(|| format!("key_{i}_as_text")),
                form,
                kind,
            })
        };
        let keys = sorts.into_iter().enumerate().map(key);
        Ok(Self {
            keys: keys.collect::<Result<_>>()?,
            sort,
            nulls_are_largest: backend == DbBackend::Postgres,
        })
    }

    /// Sorts by them, or the other way round.
    pub(super) fn order(&self, statement: &mut SelectStatement, is_forward: bool) {
        for key in &self.keys {
            let is_up = (key.order == Order::Asc) == is_forward;
            let order = if is_up { Order::Asc } else { Order::Desc };
            statement.order_by(key.column.as_column_ref(), order);
        }
    }

    /// Selects what [`write`](Self::write) needs beside the model.
    pub(super) fn select(&self, statement: &mut SelectStatement) {
        for key in &self.keys {
            if let Some(alias) = &key.alias {
                // To MariaDB, text is `char`.
                let text = if key.form == Form::Text {
                    "text"
                } else {
                    "char"
                };
                statement.expr_as(key.column().cast_as(text), alias.clone());
            }
        }
    }

    /// The place of a row.
    ///
    /// # Errors
    /// What SeaORM says of a column that is not as its model.
    pub(super) fn write<M>(&self, row: &QueryResult, model: &M) -> Result<String>
    where
        M: ModelTrait<Entity: EntityTrait<Column = C>>,
    {
        let mut words = vec![Some(self.sort.clone())];
        for key in &self.keys {
            words.push(match &key.alias {
                Some(alias) => row.try_get("", alias)?,
                None => write(&model.get(key.column)).unwrap_or_default(),
            });
        }
        Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&words)?))
    }

    /// The values of a place; `name` is the parameter.
    ///
    /// # Errors
    /// 400 where it is none, or one of another order.
    pub(super) fn read(&self, name: &str, cursor: &str) -> Result<Vec<Value>> {
        let refuse = |reason: &str| refused(name, reason.to_owned());
        let none =
            || refuse("it is no cursor of this list: take one of its links, or begin without");
        let words = URL_SAFE_NO_PAD.decode(cursor).ok();
        let words =
            words.and_then(|json| serde_json::from_slice::<Vec<Option<String>>>(&json).ok());
        let words = words.ok_or_else(none)?;
        let Some((Some(sort), words)) = words.split_first() else {
            return Err(none());
        };
        if *sort != self.sort {
            return Err(refuse(
                "it is of another order: begin without, or sort as before",
            ));
        }
        if words.len() != self.keys.len() {
            return Err(none());
        }
        let keys = self.keys.iter().zip(words);
        let values = keys.map(|(key, word)| key.value(word.as_deref()).ok_or_else(none));
        values.collect()
    }

    /// What is behind a place, or in front of it.
    pub(super) fn beyond(&self, values: &[Value], is_forward: bool) -> Condition {
        let mut any = Condition::any();
        let mut equal = Condition::all();
        for (i, (key, value)) in self.keys.iter().zip(values).enumerate() {
            let is_up = (key.order == Order::Asc) == is_forward;
            if let Some(beyond) = self.beyond_one(key, value, is_up) {
                any = any.add(equal.clone().add(beyond));
            }
            if i + 1 < self.keys.len() {
                equal = equal.add(key.is(value));
            }
        }
        match self.start(values, is_forward) {
            Some(start) => Condition::all().add(start).add(any),
            None => any,
        }
    }

    /// Where an index on the first column can begin, which it does not see in what is connected by
    /// OR.
    fn start(&self, values: &[Value], is_forward: bool) -> Option<Expr> {
        let ([key, _, ..], [value, ..]) = (&self.keys[..], values) else {
            return None;
        };
        let is_up = (key.order == Order::Asc) == is_forward;
        let has_nulls = key.is_nullable && is_up == self.nulls_are_largest;
        if *value == value.as_null() || has_nulls {
            return None;
        }
        Some(match is_up {
            true => key.column().gte(key.bound(value)),
            false => key.column().lte(key.bound(value)),
        })
    }

    /// Larger or smaller than a value, one that is absent included; `None` where nothing is.
    fn beyond_one(&self, key: &Key<C>, value: &Value, is_up: bool) -> Option<Expr> {
        let nulls_are_beyond = is_up == self.nulls_are_largest;
        if *value == value.as_null() {
            return (!nulls_are_beyond).then(|| key.column().is_not_null());
        }
        let beyond = match is_up {
            true => key.column().gt(key.bound(value)),
            false => key.column().lt(key.bound(value)),
        };
        Some(match key.is_nullable && nulls_are_beyond {
            true => beyond.or(key.column().is_null()),
            false => beyond,
        })
    }
}
