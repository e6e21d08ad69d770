//! Path parameters as a value of the user's type: the serde side of the extractor `Path<T>`.
//!
//! The router captured the parameters before; the handler gets the finished `T` after. A scalar
//! takes the only parameter, a tuple takes them in order, a struct or map by name.

use std::borrow::Cow;
use std::str::FromStr;

use serde::de::value::{BorrowedStrDeserializer, CowStrDeserializer};
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};

use super::params::Params;
use super::path_error::PathError;
use crate::extract::kind_in_words;

type Result<T, E = PathError> = std::result::Result<T, E>;

/// Makes a `T` of a request's parameters.
pub(crate) fn from_params<'de, T: Deserialize<'de>>(params: Params<'de>) -> Result<T> {
    read(params, None)
}

/// Makes a `T` of the parameters, or, for `probe`, of placeholders in place of their values.
pub(super) fn read<'de, T: Deserialize<'de>>(
    params: Params<'de>,
    placeholder: Option<&'static str>,
) -> Result<T> {
    let all = Reader {
        params,
        at: None,
        placeholder,
    };
    T::deserialize(all).map_err(|error| match params.len() {
        1 => error.named(params.name(0)),
        _ => error,
    })
}

/// The deserializer of all parameters, or of the one `at` an index.
#[derive(Clone, Copy)]
struct Reader<'de> {
    params: Params<'de>,
    at: Option<usize>,
    placeholder: Option<&'static str>,
}

impl<'de> Reader<'de> {
    /// The one parameter that a scalar is about.
    fn index(self) -> Result<usize> {
        match (self.at, self.params.len()) {
            (Some(index), _) => Ok(index),
            (None, 1) => Ok(0),
            (None, have) => Err(PathError::WrongCount { wanted: 1, have }),
        }
    }

    /// The text of that parameter. With placeholders it is the `sample` of a type that has one.
    fn text(self, sample: Option<&'static str>) -> Result<Cow<'de, str>> {
        let index = self.index()?;
        match self.placeholder {
            Some(placeholder) => Ok(sample.unwrap_or(placeholder).into()),
            None => self.params.value(index).map_err(|_| {
                let name = self.params.name(index).to_owned();
                PathError::BadEncoding { name }
            }),
        }
    }

    fn parse<T: FromStr>(self, kind: &str, sample: &'static str) -> Result<T> {
        let text = self.text(Some(sample))?;
        text.parse().map_err(|_| {
            let kind = kind_in_words(kind);
            PathError::Refused(format!("expected {kind}, found {text:?}"))
        })
    }

    /// All parameters, for a type with parts; inside of such a type there are none.
    fn parts(self, wanted: Option<usize>) -> Result<Parts<'de>> {
        if let Some(index) = self.at {
            let name = self.params.name(index);
            let sentence = format!("the path parameter `{name}` is one text and has no parts");
            return Err(PathError::Misfit(sentence));
        }
        let have = self.params.len();
        match wanted {
            Some(wanted) if wanted != have => Err(PathError::WrongCount { wanted, have }),
            _ => Ok(Parts { all: self, next: 0 }),
        }
    }
}

/// The methods of scalars that are parsed from their text: name, visitor's method, type, sample.
macro_rules! parsed {
    ($($deserialize:ident $visit:ident $kind:ident $sample:literal,)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            visitor.$visit(self.parse(stringify!($kind), $sample)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = PathError;

    parsed! {
        deserialize_bool visit_bool bool "true",
        deserialize_char visit_char char "a",
        deserialize_i8 visit_i8 i8 "1",
        deserialize_i16 visit_i16 i16 "1",
        deserialize_i32 visit_i32 i32 "1",
        deserialize_i64 visit_i64 i64 "1",
        deserialize_i128 visit_i128 i128 "1",
        deserialize_u8 visit_u8 u8 "1",
        deserialize_u16 visit_u16 u16 "1",
        deserialize_u32 visit_u32 u32 "1",
        deserialize_u64 visit_u64 u64 "1",
        deserialize_u128 visit_u128 u128 "1",
        deserialize_f32 visit_f32 f32 "1",
        deserialize_f64 visit_f64 f64 "1",
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.text(None)? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    /// A type that takes anything gets the text of a single parameter, else a map by name.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.index() {
            Ok(_) => self.deserialize_str(visitor),
            Err(_) => self.deserialize_map(visitor),
        }
    }

    forward_to_deserialize_any! { bytes byte_buf identifier unit_struct }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let text = self.text(variants.first().copied())?;
        visitor.visit_enum(CowStrDeserializer::new(text))
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.parts(Some(0))?;
        visitor.visit_unit()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_seq(self.parts(None)?)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        visitor.visit_seq(self.parts(Some(len))?)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_map(self.parts(None)?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_map(visitor)
    }
}

/// The parameters one after the other, in order or by name.
struct Parts<'de> {
    all: Reader<'de>,
    next: usize,
}

