//! Captured path parameters: spans into the path as it was matched.
//!
//! The trie found the route and pushed one span per parameter; handlers and middleware come next
//! and read the values through [`Params`]. Nothing is copied or decoded before it is asked for,
//! so a later rewrite of the URI does not change what was captured.

use std::borrow::Cow;
use std::str::Utf8Error;

use percent_encoding::percent_decode_str;

/// How many spans fit without an allocation.
const INLINE: usize = 8;

/// A list of `(start, end)` byte ranges into a text, in the order of the route's parameters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spans {
    count: usize,
    inline: [(u32, u32); INLINE],
    /// Those after the inline ones.
    more: Vec<(u32, u32)>,
}

impl Spans {
    /// Appends the range from `start` up to, not including, `end`.
    pub(crate) fn push(&mut self, start: u32, end: u32) {
        match self.inline.get_mut(self.count) {
            Some(slot) => *slot = (start, end),
            None => self.more.push((start, end)),
        }
        self.count += 1;
    }

    /// Keeps the first `count` spans at most.
    pub(crate) fn truncate(&mut self, count: usize) {
        self.count = self.count.min(count);
        self.more.truncate(count.saturating_sub(INLINE));
    }

    /// Appends the range of `part`, which is a slice of `text`.
    pub(super) fn push_within(&mut self, text: &str, part: &str) {
        let start = part.as_ptr() as usize - text.as_ptr() as usize;
        self.push(start as u32, (start + part.len()) as u32);
    }

    /// The number of spans.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// The spans in the order they were pushed.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.inline
            .iter()
            .chain(&self.more)
            .copied()
            .take(self.count)
    }

    /// Whether none reaches beyond this byte.
    pub(super) fn end_by(&self, length: usize) -> bool {
        self.iter().all(|(_, end)| end as usize <= length)
    }

    fn slice<'t>(&self, text: &'t str, index: usize) -> &'t str {
        let inline = self.inline.get(index);
        let (start, end) = *inline.unwrap_or_else(|| &self.more[index - INLINE]);
        &text[start as usize..end as usize]
    }
}

/// What stands for the host's parameters on a route without any.
static NO_SPANS: Spans = Spans {
    count: 0,
    inline: [(0, 0); INLINE],
    more: Vec::new(),
};

/// A borrowed view of one request's parameters: those of the host first, then those of the path.
#[derive(Clone, Copy)]
pub(crate) struct Params<'a> {
    names: &'a [Box<str>],
    host_text: &'a str,
    host_spans: &'a Spans,
    text: &'a str,
    spans: &'a Spans,
}

impl<'a> Params<'a> {
    /// The parameters of a path: `text` is the path as it was matched, `names` are the route's,
    /// one per span.
    pub(crate) fn new(names: &'a [Box<str>], text: &'a str, spans: &'a Spans) -> Self {
        Self {
            names,
            host_text: "",
            host_spans: &NO_SPANS,
            text,
            spans,
        }
    }

    /// Adds the parameters captured from the host; their names are the first ones of `names`.
    pub(crate) fn with_host(self, host_text: &'a str, host_spans: &'a Spans) -> Self {
        Self {
            host_text,
            host_spans,
            ..self
        }
    }

    /// The number of parameters.
    pub(crate) fn len(&self) -> usize {
        self.host_spans.len() + self.spans.len()
    }

