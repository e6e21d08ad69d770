//! Names that change with their content, so that caches may keep them for ever.
//!
//! Before it: a file was found. After it: its `Cache-Control`.

/// Whether the last part of a name before its extension, behind a dot or hyphen, is a hash: 8 or
/// more of `0-9a-f`, with a digit and a letter, so that dates and words are none.
pub(super) fn is_fingerprinted(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    let Some((stem, _)) = last.rsplit_once('.') else {
        return false;
    };
    let Some((_, part)) = stem.rsplit_once(['.', '-']) else {
        return false;
    };
    let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    part.len() >= 8
        && part.bytes().all(is_hex)
        && part.bytes().any(|byte| byte.is_ascii_digit())
        && part.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_told_from_dates_versions_and_words() {
        for name in [
            "app.3f2a9c1b.js",
            "app-3f2a9c1b.js",
            "css/a.b.0123456789abcdef0123.css",
            "x-0a1b2c3d.woff2",
        ] {
            assert!(is_fingerprinted(name), "{name}");
        }
        for name in [
            "app.js",
            "3f2a9c1b.js",
            "app.3f2a9c1.js",
            "app.3f2a9c1b",
            "report-20260101.pdf",
            "cafe.deadbeef.txt",
            "app.3F2A9C1B.js",
            "app.3f2a9c1g.js",
            "jquery-3.7.1.min.js",
            "app.3f2a9c1b/index.html",
            "",
            ".",
            "app.3f2a9c1b.js.map.x",
        ] {
            assert!(!is_fingerprinted(name), "{name}");
        }
    }
}
