//! `Asked`: what a client says of a list in its query, and the words where that cannot be done.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, CONTROLS, percent_encode, utf8_percent_encode};

use crate::{Error, Request, Result};

/// Pairs in one query, as for [`Query`](crate::Query).
const PAIRS: usize = 1000;

/// Characters of a client's word that a message repeats.
const REPEATED: usize = 40;

/// Path and query of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    path: String,
    query: String,
    /// Decoded. A value that is empty is none, as forms send it.
    pairs: Vec<(String, String)>,
}

impl Asked {
    pub(super) fn of(req: &Request) -> Result<Self> {
        let query = req.query();
        if query.bytes().filter(|&byte| byte == b'&').count() >= PAIRS {
            let message = format!("the query has more than {PAIRS} pairs");
            return Err(Error::bad_request(message));
        }
        let mut pairs: Vec<(String, String)> = match query {
            "" => Vec::new(),
            query => serde_html_form::from_str(query)?,
        };
        pairs.retain(|(_, value)| !value.is_empty());
        Ok(Self {
            path: req.path().to_owned(),
            query: query.to_owned(),
            pairs,
        })
    }

    /// The names that have a value, in their order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(name, _)| name.as_str())
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let pairs = self.pairs.iter().filter(move |(key, _)| key == name);
        pairs.map(|(_, value)| value.as_str())
    }

    /// The value of a name that has one at most.
    ///
    /// # Errors
    /// 400 where it has several.
    pub(super) fn one<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>> {
        let mut values = self.all(name);
        let value = values.next();
        match values.count() {
            0 => Ok(value),
            more => Err(refused(
                name,
                format!("it takes one value and is there {} times", more + 1),
            )),
        }
    }

    /// A number from 1 to `most`.
    ///
    /// # Errors
    /// 400 for anything else.
    pub(super) fn number(&self, name: &str, most: u64) -> Result<Option<u64>> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        let number = text.parse().ok();
        match number.filter(|number| (1..=most).contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(refused(
                name,
                format!("expected a whole number from 1 to {most}"),
            )),
        }
    }

    /// The path with the same query, but with these pairs in place of what has one of the names in
    /// `dropped`.
    pub(super) fn link(&self, dropped: &[&str], pairs: &[(&str, &str)]) -> String {
        // What an URL may not have, or a `Link` cannot, was sent all the same.
        // Two slashes in front would lead to another host.
        let start = if self.path.starts_with("//") {
            "/."
        } else {
            ""
        };
        let mut link = format!("{start}{}", percent_encode(self.path.as_bytes(), RAW));
        let kept = self.query.split('&').filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            let name = serde_html_form::from_str::<Vec<(String, String)>>(name);
            let name = name.ok().and_then(|pairs| pairs.into_iter().next());
            name.is_some_and(|(name, _)| !dropped.contains(&name.as_str()))
        });
        let mut sign = '?';
        for pair in kept {
            let _ = write!(link, "{sign}{}", percent_encode(pair.as_bytes(), RAW));
            sign = '&';
        }
        for (name, value) in pairs {
            let _ = write!(link, "{sign}{name}={}", utf8_percent_encode(value, VALUE));
            sign = '&';
        }
        link
    }
}

/// What RFC 3986 has not in a path or query. What is encoded stays as it is.
const RAW: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
const VALUE: &AsciiSet = &RAW.add(b'%').add(b'&').add(b'+').add(b'#').add(b'=');

/// A parameter that cannot be done.
pub(super) fn refused(name: &str, reason: String) -> Error {
    let name = shortened(name);
    let message = format!("the query is not as expected: `{name}`: {reason}");
    Error::bad_request(message).with_field(name, reason)
}

/// A client's word, as a message repeats it.
pub(super) fn shortened(word: &str) -> String {
    match word.chars().count() > REPEATED {
        true => word.chars().take(REPEATED).chain("..".chars()).collect(),
        false => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Asked {
        let pairs: Vec<(String, String)> = serde_html_form::from_str(query).unwrap_or_default();
        let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        Asked {
            path: "/notes".to_owned(),
            query: query.to_owned(),
            pairs: pairs.collect(),
        }
    }

    #[test]
    fn a_link_keeps_what_is_no_paging() {
        let table = [
            ("", "/notes?page=2"),
            ("page=1", "/notes?page=2"),
            ("tag=a&page=1&tag=b", "/notes?tag=a&tag=b&page=2"),
            ("p%61ge=1&q=a+b%26c", "/notes?q=a+b%26c&page=2"),
            ("&&q&=x&", "/notes?q&page=2"),
            ("q=>;rel=\"next\"", "/notes?q=%3E;rel=%22next%22&page=2"),
            ("q=ü", "/notes?q=%C3%BC&page=2"),
        ];
        for (query, link) in table {
            assert_eq!(
                asked(query).link(&["page"], &[("page", "2")]),
                link,
                "{query}"
            );
        }
        let link = asked("").link(&[], &[("after", "a&b=c%")]);
        assert_eq!(link, "/notes?after=a%26b%3Dc%25");
    }

    #[test]
    fn an_empty_value_is_none() {
        let asked = asked("page=&tag=&tag=a");
        assert_eq!(asked.number("page", 5).ok(), Some(None));
        assert_eq!(asked.one("tag").ok(), Some(Some("a")));
    }

    #[test]
    fn a_number_is_in_its_range_and_there_once() {
        for query in [
            "n=0",
            "n=6",
            "n=-1",
            "n=x",
            "n=1.0",
            "n=99999999999999999999",
            "n=1&n=1",
        ] {
            let error = asked(query).number("n", 5).err();
            let error = error.unwrap_or_else(|| panic!("{query} is a number"));
            assert_eq!(
                (error.status().as_u16(), &*error.fields()[0].field),
                (400, "n")
            );
        }
        assert_eq!(asked("n=5").number("n", 5).ok(), Some(Some(5)));
    }
}
