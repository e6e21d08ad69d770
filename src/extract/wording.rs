//! What a type refused, in words for clients: theirs is the vocabulary of JSON, not of Rust.
//!
//! serde says `invalid type: string "x", expected u64`; who sent it reads `expected a whole number
//! from 0 to 18446744073709551615, found the text "x"`. A sentence that a type of the user's own
//! says stays as it is.

use std::borrow::Cow;

/// A reason as serde or the standard library gives it, in words for clients.
pub(crate) fn in_words(reason: &str) -> Cow<'_, str> {
    if reason.starts_with("data did not match any variant of untagged enum") {
        return "it has none of the forms that are expected".into();
    }
    let about = ["invalid type: ", "invalid value: ", "invalid length "];
    let Some(about) = about.iter().find(|about| reason.starts_with(**about)) else {
        return reason.into();
    };
    let Some((found, expected)) = reason[about.len()..].rsplit_once(", expected ") else {
        return reason.into();
    };
    // A struct is also made of an array, if its length is right, which no client is told.
    if expected.starts_with("struct ") && about.starts_with("invalid length") {
        return "expected an object, found an array".into();
    }
    let expected = kind_in_words(expected);
    match about.starts_with("invalid length") {
        true => format!("expected {expected}, found {found}").into(),
        false => format!("expected {expected}, found {}", value_in_words(found)).into(),
    }
}

/// A kind of value, such as `u8`, `struct Note` or `a sequence`.
pub(crate) fn kind_in_words(kind: &str) -> Cow<'_, str> {
    if let Some(number) = kind.strip_prefix("a nonzero ") {
        return match number_in_words(number) {
            Some(words) if number.starts_with('u') => words.replace("from 0", "from 1").into(),
            Some(words) => format!("{words}, and not 0").into(),
            None => kind.into(),
        };
    }
    if let Some(words) = number_in_words(kind) {
        return words.into();
    }
    let elements = kind.strip_suffix(" elements").or_else(|| {
        let sized = ["a tuple of size ", "an array of length "];
        sized.iter().find_map(|sized| kind.strip_prefix(*sized))
    });
    let count = elements.and_then(|kind| kind.rsplit(' ').next()?.parse::<usize>().ok());
    if let Some(count) = count {
        return format!("an array of {count} elements").into();
    }
    let first = kind.split(' ').next().unwrap_or_default();
    match (kind, first) {
        ("bool" | "a boolean", _) => "`true` or `false`".into(),
        ("f32" | "f64", _) => "a number".into(),
        ("char" | "a character", _) => "a single character".into(),
        ("unit" | "()", _) => "null".into(),
        ("a borrowed string", _) => "a string without escapes".into(),
        ("a map", _) => "an object".into(),
        ("a sequence", _) => "an array".into(),
        ("string or map", _) => "a string or an object".into(),
        (_, "struct" | "internally" | "adjacently") => "an object".into(),
        (_, "tuple") => "an array".into(),
        (_, "unit") => "null".into(),
        (_, "enum") => "one of the known names".into(),
        _ => kind.into(),
    }
}

fn number_in_words(kind: &str) -> Option<String> {
    macro_rules! range {
        ($($kind:ident)*) => {
            match kind {
                $(stringify!($kind) => ($kind::MIN.to_string(), $kind::MAX.to_string()),)*
                _ => return None,
            }
        };
    }
    let (least, most) = range!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);
    Some(format!("a whole number from {least} to {most}"))
}

/// A value as serde shows it, such as ``integer `7` `` or `string "x"`.
fn value_in_words(value: &str) -> Cow<'_, str> {
    let inside = |rest: &str| rest.trim_matches('`').to_owned();
    let plain = ["integer ", "floating point ", "boolean ", "character "];
    if let Some(rest) = plain.iter().find_map(|kind| value.strip_prefix(kind)) {
        return inside(rest).into();
    }
    match value {
        "map" => "an object".into(),
        "sequence" => "an array".into(),
        "unit value" => "null".into(),
        "unit variant" => "a name alone".into(),
        "newtype variant" | "tuple variant" | "struct variant" => "a name with a value".into(),
        _ => match value.strip_prefix("string ") {
            Some(text) => format!("the text {text}").into(),
            None => value.into(),
        },
    }
}

