//! Names that change with their content, so that caches may keep them for ever.
//!
//! Before it: a file was found. After it: its `Cache-Control`.

/// Whether the last part of a name before its extension, behind a dot or hyphen, is a hash: 8 or
/// more of `0-9a-f`, with a digit and a letter, so that dates and words are none.
pub(super) fn is_fingerprinted(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    parts(last).is_some()
}

/// The name of a file as it was before such a hash was put into it.
pub(super) fn without_fingerprint(file: &str) -> Option<String> {
    let (plain, extension) = parts(file)?;
    Some(format!("{plain}.{extension}"))
}

/// What stands before the hash and its dot or hyphen, and the extension.
fn parts(file: &str) -> Option<(&str, &str)> {
    let (stem, extension) = file.rsplit_once('.')?;
    let (plain, part) = stem.rsplit_once(['.', '-'])?;
    let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_hash = part.len() >= 8
        && part.bytes().all(is_hex)
        && part.bytes().any(|byte| byte.is_ascii_digit())
        && part.bytes().any(|byte| byte.is_ascii_alphabetic());
    is_hash.then_some((plain, extension))
}

/// Digits of a fingerprint that we write ourselves.
const DIGITS: usize = 16;

/// The name with a fingerprint before its extension.
pub(super) fn insert(name: &str, hash: &str) -> String {
    let folder = name.rfind('/').map_or(0, |at| at + 1);
    match name[folder..].rfind('.').map(|at| folder + at) {
        Some(dot) if dot > folder => format!("{}.{hash}{}", &name[..dot], &name[dot..]),
        _ => format!("{name}.{hash}"),
    }
}

/// The name without a fingerprint that looks as if [`insert`] wrote it.
pub(super) fn strip(name: &str) -> Option<String> {
    let folder = name.rfind('/').map_or(0, |at| at + 1);
    let is_hash = |part: &str| {
        let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        part.len() == DIGITS && part.bytes().all(is_hex)
    };
    let (stem, last) = name[folder..].rsplit_once('.')?;
    let plain = match stem.rsplit_once('.').filter(|(_, part)| is_hash(part)) {
        Some((stem, _)) => format!("{stem}.{last}"),
        None if is_hash(last) => stem.to_owned(),
        None => return None,
    };
    Some(format!("{}{plain}", &name[..folder]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_goes_in_before_the_extension_and_out_again() {
        let hash = "0123456789abcdef";
        for (name, wanted) in [
            ("app.css", "app.0123456789abcdef.css"),
            ("a.b/app.min.css", "a.b/app.min.0123456789abcdef.css"),
            ("a.b/LICENSE", "a.b/LICENSE.0123456789abcdef"),
            (".env", ".env.0123456789abcdef"),
            ("x/.env", "x/.env.0123456789abcdef"),
        ] {
            assert_eq!(insert(name, hash), wanted);
            assert_eq!(strip(wanted).as_deref(), Some(name));
        }
        for name in [
            "",
            "app.css",
            "app.0123.css",
            "0123456789abcdef",
            "a.0123456789ABCDEF.css",
        ] {
            assert_eq!(strip(name), None, "{name}");
        }
    }

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
        for name in ["a.b.3f2a9c1b.js", "a.b-3f2a9c1b0.js"] {
            assert_eq!(without_fingerprint(name).as_deref(), Some("a.b.js"));
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
