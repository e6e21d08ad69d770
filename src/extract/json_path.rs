//! Where in a JSON text an error is: from serde_json's line and column to `items[2].price`.
//!
//! The extractor `Json<T>` failed before; the error response that names the field comes after.
//! The text is read a second time for this, on the path of errors alone, so that the good path
//! pays nothing for it.

use serde_json::Value;

/// The path of the value that ends at, or contains, the position of a serde_json error about data:
/// a 1-based `line` and a `column` in bytes. The top level, and the line 0 of an error without a
/// position, is the empty path. Up to such an error the text is known to be JSON.
///
/// serde_json reports a missing field once the object is read, which gives the object's path. So
/// it does for what a type's own check refused in the last member of an object or array.
pub(crate) fn path_at(text: &[u8], line: usize, column: usize) -> String {
    let lines = text.split_inclusive(|&byte| byte == b'\n');
    let before: usize = lines.take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    let read = &text[..before.saturating_add(column).min(text.len())];
    let mut path = String::new();
    for step in open_at_end(read) {
        match step {
            Step::Element(index) => path += &format!("[{index}]"),
            Step::Member(key) => push_key(&mut path, key),
        }
    }
    path
}

/// One array or object that is not closed yet.
enum Step<'a> {
    /// An array, at the element of this index.
    Element(usize),
    /// An object, at the member of this key, in its quotes; empty before the key is read.
    Member(&'a [u8]),
}

/// The arrays and objects around the end of `read`, outermost first.
fn open_at_end(mut read: &[u8]) -> Vec<Step<'_>> {
    let mut open = Vec::new();
    while let Some(&byte) = read.first() {
        let len = if byte == b'"' { string_len(read) } else { 1 };
        let (token, rest) = read.split_at(len);
        match (byte, open.last_mut()) {
            (b'{', _) => open.push(Step::Member(b"")),
            (b'[', _) => open.push(Step::Element(0)),
            (b'}' | b']', _) => drop(open.pop()),
            (b',', Some(Step::Element(index))) => *index += 1,
            (b',', Some(Step::Member(key))) => *key = b"",
            (b'"', Some(Step::Member(key @ b""))) => *key = token,
            _ => {}
        }
        read = rest;
    }
    open
}

