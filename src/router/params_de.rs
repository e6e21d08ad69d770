//! Path parameters as a value of the user's type: the serde side of the extractor `Path<T>`.
//!
//! The router captured the parameters before; the handler gets the finished `T` after. A scalar
//! takes the only parameter, a tuple takes them in order, a struct or map by name. The same code
//! runs at start-up with placeholders ([`probe`]), so what the check says is what a request meets.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::value::{BorrowedStrDeserializer, CowStrDeserializer};
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Expected, Unexpected, Visitor,
};

use super::params::{BadEncoding, Params};

type Result<T, E = PathError> = std::result::Result<T, E>;

/// Makes a `T` of a request's parameters.
pub(crate) fn from_params<'de, T: Deserialize<'de>>(params: Params<'de>) -> Result<T> {
    Source::Request(params).read()
}

/// Tells at start-up whether a `T` can come out of a route with these parameter names.
///
/// `T`'s own `Deserialize` runs on placeholders, and only what no value could mend is reported:
/// `WrongCount` and `MissingField`. A type that refuses every placeholder of a parameter is
/// given the benefit of the doubt.
pub(crate) fn probe<T: DeserializeOwned>(names: &[Box<str>]) -> Result<()> {
    let mut tries = vec![0; names.len()];
    loop {
        let tries_now = tries.clone();
        let source = Source::Probe {
            names,
            tries: &tries_now,
        };
        let refused = match source.read::<T>() {
            Err(error @ (PathError::WrongCount { .. } | PathError::MissingField(_))) => {
                return Err(error);
            }
            Err(PathError::BadValue { name, .. } | PathError::Refused { name, .. }) => name,
            _ => return Ok(()),
        };
        // The next placeholder for the parameter at fault may get the type to its next field.
        match names.iter().position(|name| **name == *refused) {
            Some(index) if tries[index] + 1 < PLACEHOLDERS.len() => tries[index] += 1,
            _ => return Ok(()),
        }
    }
}

/// What `probe` tries for a value, in order: the kinds of text that usual types parse.
const PLACEHOLDERS: &[&str] = &[
    "1",
    "true",
    "a",
    "00000000-0000-4000-8000-000000000000",
    "2001-01-01",
    "2001-01-01T00:00:00Z",
    "127.0.0.1",
];

/// Why the parameters do not make the wanted type. Its `Display` is a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PathError {
    /// The type takes another number of parameters than the route has: the developer's fault.
    WrongCount { wanted: usize, have: usize },
    /// A value does not parse as the type: the client's fault.
    BadValue {
        name: String,
        value: String,
        expected: String,
    },
    /// A type's own check refused the value of this parameter: the client's fault.
    Refused { name: String, reason: String },
    /// A value is not UTF-8 once percent-decoded: the client's fault.
    BadEncoding { name: String },
    /// The route has no parameter for this field: the developer's fault.
    MissingField(&'static str),
    /// A type that a path can never fill: the developer's fault.
    Unsupported(String),
    /// A check over several parameters failed: the client's fault.
    Custom(String),
}

impl PathError {
    /// Whether another URL could have been right (400), or only other code (500).
    pub(crate) fn is_client_fault(&self) -> bool {
        match self {
            Self::BadValue { .. } | Self::Refused { .. } => true,
            Self::BadEncoding { .. } | Self::Custom(_) => true,
            Self::WrongCount { .. } | Self::MissingField(_) | Self::Unsupported(_) => false,
        }
    }

    /// Names the parameter at fault, where only its value complained and did not know the name.
    fn about(self, name: &str, text: impl FnOnce() -> String) -> Self {
        match self {
            Self::BadValue {
                name: unnamed,
                expected,
                ..
            } if unnamed.is_empty() => Self::BadValue {
                name: name.to_owned(),
                value: text(),
                expected,
            },
            Self::Custom(reason) => Self::Refused {
                name: name.to_owned(),
                reason,
            },
            other => other,
        }
    }

