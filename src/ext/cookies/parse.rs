//! The `Cookie` fields of a request, read where they are asked for.
//!
//! RFC 6265, 4.2 is what browsers send; whatever else stands there is skipped piece by piece.

use percent_encoding::percent_decode;

use crate::HeaderValue;

/// The values of all cookies of this name, percent-decoded; those that are not text are skipped.
///
/// Browsers send the cookie of the longest path first (RFC 6265, 5.4), so the first is the nearest.
pub(super) fn values(fields: &[HeaderValue], name: &str) -> impl Iterator<Item = String> {
    let pairs = fields.iter().flat_map(|field| pairs(field.as_bytes()));
    let named = pairs.filter(move |(other, _)| *other == name.as_bytes());
    named.filter_map(|(_, value)| decoded(value))
}

/// Names and values between semicolons. A piece without `=` or without a name is none; quotes
/// around a value are taken off, and a semicolon in them ends it anyway, as browsers have it.
fn pairs(field: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    field.split(|&byte| byte == b';').filter_map(|piece| {
        let equals = piece.iter().position(|&byte| byte == b'=')?;
        let name = trim(&piece[..equals]);
        let value = trim(&piece[equals + 1..]);
        let inner = value
            .strip_prefix(b"\"")
            .and_then(|rest| rest.strip_suffix(b"\""));
        (!name.is_empty()).then_some((name, inner.unwrap_or(value)))
    })
}

/// Without spaces and tabs at both ends; other white space belongs to the name, so that no other
/// spelling passes for it.
fn trim(bytes: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let start = bytes.iter().position(is_text).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(is_text).map_or(start, |at| at + 1);
    &bytes[start..end]
}

fn decoded(value: &[u8]) -> Option<String> {
    let text = percent_decode(value).decode_utf8().ok()?;
    Some(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookies::Cookie;

    fn find(fields: &[HeaderValue], name: &str) -> Option<String> {
        values(fields, name).next()
    }

    #[track_caller]
    fn reads(field: &str, name: &str, wanted: Option<&str>) {
        let field = HeaderValue::from_bytes(field.as_bytes()).unwrap();
        assert_eq!(find(&[field], name).as_deref(), wanted);
    }

    #[test]
    fn a_cookie_is_found_by_its_exact_name() {
        let field = "a=1; b=2;c=3 ;\td = 4\t; A=5; a=6";
        for (name, value) in [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"), ("A", "5")] {
            reads(field, name, Some(value));
        }
        reads(field, "e", None);
        reads("a=x=y==", "a", Some("x=y=="));
        reads("a=", "a", Some(""));
        reads("a=\"q\"", "a", Some("q"));
        reads("a=\"", "a", Some("\""));
        reads("a=%20%25%C3%A9", "a", Some(" %\u{e9}"));
        reads("a=%zz%2", "a", Some("%zz%2"));
    }

    #[test]
    fn what_is_malformed_is_skipped() {
        reads("", "", None);
        reads("=1; ;;=; a", "", None);
        reads("a", "a", None);
        reads("=a=1", "a", None);
        reads("a=%ff; a=2", "a", Some("2"));
        reads("x=\"; a=1; y=\"", "a", Some("1"));
        reads("\u{2000}__Host-a=1", "__Host-a", None);
        reads("$Version=1; a=1; $Path=/", "a", Some("1"));
    }

    #[test]
    fn several_fields_are_one() {
        let fields = ["a=1", "b=2", "a=3"].map(HeaderValue::from_static);
        assert_eq!(find(&fields, "a").as_deref(), Some("1"));
        assert_eq!(find(&fields, "b").as_deref(), Some("2"));
        assert_eq!(values(&fields, "a").collect::<String>(), "13");
    }

    #[test]
    fn random_bytes_are_read_like_by_a_plain_reader() {
        let mut bytes = Random(0x2545_f491_4f6c_dd1d);
        let mut found = 0;
        for _ in 0..100_000 {
            let field = bytes.draw(b"aab=;;= \t\"%4,\\\xc3\xa9\xff");
            let Ok(value) = HeaderValue::from_bytes(&field) else {
                continue;
            };
            let wanted = field.split(|b| *b == b';').find_map(|piece| {
                let rest = piece.trim_ascii_start().strip_prefix(b"a")?;
                let value = rest.trim_ascii_start().strip_prefix(b"=")?.trim_ascii();
                let quoted = value.len() > 1 && value.starts_with(b"\"") && value.ends_with(b"\"");
                let value = if quoted {
                    &value[1..value.len() - 1]
                } else {
                    value
                };
                let text = percent_decode(value).decode_utf8().ok()?;
                Some(text.into_owned())
            });
            let read = find(&[value], "a");
            found += usize::from(read.is_some());
            assert_eq!(read, wanted, "{}", field.escape_ascii());
        }
        assert!(found > 1_000, "{found}");
    }

    #[test]
    fn any_text_that_is_set_is_read_back() {
        let mut bytes = Random(0x9e37_79b9_7f4a_7c15);
        for _ in 0..50_000 {
            let drawn = bytes.draw(b"a;=, \"\\%20\r\n\0\x7f\xc3\xa9+/");
            let value = String::from_utf8_lossy(&drawn).into_owned();
            let line = Cookie::new("a", &value).line(true).unwrap();
            let sent = line.to_str().unwrap().split("; Path").next().unwrap();
            let sent = HeaderValue::from_str(&format!("x=y; {sent}; z=1")).unwrap();
            assert_eq!(find(&[sent], "a"), Some(value));
        }
    }

    struct Random(u64);

    impl Random {
        fn draw(&mut self, alphabet: &[u8]) -> Vec<u8> {
            let mut next = || {
                self.0 ^= self.0 << 13;
                self.0 ^= self.0 >> 7;
                self.0 ^= self.0 << 17;
                (self.0 >> 20) as usize
            };
            let length = next() % 16;
            (0..length)
                .map(|_| alphabet[next() % alphabet.len()])
                .collect()
        }
    }
}
