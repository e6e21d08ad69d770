//! `ETag`: the name of one version of a resource.
//!
//! Before it: a handler knows the version, or the bytes. After it: it is compared with those that
//! the client has, and sent.

use std::fmt;

use http::HeaderValue;
use http::header::ETAG;

use super::ResponsePart;
use crate::response::Response;

/// An entity tag (RFC 9110, 8.8.3). It stands before the value of a response tuple, or in
/// [`Validators`](crate::Validators) with a date.
///
/// A strong tag changes with every byte of the body; a weak one with its meaning, so it survives
/// compression, and is no use for ranges and `If-Match`. Bytes that a tag may not hold are
/// percent-encoded, and so is the percent sign, so that different versions stay different.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::ETag;
///
/// let client = App::new().get("/", async || (ETag::strong(7), "the seventh")).test();
/// client.get("/").send().assert_header("etag", "\"7\"");
///
/// let tag = ETag::weak("v 1");
/// assert_eq!(tag.as_str(), "W/\"v%201\"");
/// assert!(tag.weak_eq(&ETag::strong("v 1")) && !tag.strong_eq(&tag));
/// assert_eq!(ETag::of(b"onion"), ETag::of(b"onion"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ETag(HeaderValue);

impl ETag {
    /// A strong tag of this version: a number, a revision, a hash.
    #[must_use]
    pub fn strong(version: impl fmt::Display) -> Self {
        Self::quoted("\"", &version.to_string())
    }

    /// A weak tag of this version.
    #[must_use]
    pub fn weak(version: impl fmt::Display) -> Self {
        Self::quoted("W/\"", &version.to_string())
    }

    /// A strong tag made of the bytes themselves: 128 bits of FNV-1a, the same in every process
    /// and version. It is no cryptographic hash.
    #[must_use]
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self::strong(format_args!("{:032x}", hash(bytes.as_ref())))
    }

    /// A weak tag made of the bytes; see [`of`](Self::of).
    #[must_use]
    pub fn weak_of(bytes: impl AsRef<[u8]>) -> Self {
        Self::weak(format_args!("{:032x}", hash(bytes.as_ref())))
    }

    fn quoted(start: &str, version: &str) -> Self {
        let mut text = String::with_capacity(start.len() + version.len() + 1);
        text.push_str(start);
        for byte in version.bytes() {
            match byte {
                b'!' | b'#' | b'$' | b'&'..=b'~' => text.push(byte.into()),
                _ => text.push_str(percent_encoding::percent_encode_byte(byte)),
            }
        }
        text.push('"');
        let value = HeaderValue::try_from(text);
        Self(value.unwrap_or(HeaderValue::from_static("\"\"")))
    }

    /// The one tag of an `ETag` field; `None` if it is malformed.
    #[must_use]
    pub fn parse(value: &HeaderValue) -> Option<Self> {
        let mut tags = Tags(value.as_bytes());
        let whole = tags.next()?.whole?;
        (whole.len() == value.len()).then(|| Self(value.clone()))
    }

    /// Whether only the meaning is the same, not every byte.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.0.as_bytes().starts_with(b"W/")
    }

    /// The tag as it is sent, quotes and all; empty if a parsed one is not ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// The strong comparison (RFC 9110, 8.8.3.2): both are strong, and the same.
    #[must_use]
    pub fn strong_eq(&self, other: &Self) -> bool {
        !self.is_weak() && self == other
    }

    /// The weak comparison (RFC 9110, 8.8.3.2): the same but for weakness.
    #[must_use]
    pub fn weak_eq(&self, other: &Self) -> bool {
        without_mark(self.0.as_bytes()) == without_mark(other.0.as_bytes())
    }

    /// Whether a list of tags, as in `If-Match`, has this one.
    pub(crate) fn is_in(&self, list: &HeaderValue, weakly: bool) -> bool {
        let own = self.0.as_bytes();
        Tags(list.as_bytes()).filter_map(|it| it.whole).any(|tag| {
            let same = without_mark(tag) == without_mark(own);
            same && (weakly || !(tag.starts_with(b"W/") || self.is_weak()))
        })
    }
}