    /// A complaint of a visitor, which knows neither the parameter nor all of its text.
    fn unnamed(unexpected: impl fmt::Display, expected: impl fmt::Display) -> Self {
        Self::BadValue {
            name: String::new(),
            value: unexpected.to_string(),
            expected: expected.to_string(),
        }
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongCount { wanted, have } => {
                let s = if *wanted == 1 { "" } else { "s" };
                write!(
                    f,
                    "the type takes {wanted} path parameter{s}, the route has {have}"
                )
            }
            Self::BadValue {
                name,
                value,
                expected,
            } => write!(
                f,
                "the path parameter `{name}` is {value:?}, expected {expected}"
            ),
            Self::Refused { name, reason } => write!(f, "the path parameter `{name}`: {reason}"),
            Self::BadEncoding { name } => {
                write!(f, "the path parameter `{name}` is not valid UTF-8")
            }
            Self::MissingField(field) => {
                write!(f, "the route has no path parameter for the field `{field}`")
            }
            Self::Unsupported(sentence) | Self::Custom(sentence) => f.write_str(sentence),
        }
    }
}

impl std::error::Error for PathError {}

impl From<BadEncoding> for PathError {
    fn from(BadEncoding { name }: BadEncoding) -> Self {
        Self::BadEncoding { name }
    }
}

impl de::Error for PathError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Custom(message.to_string())
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::unnamed(unexpected, expected)
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::unnamed(unexpected, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::unnamed(variant, format_args!("one of `{}`", expected.join("`, `")))
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::Unsupported(format!(
            "the type has no field for the path parameter `{field}`"
        ))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::MissingField(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::Unsupported(format!("two path parameters are the field `{field}`"))
    }
}

/// Where the values come from: a request, or the placeholders of `probe`.
#[derive(Clone, Copy)]
enum Source<'de> {
    Request(Params<'de>),
    Probe {
        names: &'de [Box<str>],
        tries: &'de [usize],
    },
}

impl<'de> Source<'de> {
    fn read<T: Deserialize<'de>>(self) -> Result<T> {
        let all = Reader {
            source: self,
            at: None,
        };
        T::deserialize(all).map_err(|error| match error {
            // With one parameter, whatever was refused is that one.
            error if self.len() == 1 => self.about(error, 0),
            PathError::BadValue {
                name,
                value,
                expected,
            } if name.is_empty() => {
                PathError::Custom(format!("found {value} in the path, expected {expected}"))
            }
            error => error,
        })
    }

    fn len(self) -> usize {
        match self {
            Self::Request(params) => params.len(),
            Self::Probe { names, .. } => names.len(),
        }
    }

    fn name(self, index: usize) -> &'de str {
        match self {
            Self::Request(params) => params.name(index),
            Self::Probe { names, .. } => &names[index],
        }
    }

    fn text(self, index: usize) -> Result<Cow<'de, str>> {
        match self {
            Self::Request(params) => Ok(params.value(index)?),
            Self::Probe { tries, .. } => Ok(Cow::Borrowed(PLACEHOLDERS[tries[index]])),
        }
    }

    fn about(self, error: PathError, index: usize) -> PathError {
        error.about(self.name(index), || {
            self.text(index).unwrap_or_default().into_owned()
        })
    }
}

/// The deserializer of all parameters, or of the one `at` an index.
#[derive(Clone, Copy)]
struct Reader<'de> {
    source: Source<'de>,
    at: Option<usize>,
}

impl<'de> Reader<'de> {
    /// The one parameter that a scalar is about.
    fn index(self) -> Result<usize> {
        match (self.at, self.source.len()) {
            (Some(index), _) => Ok(index),
            (None, 1) => Ok(0),
            (None, have) => Err(PathError::WrongCount { wanted: 1, have }),
        }
    }

