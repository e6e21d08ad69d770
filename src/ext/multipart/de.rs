//! Reads the values of a form by serde: the form is a map, its values text or files.
//!
//! Before it: `form` has all fields. After it: a value of the user's type, or which field is wrong.

use std::any::type_name;
use std::collections::{BTreeMap, VecDeque, btree_map};
use std::fmt;

use serde::de::value::{SeqDeserializer, UsizeDeserializer};
use serde::de::{
    self, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::form::{FILE, Value};

/// What is wrong with a form, and with which of its fields.
#[derive(Debug)]
pub(super) struct FormError {
    pub(super) field: Option<String>,
    pub(super) message: String,
}

impl FormError {
    fn of(mut self, field: &str) -> Self {
        self.field.get_or_insert_with(|| field.to_owned());
        self
    }
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "`{field}`: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for FormError {}

impl de::Error for FormError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        Self {
            field: None,
            message,
        }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom("the field is missing").of(field)
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::custom("there is no such field").of(field)
    }
}

/// The form.
pub(super) struct FormDeserializer {
    fields: btree_map::IntoIter<String, Vec<Value>>,
    /// The field whose value is next.
    open: Option<(String, Vec<Value>)>,
}

impl FormDeserializer {
    pub(super) fn new(fields: BTreeMap<String, Vec<Value>>) -> Self {
        Self {
            fields: fields.into_iter(),
            open: None,
        }
    }
}

impl<'de> Deserializer<'de> for FormDeserializer {
    type Error = FormError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_map(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, FormError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for FormDeserializer {
    type Error = FormError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, FormError> {
        self.open = self.fields.next();
        match &self.open {
            Some((name, _)) => seed
                .deserialize(name.as_str().into_deserializer())
                .map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, FormError> {
        let (name, values) = self.open.take().unwrap_or_default();
        let value = seed.deserialize(Values(values.into()));
        value.map_err(|error| error.of(&name))
    }
}

/// All values of one field.
struct Values(VecDeque<Value>);

impl Values {
    /// The only one.
    fn one(mut self) -> Result<OneValue, FormError> {
        match (self.0.pop_front(), self.0.is_empty()) {
            (Some(value), true) => Ok(OneValue(value)),
            (Some(_), false) => {
                let times = self.0.len() + 1;
                let message = format!("it takes one value and is there {times} times");
                Err(FormError::custom(message))
            }
            (None, _) => Err(FormError::custom("no file was chosen")),
        }
    }
}

/// Methods that take one value and let it answer.
macro_rules! one_value {
    ($($method:ident)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
                self.one()?.$method(visitor)
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Values {
    type Error = FormError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        match self.0.len() {
            0 => visitor.visit_none(),
            1 => self.one()?.deserialize_any(visitor),
            _ => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        match self.0.len() {
            0 => visitor.visit_none(),
            1 => self.one()?.deserialize_option(visitor),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        let values = self.0.into_iter().map(OneValue);
        visitor.visit_seq(SeqDeserializer::new(values))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, FormError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, FormError> {
        self.deserialize_seq(visitor)
    }

    /// A newtype may be one of a list.
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FormError> {
        match name {
            FILE => self.one()?.deserialize_newtype_struct(name, visitor),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormError> {
        self.one()?.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_unit()
    }

    one_value! {
        deserialize_bool deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_unit deserialize_i8 deserialize_i16 deserialize_i32
        deserialize_i64 deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32
        deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64 deserialize_map
        deserialize_identifier
    }

    forward_to_deserialize_any! { unit_struct struct }
}

/// One value of a field, or an element of a list of them.
struct OneValue(Value);

impl OneValue {
    fn text(self) -> Result<String, FormError> {
        match self.0 {
            Value::Text(text) => Ok(text),
            Value::File(_) => Err(FormError::custom("text is expected, not a file")),
        }
    }
}

impl IntoDeserializer<'_, FormError> for OneValue {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Methods that parse text as a number.
macro_rules! parsed {
    ($($method:ident $visit:ident $number:ty,)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
                let text = self.text()?;
                let number = text.parse::<$number>();
                visitor.$visit(number.map_err(|error| no_number(&text, &error.to_string()))?)
            }
        )*
    };
}

impl<'de> Deserializer<'de> for OneValue {
    type Error = FormError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        match self.0 {
            Value::Text(text) => visitor.visit_string(text),
            Value::File(number) => {
                let number: UsizeDeserializer<FormError> = number.into_deserializer();
                visitor.visit_newtype_struct(number)
            }
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FormError> {
        match (name, &self.0) {
            (FILE, Value::File(_)) => self.deserialize_any(visitor),
            (FILE, Value::Text(_)) => Err(FormError::custom("a file is expected, not text")),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    /// An empty input of a number or a switch is none, as in other forms.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        match &self.0 {
            Value::Text(text) if text.is_empty() && is_number::<V::Value>() => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        match self.text()?.as_str() {
            "true" | "on" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(FormError::custom("it is not \"true\", \"on\" or \"false\"")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormError> {
        visitor.visit_enum(self.text()?.into_deserializer())
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_seq(SeqDeserializer::new(std::iter::once(self)))
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_byte_buf(self.text()?.into_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_string(self.text()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        self.deserialize_string(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        self.deserialize_string(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_unit()
    }

    parsed! {
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_i128 visit_i128 i128,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
        deserialize_u128 visit_u128 u128,
        deserialize_f32 visit_f32 f32,
        deserialize_f64 visit_f64 f64,
    }

    forward_to_deserialize_any! {
        unit unit_struct tuple tuple_struct map struct identifier
    }
}

/// What the standard library says of a text that is no number, in words for clients.
fn no_number(text: &str, error: &str) -> FormError {
    let shown: String = text.chars().take(40).collect();
    FormError::custom(match error {
        error if error.contains("too large") => format!("the number {shown} is too large"),
        error if error.contains("too small") => format!("the number {shown} is too small"),
        error if error.contains("float") => format!("expected a number, found {shown:?}"),
        _ => format!("expected a whole number, found {shown:?}"),
    })
}

/// Whether it is an `Option` of a number or a `bool`. Names stand for types here, since types that
/// may borrow have no `TypeId`; equal types have equal names.
fn is_number<T>() -> bool {
    macro_rules! names {
        ($($number:ty)*) => { [$(type_name::<Option<$number>>()),*] };
    }
    let numbers = names![bool i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64];
    numbers.contains(&type_name::<T>())
}
