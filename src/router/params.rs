//! Captured path parameters: spans into the path as it was matched.
//!
//! The trie found the route and pushed one span per parameter; handlers and middleware come next
//! and read the values through [`Params`]. Nothing is copied or decoded before it is asked for,
//! so a later rewrite of the URI does not change what was captured.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode_str;

/// How many spans fit without an allocation.
const INLINE: usize = 8;

/// A list of `(start, end)` byte ranges into a text, in the order of the route's parameters.
#[derive(Clone, Default)]
pub(crate) struct Spans {
    inline: [(u32, u32); INLINE],
    inline_len: usize,
    /// Holds every span once there are more than fit inline, so that a list is always one slice.
    spilled: Vec<(u32, u32)>,
}

impl Spans {
    /// An empty list; it allocates nothing until the ninth `push`.
    pub(crate) const fn new() -> Self {
        Self {
            inline: [(0, 0); INLINE],
            inline_len: 0,
            spilled: Vec::new(),
        }
    }

    /// Appends the range from `start` up to, not including, `end`.
    pub(crate) fn push(&mut self, start: u32, end: u32) {
        if self.spilled.is_empty() {
            if let Some(slot) = self.inline.get_mut(self.inline_len) {
                *slot = (start, end);
                self.inline_len += 1;
                return;
            }
            self.spilled.extend_from_slice(&self.inline);
        }
        self.spilled.push((start, end));
    }

    /// Keeps the first `count` spans at most.
    pub(crate) fn truncate(&mut self, count: usize) {
        self.inline_len = self.inline_len.min(count);
        self.spilled.truncate(count);
    }

    /// The number of spans.
    pub(crate) fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// The spans in the order they were pushed.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (u32, u32)> + '_ {
        self.as_slice().iter().copied()
    }

    /// Removes all spans and keeps what was allocated.
    pub(crate) fn clear(&mut self) {
        self.inline_len = 0;
        self.spilled.clear();
    }

    fn as_slice(&self) -> &[(u32, u32)] {
        if self.spilled.is_empty() {
            &self.inline[..self.inline_len]
        } else {
            &self.spilled
        }
    }

    fn slice<'t>(&self, text: &'t str, index: usize) -> &'t str {
        let (start, end) = self.as_slice()[index];
        &text[start as usize..end as usize]
    }
}

impl fmt::Debug for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// What stands for the host's parameters on a route without any.
static NO_SPANS: Spans = Spans::new();

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

    /// Whether the route has no parameter at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of a parameter. Panics, like any index, if `index` is not below `len`.
    pub(crate) fn name(&self, index: usize) -> &'a str {
        &self.names[index]
    }

    /// The text of a parameter as it was sent, still percent-encoded. Panics as `name` does.
    pub(crate) fn raw(&self, index: usize) -> &'a str {
        match index.checked_sub(self.host_spans.len()) {
            None => self.host_spans.slice(self.host_text, index),
            Some(in_path) => self.spans.slice(self.text, in_path),
        }
    }

    /// The value of a parameter, percent-decoded exactly once (RFC 3986 section 2.4) and borrowed
    /// if there was nothing to decode. A `%` without two hex digits stays as it is, as in the
    /// WHATWG URL standard; a decoded `/` or `.` is data here, never path syntax.
    ///
    /// Panics as `name` does.
    pub(crate) fn value(&self, index: usize) -> Result<Cow<'a, str>, BadEncoding> {
        percent_decode_str(self.raw(index))
            .decode_utf8()
            .map_err(|_| BadEncoding {
                name: self.name(index).to_owned(),
            })
    }

    /// The index of the parameter of this name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| **known == *name)
    }
}

impl fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries((0..self.len()).map(|index| (self.name(index), self.raw(index))))
            .finish()
    }
}

/// A parameter whose bytes, percent-decoded, are not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadEncoding {
    /// The parameter's name in the route's pattern.
    pub(crate) name: String,
}

impl fmt::Display for BadEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the path parameter `{}` is not valid UTF-8", self.name)
    }
}

impl std::error::Error for BadEncoding {}

#[cfg(test)]
mod tests {
    use super::*;

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
            let pairs: Vec<(u32, u32)> = (0..count).map(|n| (n, n * 2)).collect();
            let mut list = spans(&pairs);
            assert_eq!(list.len(), pairs.len());
            assert_eq!(list.iter().collect::<Vec<_>>(), pairs);
            assert_eq!(list.clone().iter().collect::<Vec<_>>(), pairs);
            assert_eq!(list.spilled.capacity() > 0, count > 8, "{count} spans");
            list.clear();
            assert_eq!(list.len(), 0);
            list.push(7, 9);
            assert_eq!(format!("{list:?}"), "[(7, 9)]");
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
            assert_eq!(params.raw(0), raw);
            match (params.value(0), wanted) {
                (Ok(value), Some(wanted)) => {
                    assert_eq!(value, wanted);
                    assert_eq!(matches!(value, Cow::Borrowed(_)), borrowed, "{raw}");
                }
                (Err(error), None) => assert_eq!(error.name, "id"),
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
        assert!(!params.is_empty());
        assert!(Params::new(&[], "/", &Spans::new()).is_empty());
        assert_eq!(
            format!("{params:?}"),
            r#"{"tenant": "acme", "id": "42", "name": "anna"}"#
        );
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
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut raw = String::new();
        for _ in 0..100_000 {
            raw.clear();
            for _ in 0..state % 12 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                raw.push(['%', '%', '%', 'c', '3', 'A', '9', '2', 'z', '€'][state as usize % 10]);
            }
            state = state.wrapping_add(0x1234_5678_9abc_def1);
            let spans = spans(&[(0, u32::try_from(raw.len()).unwrap())]);
            let value = Params::new(&names, &raw, &spans).value(0);
            let wanted = String::from_utf8(naive(raw.as_bytes()));
            assert_eq!(value.ok().map(Cow::into_owned), wanted.ok(), "{raw}");
        }
    }
}