/// The length of the string at the start of `text` with both its quotes, or of all if it is open.
fn string_len(text: &[u8]) -> usize {
    let mut escaped = false;
    let end = text.iter().skip(1).position(|&byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

/// Appends a key so that the path can be read in one way only: `.key`, or `["a key"]`.
fn push_key(path: &mut String, quoted: &[u8]) {
    let Ok(key) = serde_json::from_slice::<String>(quoted) else {
        return;
    };
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '@');
    if key.is_empty() || !key.chars().all(is_plain) {
        *path += &format!("[{}]", Value::String(key));
        return;
    }
    if !path.is_empty() {
        path.push('.');
    }
    *path += &key;
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::fmt::Debug;

    use super::*;
    use crate::random::Random;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[serde(rename = "größe")]
        _size: Option<u8>,
        _items: Option<Vec<Item>>,
        _kind: Option<Kind>,
        #[serde(rename = "a.b")]
        _dotted: Option<u8>,
        _pair: Option<(u8, bool)>,
        _more: Option<HashMap<String, Self>>,
    }

    #[derive(Debug, Deserialize)]
    struct Item {
        #[serde(rename = "price")]
        _price: u64,
        #[serde(default, rename = "tags")]
        _tags: Vec<String>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        New,
        Used { _since: u16 },
    }

    #[track_caller]
    fn row<T: for<'a> Deserialize<'a> + Debug>(text: &str, wanted: &str) {
        let error = serde_json::from_str::<T>(text).unwrap_err();
        let path = path_at(text.as_bytes(), error.line(), error.column());
        assert_eq!(path, wanted, "{text}: {error}");
    }

    #[test]
    fn the_path_of_a_wrong_value_is_its_field() {
        row::<Order>(
            r#"{"_items":[{"price":1},{"price":"2"}]}"#,
            "_items[1].price",
        );
        row::<Order>(r#"{"_items":[{"price":-1}]}"#, "_items[0].price");
        row::<Order>(r#"{"_items":[{"price":1.5,"tags":[]}]}"#, "_items[0].price");
        row::<Order>(r#"{"_items":[{"price":{"a":1}}]}"#, "_items[0].price");
        row::<Order>(r#"{"_items":[{"price":[1]}]}"#, "_items[0].price");
        row::<Order>(
            r#"{"_items":[{"tags":["a","b",true],"price":1}]}"#,
            "_items[0].tags[2]",
        );
        row::<Order>(r#"{"_items":[{"price":1}, 7]}"#, "_items[1]");
        row::<Order>(r#"{"_items":{}}"#, "_items");
        row::<Order>(r#"{"größe":256}"#, "größe");
        row::<Order>(
            "{\n \"_items\" : [\r\n\t{ \"price\" : null }\n]}",
            "_items[0].price",
        );
        row::<Order>(r#"{"_pair":[1,"x"]}"#, "_pair[1]");
        row::<Order>(r#"{"_pair":[1]}"#, "_pair");
        row::<Order>(r#"{"_pair":[1,true,2]}"#, "_pair[2]");
        row::<Order>(r#"{"a.b":"x"}"#, r#"["a.b"]"#);
        row::<Order>(
            r#"{"_more":{"":{"gr\u00f6\u00dfe":"x"}}}"#,
            r#"_more[""].größe"#,
        );
        row::<Order>(
            r#"{"_more":{"q\"}":{"_kind":"x"}}}"#,
            r#"_more["q\"}"]._kind"#,
        );
        row::<Vec<Vec<u8>>>("[[1],[2,3,false]]", "[1][2]");
        row::<Vec<Vec<u8>>>("[[1],true]", "[1]");
        row::<u8>("\"x\"", "");
        row::<u8>("{\"a\":1}", "");
    }

    #[test]
    fn the_path_of_a_missing_or_unknown_part_is_where_it_was_looked_for() {
        row::<Order>(r#"{"_items":[{"price":1},{"tags":["a"]}]}"#, "_items[1]");
        row::<Item>(r#"{"tags":[]}"#, "");
        row::<Item>("{}", "");
        row::<Order>(r#"{"_more":{"x":{"colour":1}}}"#, "_more.x.colour");
        row::<Order>(r#"{"_kind":"old"}"#, "_kind");
        row::<Order>(r#"{"_kind":{"used":{"_since":"x"}}}"#, "_kind.used._since");
        row::<Order>(r#"{"_kind":{"used":{}}}"#, "_kind.used");
        row::<Order>(r#"{"_kind":{"old":{}}}"#, "_kind.old");
    }

    #[test]
    fn random_bytes_and_positions_never_panic() {
        let mut random = Random::new();
        let mut text = Vec::new();
        for _ in 0..100_000 {
            text.clear();
            for _ in 0..random.below(24) {
                text.push(b"{}[]\",:\\u1ea \n\xc3\xff\0"[random.below(17)]);
            }
            let (line, column) = (random.below(4), random.below(32));
            path_at(&text, line, column);
            if let Err(error) = serde_json::from_slice::<Value>(&text) {
                path_at(&text, error.line(), error.column());
            }
        }
        path_at(b"[\n1", usize::MAX, usize::MAX);
        path_at(b"[\n1", 2, usize::MAX);
    }

    #[test]
    fn the_one_error_in_a_random_document_is_found() {
        let mut random = Random::new();
        for _ in 0..5_000 {
            let (mut text, mut tail, mut path) = (String::new(), String::new(), String::new());
            for _ in 0..random.below(7) {
                let before = random.below(4);
                if random.below(2) == 0 {
                    text += &format!("[{}", "{\"x\":[\"],\"]},\n".repeat(before));
                    tail.insert_str(0, ", 1]");
                    path += &format!("[{before}]");
                } else {
                    text += &format!("{{{} \"k{before}\": ", "\"\\\"}\":[2],".repeat(before));
                    tail.insert_str(0, ",\"z\":1}");
                    path += &format!("{}k{before}", if path.is_empty() { "" } else { "." });
                }
            }
            row::<Value>(&format!("{text}!{tail}"), &path);
        }
    }
}
