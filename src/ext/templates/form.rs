//! `form` and `flashes` in templates: what the request before left for this page.
//!
//! Before it: `cepa::flash` read the cookie. After it: templates show it.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value, from_args};
use minijinja::{Error, ErrorKind, State};

use super::visit::Visit;
use crate::flash::Submission;

/// The messages, which are gone then; none where there is no jar of cookies.
pub(super) fn flashes(visit: &Visit) -> Value {
    let messages = visit.flash().and_then(|flash| flash.take().ok());
    let messages = messages.unwrap_or_default();
    let message = |it: &crate::flash::Message| record([("kind", it.kind()), ("text", it.text())]);
    messages.iter().map(message).collect()
}

fn record(fields: [(&'static str, &str); 2]) -> Value {
    Value::from_pairs(fields.map(|(name, text)| (name, Value::from(text))))
}

/// The form that was left, or an empty one.
pub(super) fn left(visit: &Visit) -> Value {
    FormValue::value(visit.flash().map(|flash| flash.form()).unwrap_or_default())
}

/// A form, as templates ask it.
pub(super) struct FormValue(Submission);

impl FormValue {
    pub(super) fn value(form: Submission) -> Value {
        Value::from_object(Self(form))
    }
}

impl Object for FormValue {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let pair =
            |(field, message): (&str, &str)| record([("field", field), ("message", message)]);
        match key.as_str()? {
            "errors" => Some(self.0.errors().map(pair).collect()),
            "is_valid" => Some(Value::from(self.0.is_valid())),
            "is_empty" => Some(Value::from(self.0.is_empty())),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["errors", "is_valid", "is_empty"])
    }

    /// `value(name, otherwise)`, `all(name)`, `has(name, value)`, `error(name)`, `is_lost(name)`.
    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let form = &self.0;
        match method {
            "value" => {
                let (name, otherwise): (&str, Option<Value>) = from_args(args)?;
                // Once it was sent, an empty field is what was meant.
                Ok(match (form.is_empty(), otherwise) {
                    (true, Some(otherwise)) => otherwise,
                    _ => Value::from(form.value(name)),
                })
            }
            "all" => {
                let (name,): (&str,) = from_args(args)?;
                Ok(form.all(name).map(Value::from).collect())
            }
            "has" => {
                let (name, value): (&str, Value) = from_args(args)?;
                let value = value.to_string();
                Ok(Value::from(form.all(name).any(|it| it == value)))
            }
            "error" => {
                let (name,): (&str,) = from_args(args)?;
                Ok(Value::from(form.error(name)))
            }
            "is_lost" => {
                let (name,): (&str,) = from_args(args)?;
                Ok(Value::from(form.is_lost(name)))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

impl fmt::Debug for FormValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("form")
    }
}