impl<'de> Parts<'de> {
    fn name(&self) -> Option<&'de str> {
        let params = self.all.params;
        (self.next < params.len()).then(|| params.name(self.next))
    }
}

impl<'de> SeqAccess<'de> for Parts<'de> {
    type Error = PathError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        let more = self.name().is_some();
        more.then(|| self.next_value_seed(seed)).transpose()
    }
}

impl<'de> MapAccess<'de> for Parts<'de> {
    type Error = PathError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let name = self.name().map(BorrowedStrDeserializer::new);
        name.map(|name| seed.deserialize(name)).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        let (all, index) = (self.all, self.next);
        self.next += 1;
        let one = Reader {
            at: Some(index),
            ..all
        };
        let value = seed.deserialize(one);
        value.map_err(|error| error.named(all.params.name(index)))
    }
}

#[cfg(test)]
#[expect(dead_code, reason = "`Debug` alone reads the fields")]
mod tests {
    use std::collections::HashMap;
    use std::fmt::Debug;
    use std::num::NonZeroU64;

    use super::super::params::Spans;
    use super::*;
    use crate::random::Random;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Cat,
        Dog,
        Named(()),
    }

    #[derive(Debug, Deserialize)]
    #[serde(try_from = "u64")]
    struct Even(());

    impl TryFrom<u64> for Even {
        type Error = String;

        fn try_from(number: u64) -> Result<Self, String> {
            let even = number.is_multiple_of(2);
            even.then_some(Self(())).ok_or_else(|| "not even".into())
        }
    }

    #[derive(Debug, Deserialize)]
    #[serde(try_from = "(u8, u8)")]
    struct Ascending(());

    impl TryFrom<(u8, u8)> for Ascending {
        type Error = &'static str;

        fn try_from((a, b): (u8, u8)) -> Result<Self, &'static str> {
            (a <= b).then_some(Self(())).ok_or("the second is smaller")
        }
    }

    #[derive(Debug, Deserialize)]
    struct Id(u64);

    #[derive(Debug, Deserialize)]
    struct Pair(u8, String);

    #[derive(Debug, Deserialize)]
    struct Post<'a> {
        id: Id,
        #[serde(rename = "slug")]
        title: &'a str,
        page: Option<u32>,
        #[serde(default)]
        kind: Option<Kind>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Closed {
        id: Option<u8>,
    }

    #[derive(Debug, Deserialize)]
    struct Flat {
        id: u8,
        #[serde(flatten)]
        rest: HashMap<String, String>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    enum NameOrPair {
        Name(String),
        Pair { a: String, b: String },
    }

    fn boxed<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<Box<str>> {
        names.into_iter().map(Into::into).collect()
    }

    /// Reads a `T` of the values of a text such as `id=1&slug=x` and compares how it shows; an
    /// error shows as its status, 400 or 500, and its sentence without what all of them share.
    #[track_caller]
    fn row<T: for<'a> Deserialize<'a> + Debug>(text: &str, wanted: &str) {
        with(text, |params| assert_eq!(shown::<T>(params), wanted));
    }

    fn with(text: &str, check: impl FnOnce(Params<'_>)) {
        let (mut names, mut spans, mut at) = (Vec::new(), Spans::default(), 0);
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap();
            let start = at + name.len() + 1;
            names.push(name);
            at = start + value.len() + 1;
            spans.push(start as u32, at as u32 - 1);
        }
        check(Params::new(&boxed(names), text, &spans));
    }

    fn shown<'a, T: Deserialize<'a> + Debug>(params: Params<'a>) -> String {
        from_params::<T>(params).map_or_else(
            |error| {
                let status = if error.is_client_fault() { 400 } else { 500 };
                format!("{status} {error}").replace("the path parameter ", "")
            },
            |value| format!("{value:?}"),
        )
    }

    #[test]
    fn each_type_takes_the_parameters_it_means() {
        row::<u64>("id=42", "42");
        row::<i8>("id=-128", "-128");
        row::<u128>("id=36893488147419103232", "36893488147419103232");
        row::<i128>("id=-36893488147419103232", "-36893488147419103232");
        row::<f64>("id=1.5", "1.5");
        row::<bool>("id=true", "true");
        row::<char>("id=%2B", "'+'");
        row::<String>("id=a%20b", "\"a b\"");
        row::<Option<u8>>("id=1", "Some(1)");
        row::<Kind>("id=dog", "Dog");
        row::<Id>("id=3", "Id(3)");
        row::<(u8,)>("id=3", "(3,)");
        row::<(u8, Kind)>("a=3&b=cat", "(3, Cat)");
        row::<Pair>("a=3&b=x", "Pair(3, \"x\")");
        row::<[u8; 2]>("a=3&b=4", "[3, 4]");
        row::<Vec<u8>>("a=3&b=4", "[3, 4]");
        row::<Vec<u8>>("", "[]");
        row::<HashMap<String, u8>>("a=3", "{\"a\": 3}");
        row::<()>("", "()");
        row::<Flat>("id=1&x=2", "Flat { id: 1, rest: {\"x\": \"2\"} }");
        row::<NameOrPair>("id=x", "Name(\"x\")");
        row::<NameOrPair>("a=x&b=y", "Pair { a: \"x\", b: \"y\" }");
        let post = "Post { id: Id(7), title: \"x\", page: None, kind: Some(Dog) }";
        with("slug=x&id=7&kind=dog", |params| {
            assert_eq!(shown::<Post<'_>>(params), post);
        });
        with("id=a", |params| assert_eq!(from_params(params), Ok("a")));
    }

    #[test]
    fn an_error_names_the_parameter_and_whose_fault_it_is() {
        row::<u64>(
            "id=abc",
            "400 `id`: expected a whole number from 0 to 18446744073709551615, found \"abc\"",
        );
        row::<u8>(
            "id=256",
            "400 `id`: expected a whole number from 0 to 255, found \"256\"",
        );
        row::<char>(
            "id=ab",
            "400 `id`: expected a single character, found \"ab\"",
        );
        row::<u64>(
            "id=%0A",
            "400 `id`: expected a whole number from 0 to 18446744073709551615, found \"\\n\"",
        );
        row::<String>("id=%FF", "400 `id` is not valid UTF-8");
        row::<(u8, u8)>(
            "a=1&b=x",
            "400 `b`: expected a whole number from 0 to 255, found \"x\"",
        );
        row::<(u8, String)>("a=1&b=%FF", "400 `b` is not valid UTF-8");
        row::<HashMap<String, u8>>(
            "a=1&b=x",
            "400 `b`: expected a whole number from 0 to 255, found \"x\"",
        );
        row::<Even>("id=3", "400 `id`: not even");
        row::<(u8, Even)>("a=1&b=3", "400 `b`: not even");
        let zero = "400 `id`: expected a whole number from 1 to 18446744073709551615, found 0";
        row::<NonZeroU64>("id=0", zero);
        let kinds = "400 `b`: unknown variant `cow`, expected one of `cat`, `dog`, `named`";
        row::<(u8, Kind)>("a=1&b=cow", kinds);
        let named = "400 `id`: expected newtype variant, found a name alone";
        row::<Kind>("id=named", named);
        row::<Ascending>("a=2&b=1", "400 the second is smaller");
        row::<Ascending>(
            "a=1&b=x",
            "400 `b`: expected a whole number from 0 to 255, found \"x\"",
        );
        row::<u64>("", "500 the type takes 1 path parameter, the route has 0");
        let two = "500 the type takes 1 path parameter, the route has 2";
        row::<String>("a=1&b=2", two);
        let one = "500 the type takes 2 path parameters, the route has 1";
        row::<(u8, u8)>("a=1", one);
        row::<()>("a=1", &one.replace('2', "0"));
        let missing = "500 the route has no path parameter for the field `id`";
        row::<Flat>("slug=x", missing);
        row::<Closed>("x=1&id=1", "500 the type has no field for `x`");
        let parts = "500 `b` is one text and has no parts";
        row::<(u8, (u8, u8))>("a=1&b=2", parts);
    }

    #[test]
    fn random_texts_give_what_rust_itself_parses() {
        let mut random = Random::new();
        let names = boxed(["id"]);
        let mut text = String::new();
        for _ in 0..100_000 {
            text.clear();
            for _ in 0..=random.below(5) {
                text.push(['0', '1', '9', '-', '+', '.', 'e', 't', '%', 'é'][random.below(10)]);
            }
            let mut spans = Spans::default();
            spans.push(0, text.len() as u32);
            let params = Params::new(&names, &text, &spans);
            let Ok(value) = params.value(0) else {
                assert!(from_params::<i16>(params).is_err(), "{text}");
                continue;
            };
            let integer = value.parse::<i16>().ok();
            assert_eq!(from_params::<i16>(params).ok(), integer, "{text}");
            let float = value.parse::<f64>().ok();
            assert_eq!(from_params::<f64>(params).ok(), float, "{text}");
            let letter = value.parse::<char>().ok();
            assert_eq!(from_params::<char>(params).ok(), letter, "{text}");
            assert_eq!(from_params::<String>(params).unwrap(), value);
        }
    }
}