fn without_mark(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

/// FNV-1a of 128 bits (draft-eastlake-fnv).
fn hash(bytes: &[u8]) -> u128 {
    const PRIME: u128 = (1 << 88) + 0x13b;
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    bytes.iter().fold(BASIS, |hash, &byte| {
        (hash ^ u128::from(byte)).wrapping_mul(PRIME)
    })
}

impl From<ETag> for HeaderValue {
    fn from(tag: ETag) -> Self {
        tag.0
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ResponsePart for ETag {
    fn apply(self, res: &mut Response) {
        res.headers_mut().insert(ETAG, self.0);
    }
}

/// The members of a list of tags. A comma may stand inside of one.
struct Tags<'a>(&'a [u8]);

struct Member<'a> {
    /// The tag with its quotes and mark; `None` for what is none.
    whole: Option<&'a [u8]>,
}

impl<'a> Iterator for Tags<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        let is_between = |byte: &u8| matches!(byte, b' ' | b'\t' | b',');
        let start = self.0.iter().position(|byte| !is_between(byte))?;
        let text = &self.0[start..];
        let whole = tag(text);
        let rest = &text[whole.map_or(0, <[u8]>::len)..];
        let end = rest.iter().position(|&byte| byte == b',');
        let (behind, rest) = rest.split_at(end.unwrap_or(rest.len()));
        self.0 = rest;
        let is_clean = behind.iter().all(is_between);
        Some(Member {
            whole: whole.filter(|_| is_clean),
        })
    }
}

/// The tag at the start of a text.
fn tag(text: &[u8]) -> Option<&[u8]> {
    let mark = if text.starts_with(b"W/") { 2 } else { 0 };
    let inside = text[mark..].strip_prefix(b"\"")?;
    let length = inside.iter().position(|&byte| byte == b'"')?;
    let is_allowed = |&byte: &u8| byte > b' ' && byte != 0x7f;
    let is_tag = inside[..length].iter().all(is_allowed);
    is_tag.then(|| &text[..mark + length + 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(list: &str) -> Vec<String> {
        let text = |it: Member<'_>| {
            let text = it.whole.map(String::from_utf8_lossy);
            text.map_or("-".to_owned(), |text| text.into_owned())
        };
        Tags(list.as_bytes()).map(text).collect()
    }

    #[test]
    fn lists_of_tags_are_taken_apart() {
        let table: [(&str, &[&str]); 12] = [
            ("", &[]),
            (" , ,\t", &[]),
            ("\"a\"", &["\"a\""]),
            ("\"\"", &["\"\""]),
            ("W/\"a\",\"b\"", &["W/\"a\"", "\"b\""]),
            (" \"a,b\" ,, \"c\" ,", &["\"a,b\"", "\"c\""]),
            ("a, \"b\"", &["-", "\"b\""]),
            ("\"a\"x, \"b\"", &["-", "\"b\""]),
            ("\"a\" \"b\", \"c\"", &["-", "\"c\""]),
            ("w/\"a\", \"b\"", &["-", "\"b\""]),
            ("\"a, \"b\"", &["-", "\"b\""]),
            ("W/, \"b", &["-", "-"]),
        ];
        for (list, wanted) in table {
            assert_eq!(members(list), wanted, "{list}");
        }
    }

    #[test]
    fn a_tag_is_parsed_alone() {
        let parse = |text| ETag::parse(&HeaderValue::from_static(text));
        assert_eq!(parse("\"a\""), Some(ETag::strong("a")));
        assert_eq!(parse("W/\"a\""), Some(ETag::weak("a")));
        for bad in ["", "a", "*", "\"a", "\"a\", \"b\"", "\"a\" ", "w/\"a\""] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn any_version_makes_a_tag_of_its_own() {
        let versions = [
            "", "a", "a b", "a%20b", "\"", "%22", "é", "\n", "a,b", "\u{7f}",
        ];
        let tags: Vec<_> = versions.iter().map(ETag::strong).collect();
        for (at, tag) in tags.iter().enumerate() {
            assert_eq!(ETag::parse(&tag.0).as_ref(), Some(tag));
            assert!(!tags[..at].contains(tag), "{tag}");
        }
    }

    /// The published vectors of FNV-1a with 128 bits.
    #[test]
    fn the_hash_is_the_one_it_is_said_to_be() {
        assert_eq!(hash(b""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(hash(b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
        assert_eq!(hash(b"foobar"), 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
    }

    #[test]
    fn any_bytes_are_a_list() {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut list = Vec::new();
        for _ in 0..100_000 {
            list.clear();
            for _ in 0..state % 12 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                list.push(b"\"\",, W/a*\x80\x7f\t"[state as usize % 12]);
            }
            state = state.wrapping_add(0x1234_5678_9abc_def1);
            let before = list.len();
            list.extend(b",\"end\"");
            let found = Tags(&list).filter_map(|it| it.whole).last();
            // Only an open quote before it can swallow the last one.
            let quotes = list[..before].iter().filter(|&&byte| byte == b'"').count();
            assert!(quotes > 0 || found == Some(b"\"end\""), "{list:?}");
        }
    }
}
