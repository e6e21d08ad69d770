//! The first field of a form with files (RFC 7578), in as much of it as has come.
//!
//! Before it: some bytes were read. After it: the token is compared, or more is read.

/// What the bytes say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// More has to come.
    Unfinished,
    /// The first field is not the one that was asked for, or this is no form.
    Nothing,
    Value(String),
}

/// The boundary in the value of a `Content-Type`, if that is `multipart/form-data`.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let mut pieces = content_type.split(';').map(str::trim);
    if !pieces.next()?.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = pieces.find_map(|piece| {
        let (name, value) = piece.split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then_some(value)
    })?;
    let inner = boundary
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    Some(inner.unwrap_or(boundary)).filter(|text| !text.is_empty())
}

/// The value of the field of this name, if it is the first one: as browsers write it.
pub(super) fn first_field(boundary: &[u8], name: &str, bytes: &[u8]) -> Found {
    let Some(rest) = after(bytes, &[b"--", boundary, b"\r\n"].concat()) else {
        return Found::Nothing;
    };
    let Some(head_end) = position(rest, b"\r\n\r\n") else {
        return Found::Unfinished;
    };
    let (head, value) = (&rest[..head_end], &rest[head_end + 4..]);
    if !head
        .split(|&byte| byte == b'\n')
        .any(|line| is_named(line, name))
    {
        return Found::Nothing;
    }
    match position(value, &[b"\r\n--", boundary].concat()) {
        Some(end) => match std::str::from_utf8(&value[..end]) {
            Ok(value) => Found::Value(value.to_owned()),
            Err(_) => Found::Nothing,
        },
        None => Found::Unfinished,
    }
}

/// What follows the prefix; nothing, if so far it is a part of it; `None` if it is none.
fn after<'a>(bytes: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    match bytes.strip_prefix(prefix) {
        Some(rest) => Some(rest),
        None => prefix.starts_with(bytes).then_some(&[]),
    }
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

/// Whether a line is `Content-Disposition: form-data; name="<name>"`.
fn is_named(line: &[u8], name: &str) -> bool {
    let Ok(line) = std::str::from_utf8(line) else {
        return false;
    };
    let Some((field, value)) = line.split_once(':') else {
        return false;
    };
    let quoted = format!("name=\"{name}\"");
    let mut pieces = value.split(';').map(str::trim);
    field.eq_ignore_ascii_case("content-disposition")
        && pieces.next() == Some("form-data")
        && pieces.any(|piece| piece == quoted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    const FORM: &str =
        "--b\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\nvalue\r\n--b--\r\n";

    fn find(text: &str) -> Found {
        first_field(b"b", "t", text.as_bytes())
    }

    #[test]
    fn the_value_is_found_once_all_of_it_is_there() {
        let end = FORM.find("\r\n--b--").unwrap() + "\r\n--b".len();
        for at in 0..FORM.len() {
            let wanted = match at < end {
                true => Found::Unfinished,
                false => Found::Value("value".to_owned()),
            };
            assert_eq!(find(&FORM[..at]), wanted, "{at}");
        }
        let empty = FORM.replace("value", "");
        assert_eq!(find(&empty), Found::Value(String::new()));
        let typed = FORM.replace("\r\n\r\n", "\r\nContent-Type: text/plain\r\n\r\n");
        assert_eq!(find(&typed), Found::Value("value".to_owned()));
        assert_eq!(
            find(&FORM.replace("D", "d")),
            Found::Value("value".to_owned())
        );
    }

    #[test]
    fn what_is_another_field_or_no_form_is_nothing() {
        for (from, to) in [
            ("\"t\"", "\"tt\""),
            ("\"t\"", "t"),
            ("form-data", "attachment"),
            ("Content-", "X-Content-"),
            ("--b\r\n", "--c\r\n"),
            ("--b\r\n", "x--b\r\n"),
            ("--b\r\n", "--b\n"),
        ] {
            assert_eq!(find(&FORM.replacen(from, to, 1)), Found::Nothing, "{to}");
        }
    }

    #[test]
    fn a_boundary_is_that_of_a_form_with_files() {
        let table = [
            ("multipart/form-data; boundary=x", Some("x")),
            ("Multipart/Form-Data ;a=b; BOUNDARY=\"x y\"", Some("x y")),
            ("multipart/form-data; boundary=", None),
            ("multipart/form-data; boundary=\"\"", None),
            ("multipart/form-data; boundary=\"", Some("\"")),
            ("multipart/form-data", None),
            ("multipart/mixed; boundary=x", None),
            ("", None),
        ];
        for (text, wanted) in table {
            assert_eq!(boundary(text), wanted, "{text}");
        }
    }

    #[test]
    fn random_bytes_are_read_without_a_stop() {
        let mut random = Random::new();
        let mut found = [0; 3];
        for _ in 0..100_000 {
            let mut bytes = FORM.as_bytes().to_vec();
            for _ in 0..random.below(3) {
                let at = random.below(bytes.len());
                bytes[at] = b"\r\n-b\":; \xff\0t"[random.below(11)];
            }
            bytes.truncate(bytes.len() - random.below(30));
            let n = match first_field(b"b", "t", &bytes) {
                Found::Unfinished => 0,
                Found::Nothing => 1,
                Found::Value(value) => {
                    assert!(value.len() < FORM.len());
                    2
                }
            };
            found[n] += 1;
            boundary(&String::from_utf8_lossy(&bytes));
        }
        assert!(found.iter().all(|count| *count > 1_000), "{found:?}");
    }
}
