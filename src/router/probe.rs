//! Whether a type can come out of a route's parameters, asked at start-up.
//!
//! The route's names are known by then. A request meets the same code with values in place of the
//! placeholders, so what the check says is what a request would have met.

use serde::de::DeserializeOwned;

use super::params::{Params, Spans};
use super::params_de::read;
use super::path_error::PathError;

/// What stands for a value of which only the type knows the text: the kinds that are usual.
const PLACEHOLDERS: [&str; 6] = [
    "1",
    "a",
    "00000000-0000-4000-8000-000000000000",
    "2001-01-01",
    "2001-01-01T00:00:00Z",
    "127.0.0.1",
];

/// Runs `T`'s own `Deserialize` and reports what no value could mend.
///
/// A type that refuses every placeholder is given the benefit of the doubt.
pub(crate) fn probe<T: DeserializeOwned>(names: &[Box<str>]) -> Result<(), PathError> {
    let mut spans = Spans::default();
    names.iter().for_each(|_| spans.push(0, 0));
    let params = Params::new(names, "", &spans);
    let mut errors = PLACEHOLDERS
        .iter()
        .map_while(|text| read::<T>(params, Some(text)).err());
    errors
        .find(|error| !error.is_client_fault())
        .map_or(Ok(()), Err)
}

#[cfg(test)]
#[expect(dead_code, reason = "the types are only ever asked for")]
mod tests {
    use std::collections::HashMap;
    use std::net::Ipv4Addr;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Cat,
        Named(()),
    }

    #[derive(Deserialize)]
    #[serde(try_from = "u64")]
    struct Even(());

    impl TryFrom<u64> for Even {
        type Error = String;

        fn try_from(number: u64) -> Result<Self, String> {
            let even = number.is_multiple_of(2);
            even.then_some(Self(())).ok_or_else(|| "not even".into())
        }
    }

    #[derive(Deserialize)]
    struct Owned {
        ip: Ipv4Addr,
        flag: bool,
        letter: char,
        kind: Kind,
        #[serde(default)]
        page: u32,
        note: Option<String>,
        slug: String,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Closed {
        id: Option<u8>,
    }

    #[derive(Deserialize)]
    struct Flat {
        id: u8,
        #[serde(flatten)]
        rest: HashMap<String, String>,
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum NameOrPair {
        Name(String),
        Pair { a: String, b: String },
    }

    #[derive(Deserialize)]
    #[serde(tag = "kind", rename_all = "lowercase")]
    enum Tagged {
        Cat { lives: String },
    }

    #[track_caller]
    fn row<T: DeserializeOwned>(names: &str, wanted: &str) {
        let names: Vec<Box<str>> = names.split_whitespace().map(Into::into).collect();
        let said = probe::<T>(&names).map_or_else(|error| format!("{error:?}"), |()| "fine".into());
        assert_eq!(said, wanted);
    }

    #[test]
    fn a_type_that_some_values_could_make_is_fine() {
        row::<u64>("id", "fine");
        row::<Even>("id", "fine");
        row::<()>("", "fine");
        row::<(u8, bool, char)>("a b c", "fine");
        row::<Vec<Kind>>("a b", "fine");
        row::<HashMap<String, bool>>("a b", "fine");
        row::<(Ipv4Addr, f64)>("a b", "fine");
        row::<Owned>("ip flag letter kind slug", "fine");
        row::<Owned>("slug kind letter flag ip page extra", "fine");
        row::<Closed>("", "fine");
        row::<Flat>("id x", "fine");
        row::<NameOrPair>("a c", "fine");
        row::<Tagged>("kind x", "fine");
        row::<serde_json::Value>("a c", "fine");
    }

    #[test]
    fn what_no_value_could_mend_is_reported() {
        row::<u64>("", "WrongCount { wanted: 1, have: 0 }");
        row::<String>("a b", "WrongCount { wanted: 1, have: 2 }");
        row::<Even>("a b", "WrongCount { wanted: 1, have: 2 }");
        row::<Kind>("a b", "WrongCount { wanted: 1, have: 2 }");
        row::<(u8, bool)>("a b c", "WrongCount { wanted: 2, have: 3 }");
        row::<()>("a", "WrongCount { wanted: 0, have: 1 }");
        row::<Owned>("", "MissingField(\"ip\")");
        row::<Owned>("ip flag letter kind", "MissingField(\"slug\")");
        row::<Owned>("slug ip kind x", "MissingField(\"flag\")");
        row::<Flat>("x y", "MissingField(\"id\")");
        let closed = "Misfit(\"the type has no field for the path parameter `x`\")";
        row::<Closed>("x id", closed);
        let parts = "Misfit(\"the path parameter `b` is one text and has no parts\")";
        row::<(u8, (u8, u8))>("a b", parts);
    }
}