    fn text(self) -> Result<Cow<'de, str>> {
        self.source.text(self.index()?)
    }

    fn parse<N: FromStr>(self, expected: &str) -> Result<N> {
        let index = self.index()?;
        let text = self.source.text(index)?;
        // `FromStr` takes `+5` for a number, no URL that means one is written so.
        let signed = text.starts_with('+') && text.len() > 1;
        text.parse().ok().filter(|_| !signed).ok_or_else(|| {
            PathError::unnamed("", expected)
                .about(self.source.name(index), || text.clone().into_owned())
        })
    }

    /// All parameters, for a type of several parts; inside of such a type there is no other.
    fn entries(self, wanted: Option<usize>) -> Result<Entries<'de>> {
        let have = self.source.len();
        match (self.at, wanted) {
            (Some(index), _) => Err(PathError::Unsupported(format!(
                "the path parameter `{}` is one text and cannot fill a type of several parts",
                self.source.name(index)
            ))),
            (None, Some(wanted)) if wanted != have => Err(PathError::WrongCount { wanted, have }),
            (None, _) => Ok(Entries {
                source: self.source,
                next: 0,
            }),
        }
    }
}

/// The scalar methods take the one parameter, those of a type with parts take all of them.
impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = PathError;

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_bool(self.parse("bool")?)
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_i8(self.parse("i8")?)
    }

    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_i16(self.parse("i16")?)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_i32(self.parse("i32")?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_i64(self.parse("i64")?)
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_i128(self.parse("i128")?)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_u8(self.parse("u8")?)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_u16(self.parse("u16")?)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_u32(self.parse("u32")?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_u64(self.parse("u64")?)
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_u128(self.parse("u128")?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_f32(self.parse("f32")?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_f64(self.parse("f64")?)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_char(self.parse("char")?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.text()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    /// A type that takes anything gets the text of a single parameter, else a map by name.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.index() {
            Ok(_) => self.deserialize_str(visitor),
            Err(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.entries(Some(0))?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_seq(self.entries(None)?)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        visitor.visit_seq(self.entries(Some(len))?)
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
        visitor.visit_map(self.entries(None)?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let index = self.index()?;
        let name = match self.source {
            Source::Probe { tries, .. } => variants.get(tries[index]).copied(),
            Source::Request(_) => None,
        };
        let name = name.map_or_else(|| self.text(), |name| Ok(Cow::Borrowed(name)))?;
        visitor.visit_enum(CowStrDeserializer::new(name))
    }
}

/// The parameters one after the other, in order or by name.
struct Entries<'de> {
    source: Source<'de>,
    next: usize,
}

impl<'de> Entries<'de> {
    fn value<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        let (source, index) = (self.source, self.next);
        self.next += 1;
        let one = Reader {
            source,
            at: Some(index),
        };
        seed.deserialize(one)
            .map_err(|error| source.about(error, index))
    }
}

impl<'de> de::SeqAccess<'de> for Entries<'de> {
    type Error = PathError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        let more = self.next < self.source.len();
        more.then(|| self.value(seed)).transpose()
    }
}

impl<'de> de::MapAccess<'de> for Entries<'de> {
    type Error = PathError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let more = self.next < self.source.len();
        more.then(|| seed.deserialize(BorrowedStrDeserializer::new(self.source.name(self.next))))
            .transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        self.value(seed)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::fmt::Debug;
    use std::net::Ipv4Addr;
    use std::num::NonZeroU64;

    use super::super::params::Spans;
    use super::*;

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
            let even = number.is_multiple_of(2) && number != 0;
            even.then_some(Self(())).ok_or_else(|| "not even".into())
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
    struct Owned {
        ip: Ipv4Addr,
        flag: bool,
        kind: Kind,
        #[serde(default)]
        page: u32,
        note: Option<String>,
        slug: String,
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
        row::<u64>("id=abc", "400 `id` is \"abc\", expected u64");
        row::<u64>("id=+5", "400 `id` is \"+5\", expected u64");
        row::<u8>("id=256", "400 `id` is \"256\", expected u8");
        row::<f32>("id=+1.0", "400 `id` is \"+1.0\", expected f32");
        row::<char>("id=ab", "400 `id` is \"ab\", expected char");
        row::<u64>("id=%0A", "400 `id` is \"\\n\", expected u64");
        row::<String>("id=%FF", "400 `id` is not valid UTF-8");
        row::<(u8, u8)>("a=1&b=x", "400 `b` is \"x\", expected u8");
        row::<(u8, String)>("a=1&b=%FF", "400 `b` is not valid UTF-8");
        row::<HashMap<String, u8>>("a=1&b=x", "400 `b` is \"x\", expected u8");
        row::<Even>("id=3", "400 `id`: not even");
        row::<(u8, Even)>("a=1&b=3", "400 `b`: not even");
        row::<NonZeroU64>("id=0", "400 `id` is \"0\", expected a nonzero u64");
        let kinds = "400 `b` is \"cow\", expected one of `cat`, `dog`, `named`";
        row::<(u8, Kind)>("a=1&b=cow", kinds);
        row::<Kind>(
            "id=named",
            "400 `id` is \"named\", expected newtype variant",
        );
        row::<u64>("", "500 the type takes 1 path parameter, the route has 0");
        row::<String>(
            "a=1&b=2",
            "500 the type takes 1 path parameter, the route has 2",
        );
        row::<(u8, u8)>(
            "a=1",
            "500 the type takes 2 path parameters, the route has 1",
        );
        row::<()>(
            "a=1",
            "500 the type takes 0 path parameters, the route has 1",
        );
        row::<Owned>(
            "slug=x",
            "500 the route has no path parameter for the field `ip`",
        );
        row::<Closed>("x=1&id=1", "500 the type has no field for `x`");
        let parts = "500 `b` is one text and cannot fill a type of several parts";
        row::<(u8, (u8, u8))>("a=1&b=2", parts);
    }

    #[test]
    fn the_probe_complains_about_shape_alone() {
        #[track_caller]
        fn row<T: DeserializeOwned>(names: &str, wanted: &str) {
            let have = probe::<T>(&boxed(names.split_whitespace()));
            assert_eq!(
                have.map_or_else(|error| format!("{error:?}"), |()| "fine".into()),
                wanted
            );
        }
        row::<u64>("id", "fine");
        row::<u64>("", "WrongCount { wanted: 1, have: 0 }");
        row::<Id>("a b", "WrongCount { wanted: 1, have: 2 }");
        row::<(u8, bool, char)>("a b c", "fine");
        row::<(u8, bool)>("a b c", "WrongCount { wanted: 2, have: 3 }");
        row::<()>("a", "WrongCount { wanted: 0, have: 1 }");
        row::<Vec<Kind>>("a b", "fine");
        row::<HashMap<String, bool>>("a b", "fine");
        row::<Even>("id", "fine");
        row::<Owned>("ip flag kind slug", "fine");
        row::<Owned>("ip flag kind", "MissingField(\"slug\")");
        row::<Owned>("slug ip kind extra", "MissingField(\"flag\")");
        row::<Owned>("", "MissingField(\"ip\")");
        row::<Closed>("", "fine");
        row::<Flat>("id x", "fine");
        row::<Flat>("x y", "MissingField(\"id\")");
        row::<NameOrPair>("a c", "fine");
        row::<serde_json::Value>("a c", "fine");
    }

    #[test]
    fn random_texts_give_what_rust_itself_parses() {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let names = boxed(["id"]);
        let mut text = String::new();
        for _ in 0..100_000 {
            text.clear();
            for _ in 0..=state % 5 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                text.push(['0', '1', '9', '-', '+', '.', 'e', 't', '%', 'é'][state as usize % 10]);
            }
            let mut spans = Spans::default();
            spans.push(0, text.len() as u32);
            let params = Params::new(&names, &text, &spans);
            let Ok(value) = params.value(0) else {
                assert!(from_params::<i16>(params).is_err(), "{text}");
                continue;
            };
            let plus = value.starts_with('+');
            let integer = value.parse::<i16>().ok().filter(|_| !plus);
            assert_eq!(from_params::<i16>(params).ok(), integer, "{text}");
            let float = value.parse::<f64>().ok().filter(|_| !plus);
            assert_eq!(from_params::<f64>(params).ok(), float, "{text}");
            assert_eq!(from_params::<String>(params).unwrap(), value);
            assert_eq!(
                from_params::<char>(params).ok(),
                value.parse().ok(),
                "{text}"
            );
        }
    }
}