    /// The name of the parameter at an index below `len`.
    pub(crate) fn name(&self, index: usize) -> &'a str {
        &self.names[index]
    }

    /// The index of the parameter of this name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| **known == *name)
    }

    /// The text of a parameter as it was sent, still percent-encoded.
    fn raw(&self, index: usize) -> &'a str {
        match index.checked_sub(self.host_spans.len()) {
            None => self.host_spans.slice(self.host_text, index),
            Some(in_path) => self.spans.slice(self.text, in_path),
        }
    }

    /// The value of a parameter, percent-decoded exactly once (RFC 3986 section 2.4) and borrowed
    /// if there was nothing to decode. A `%` without two hex digits stays as it is, as in the
    /// WHATWG URL standard; a decoded `/` or `.` is data here, never path syntax.
    pub(crate) fn value(&self, index: usize) -> Result<Cow<'a, str>, Utf8Error> {
        let raw = self.raw(index);
        match raw.as_bytes().contains(&b'%') {
            true => percent_decode_str(raw).decode_utf8(),
            false => Ok(Cow::Borrowed(raw)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn names(list: &[&str]) -> Vec<Box<str>> {
        list.iter().map(|&name| name.into()).collect()
    }

    fn spans(list: &[(u32, u32)]) -> Spans {
        let mut spans = Spans::default();
        for &(start, end) in list {
            spans.push(start, end);
        }
        spans
    }

    #[test]
    fn spans_keep_their_order_within_and_beyond_the_inline_room() {
        for count in 0..=20 {
            let mut pairs: Vec<(u32, u32)> = (0..count).map(|n| (n, n * 2)).collect();
            let mut list = spans(&pairs);
            let text = "x".repeat(40);
            for (index, span) in pairs.iter().enumerate() {
                assert_eq!(list.slice(&text, index).len(), span.0 as usize);
            }
            for kept in (0..=pairs.len()).rev() {
                list.truncate(kept);
                pairs.truncate(kept);
                assert_eq!(list.len(), kept);
                assert_eq!(list.iter().collect::<Vec<_>>(), pairs);
            }
            assert_eq!(list.more.capacity() > 0, count > 8, "{count} spans");
            (0..20).for_each(|n| list.push(n, n));
            assert!(list.iter().eq((0..20).map(|n| (n, n))));
        }
    }

    #[test]
    fn a_value_is_decoded_exactly_once() {
        let table: &[(&str, Option<&str>, bool)] = &[
            ("plain", Some("plain"), true),
            ("", Some(""), true),
            ("a%20b", Some("a b"), false),
            ("a+b", Some("a+b"), true),
            ("%2520", Some("%20"), false),
            ("a%2Fb%2f..", Some("a/b/.."), false),
            ("%E2%82%AC", Some("€"), false),
            ("100%", Some("100%"), true),
            ("%zz%4", Some("%zz%4"), true),
            ("%00", Some("\0"), false),
            ("%FF", None, false),
            ("%C3", None, false),
            ("%ED%A0%80", None, false),
        ];
        let names = names(&["id"]);
        for &(raw, wanted, borrowed) in table {
            let spans = spans(&[(0, u32::try_from(raw.len()).unwrap())]);
            let params = Params::new(&names, raw, &spans);
            match (params.value(0), wanted) {
                (Ok(value), Some(wanted)) => {
                    assert_eq!(value, wanted);
                    assert_eq!(matches!(value, Cow::Borrowed(_)), borrowed, "{raw}");
                }
                (Err(_), None) => {}
                (value, _) => panic!("{raw}: {value:?}"),
            }
        }
    }

    #[test]
    fn parameters_of_the_host_come_before_those_of_the_path() {
        let names = names(&["tenant", "id", "name"]);
        let host = spans(&[(0, 4)]);
        let path = spans(&[(7, 9), (10, 14)]);
        let params =
            Params::new(&names, "/users/42/anna", &path).with_host("acme.example.com", &host);
        let all: Vec<_> = (0..params.len())
            .map(|i| (params.name(i), params.raw(i)))
            .collect();
        assert_eq!(all, [("tenant", "acme"), ("id", "42"), ("name", "anna")]);
        assert_eq!(params.find("name"), Some(2));
        assert_eq!(params.find("Name"), None);
    }

    #[test]
    fn decoding_agrees_with_a_naive_decoder_on_random_text() {
        fn naive(raw: &[u8]) -> Vec<u8> {
            let hex = |at: usize| raw.get(at).and_then(|&byte| char::from(byte).to_digit(16));
            let mut decoded = Vec::new();
            let mut at = 0;
            while at < raw.len() {
                match (raw[at], hex(at + 1), hex(at + 2)) {
                    (b'%', Some(high), Some(low)) => {
                        decoded.push(u8::try_from(high * 16 + low).unwrap());
                        at += 3;
                    }
                    (byte, ..) => {
                        decoded.push(byte);
                        at += 1;
                    }
                }
            }
            decoded
        }
        let names = names(&["id"]);
        let mut random = Random::new();
        let mut raw = String::new();
        for _ in 0..100_000 {
            raw.clear();
            for _ in 0..random.below(12) {
                raw.push(['%', '%', '%', 'c', '3', 'A', '9', '2', 'z', '€'][random.below(10)]);
            }
            let spans = spans(&[(0, u32::try_from(raw.len()).unwrap())]);
            let value = Params::new(&names, &raw, &spans).value(0);
            let wanted = String::from_utf8(naive(raw.as_bytes()));
            assert_eq!(value.ok().map(Cow::into_owned), wanted.ok(), "{raw}");
        }
    }
}
