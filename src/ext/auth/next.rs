//! Where to go after signing in: a path of this site, and of no other.
//!
//! Before it: the query of the login page, which anybody can write. After it: a `Location`.

/// Characters of a path that one is led back to at most.
const MOST: usize = 2_000;

/// The path, if a browser that is sent there stays on this site, however it reads it.
///
/// It is stricter than the URL standard: what some client, proxy or later redirect might take for
/// another host is refused, such as `//` anywhere in the path. A path is encoded as browsers send it.
pub(super) fn safe(target: &str) -> Option<&str> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    if !target.starts_with('/') || target.len() > MOST || !target.bytes().all(is_plain) {
        return None;
    }
    let end = target.find(['?', '#']).unwrap_or(target.len());
    let path = target[..end].to_ascii_lowercase();
    // As slashes and dots, to those who decode before they look.
    let path = path
        .replace("%2f", "/")
        .replace("%5c", "/")
        .replace("%2e", ".");
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        if segment == "." || segment == ".." || segment.is_empty() && !is_last {
            return None;
        }
    }
    Some(target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn paths_of_this_site_are_safe() {
        let paths = [
            "/",
            "/me",
            "/me/",
            "/a/b?c=d&e=%2F%2F",
            "/a?next=//evil.example",
            "/a#//b",
            "/~ada/x",
            "/a:b@c",
            "/caf%C3%A9",
            "/a?u=https://evil.example/",
            "/...",
            "/.well-known/x",
        ];
        for path in paths {
            assert_eq!(safe(path), Some(path));
        }
        assert_eq!(
            safe(&format!("/{}", "a".repeat(1_999))).map(str::len),
            Some(2_000)
        );
        assert_eq!(safe(&format!("/{}", "a".repeat(2_000))), None);
    }

    /// Read as browsers read it, what is safe has no host.
    #[test]
    fn nothing_that_is_safe_leads_elsewhere() {
        let mut random = Random::new();
        let pieces = [
            "/",
            "\\",
            "//",
            ".",
            "..",
            "%2f",
            "%5C",
            "%2e",
            ":",
            "@",
            "evil.example",
            "http:",
            "?",
            "#",
            "\t",
            "\n",
            " ",
            "a",
            "%09",
            "\u{ff0f}",
            "\0",
            "javascript:",
        ];
        for _ in 0..200_000 {
            let count = random.below(7);
            let text: String = (0..count)
                .map(|_| pieces[random.below(pieces.len())])
                .collect();
            if safe(&text).is_some() {
                let read: String = text.chars().filter(|c| !"\t\n\r".contains(*c)).collect();
                let read = read.trim_matches(|c: char| c <= ' ').replace('\\', "/");
                assert!(read.starts_with('/') && !read.starts_with("//"), "{text:?}");
            }
        }
    }
}