/// Why a text of a query or form is no number, from what the standard library says of it; `None`
/// for anything else that a type may say.
pub(super) fn text_in_words(reason: &str, text: &str) -> Option<String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    Some(match reason {
        "invalid digit found in string" if text.strip_prefix('-').is_some_and(digits) => {
            format!("expected a whole number that is not negative, found {text:?}")
        }
        "cannot parse integer from empty string" | "cannot parse float from empty string" => {
            "is missing".to_owned()
        }
        "invalid digit found in string" => format!("expected a whole number, found {text:?}"),
        "number too large to fit in target type" => format!("the number {text} is too large"),
        "number too small to fit in target type" => format!("the number {text} is too small"),
        "invalid float literal" => format!("expected a number, found {text:?}"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::num::{NonZeroI8, NonZeroU8};

    use serde::Deserialize;
    use serde::de::DeserializeOwned;

    use super::*;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its errors are looked at")]
    struct Note {
        text: String,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its errors are looked at")]
    struct Pair(u8, u8);

    #[derive(Deserialize)]
    enum Kind {
        Cat,
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "only its errors are looked at")]
    enum Either {
        Number(u8),
        Note(Note),
    }

    #[derive(Deserialize)]
    #[serde(try_from = "u8")]
    struct Even;

    impl TryFrom<u8> for Even {
        type Error = &'static str;

        fn try_from(number: u8) -> Result<Self, &'static str> {
            let even = number.is_multiple_of(2);
            even.then_some(Self).ok_or("expected u8s that are even")
        }
    }

    #[track_caller]
    fn row<T: DeserializeOwned>(json: &str, wanted: &str) {
        let Err(error) = serde_json::from_str::<T>(json) else {
            panic!("{json} is no error");
        };
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap();
        assert_eq!(in_words(reason), wanted, "{reason}");
    }

    #[test]
    fn clients_read_of_json_and_not_of_rust() {
        let byte = "expected a whole number from 0 to 255, found";
        row::<u8>("\"x\"", &format!("{byte} the text \"x\""));
        row::<u8>("256", &format!("{byte} 256"));
        row::<u8>("-1", &format!("{byte} -1"));
        row::<u8>("1.5", &format!("{byte} 1.5"));
        row::<u8>("true", &format!("{byte} true"));
        row::<u8>("null", &format!("{byte} null"));
        row::<u8>("[]", &format!("{byte} an array"));
        row::<u8>("{}", &format!("{byte} an object"));
        row::<i8>("200", "expected a whole number from -128 to 127, found 200");
        row::<NonZeroU8>("0", "expected a whole number from 1 to 255, found 0");
        let nonzero = "expected a whole number from -128 to 127, and not 0, found 0";
        row::<NonZeroI8>("0", nonzero);
        row::<bool>("1", "expected `true` or `false`, found 1");
        row::<f64>("\"x\"", "expected a number, found the text \"x\"");
        row::<char>(
            "\"ab\"",
            "expected a single character, found the text \"ab\"",
        );
        row::<String>("1", "expected a string, found 1");
        row::<Vec<u8>>("{}", "expected an array, found an object");
        row::<HashMap<String, u8>>("[]", "expected an object, found an array");
        row::<(u8, u8)>("[1]", "expected an array of 2 elements, found 1");
        row::<[u8; 3]>("[1]", "expected an array of 3 elements, found 1");
        row::<()>("1", "expected null, found 1");
        row::<Note>("1", "expected an object, found 1");
        row::<Pair>("1", "expected an array, found 1");
        row::<Pair>("[1]", "expected an array of 2 elements, found 1");
        row::<Either>("true", "it has none of the forms that are expected");
    }

    /// Neither what a client sent nor what a type says is taken for serde's words.
    #[test]
    fn what_others_say_is_left_alone() {
        row::<Even>("1", "expected u8s that are even");
        row::<Note>("{}", "missing field `text`");
        row::<Kind>("\"Cow\"", "unknown variant `Cow`, expected `Cat`");
        let sent = "expected a whole number from 0 to 255, found the text \"a, expected u64\"";
        row::<u8>("\"a, expected u64\"", sent);
        for own in [
            "",
            "u8",
            "no, expected u8",
            "invalid type: x",
            "invalid length ",
        ] {
            assert_eq!(in_words(own), own);
        }
    }

    #[test]
    fn texts_that_are_no_numbers_are_told_as_such() {
        fn row<T: std::str::FromStr<Err: ToString>>(text: &str, wanted: &str) {
            let reason = text.parse::<T>().err().unwrap().to_string();
            assert_eq!(text_in_words(&reason, text).as_deref(), Some(wanted));
        }
        row::<u8>("x", "expected a whole number, found \"x\"");
        row::<u8>("", "is missing");
        row::<u8>("-", "expected a whole number, found \"-\"");
        row::<u8>(
            "-1",
            "expected a whole number that is not negative, found \"-1\"",
        );
        row::<u8>("256", "the number 256 is too large");
        row::<i8>("-129", "the number -129 is too small");
        row::<f64>("x", "expected a number, found \"x\"");
        row::<f64>("", "is missing");
        assert_eq!(text_in_words("not even", "1"), None);
    }
}
