//! Whether a redirect target that came from outside stays on this site.
//!
//! A handler read the target from a query or form before (`?next=/cart`); `Redirect` puts it into
//! `Location` after. What passes here cannot lead a browser to another origin.

/// Whether `target` is a reference to a path of the same origin that is safe as a `Location`.
///
/// True for one `/` and what follows it up to a query or fragment, in visible ASCII (RFC 9110
/// section 10.2.2, RFC 3986 section 4.2). False for everything a browser may read as another host
/// (WHATWG URL): a scheme, a `\` in the path, spaces and control characters, which browsers partly
/// strip, and `//` anywhere in the path, since dot segments before it could bring it to the front.
/// Percent-encodings, `%2F` and `%5C` too, stay data for browsers.
pub(crate) fn is_local(target: &str) -> bool {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    path.starts_with('/')
        && !path.contains("//")
        && !path.contains('\\')
        && target.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn paths_of_the_same_site_are_local() {
        // Separated by spaces.
        let table = r"
            / /a /a/b/ /a?next=//evil.com /?x=\ /#//evil.com /#\evil /a?b#c /@evil.com /:80 /a:b
            /https:evil.com /javascript:alert(1) /. /.. /./ /../ /a/../b /./a /../../etc
            /%2F/evil.com /%2f%2fevil.com /%5cevil.com /%09/evil.com /%0d%0aset-cookie:x /%00/
            /%2e /%2e%2e/ /caf%C3%A9 /;@evil.com /.evil.com /~user /a?x=..//b /{x}|y /[::1]";
        for target in table.split_whitespace() {
            assert!(is_local(target), "{target:?}");
        }
    }

    #[test]
    fn what_could_lead_to_another_host_is_not_local() {
        // Separated by spaces.
        let table = r"
            // //evil.com ///evil.com ////evil.com //evil.com/%2f.. //@evil.com //user@evil.com
            //evil.com:80 //evil%E3%80%82com /\ /\evil.com /\/evil.com \ \/evil.com \\evil.com
            \evil.com /a\b /a/..\\evil.com /.\/evil.com //\evil.com http://evil.com
            https://evil.com HTTPS://evil.com https:evil.com https:/evil.com https:///evil.com
            http:\\evil.com javascript:alert(1) JaVaScRiPt:alert(1) javascript://%0aalert(1)
            data:text/html,x vbscript:x mailto:a@evil.com blob:x file:///etc/passwd
            ftp://evil.com about:blank /..//evil.com /.//evil.com /../..//evil.com
            /a/..//evil.com /a/../..//evil.com /a//..//evil.com /a/.//b /..// /.//
            /%2e//evil.com /%2E%2e//evil.com /.%2e//evil.com
            /a/%2e%2e//evil.com /..///evil.com /..//?x /..//#x /a//b /a//";
        for target in table.split_whitespace() {
            assert!(!is_local(target), "{target:?}");
        }
    }

    #[test]
    fn what_is_no_path_or_cannot_stand_in_a_location_is_not_local() {
        // Separated by `|`.
        let table = "\
            | |a|./a|../a|?a|#a|.|..|evil.com|www.evil.com/a|%2f/evil.com|%2f%2fevil.com\
            |@evil.com|:80|1.1.1.1|<>//evil.com|\"//evil.com|/\t/evil.com|/\n/evil.com\
            |/\r/evil.com|\t//evil.com|/a\nb|/a\r\nset-cookie: x|/\0/evil.com|/ /evil.com| /a\
            |/a | //evil.com|/a b|/\u{b}/evil.com|/\u{7f}|/\u{85}/evil.com|/\u{a0}/evil.com\
            |/\u{2028}|/\u{3000}/evil.com|/\u{ff0f}evil.com|/\u{e9}|\u{ff0f}/evil.com\
            |\u{feff}//evil.com|h\nttps://evil.com|java\tscript:alert(1)|/a?b c|/a#\n";
        for target in table.split('|') {
            assert!(!is_local(target), "{target:?}");
        }
    }

    /// The path a browser asks for, by the path state of the WHATWG URL standard.
    fn resolved(target: &str) -> String {
        let path = target.split(['?', '#']).next().unwrap();
        let segments: Vec<&str> = path[1..].split(['/', '\\']).collect();
        let mut kept: Vec<&str> = Vec::new();
        for (index, segment) in segments.iter().enumerate() {
            let last = index + 1 == segments.len();
            match &*segment.replace("%2e", ".").replace("%2E", ".") {
                ".." | "." => {
                    if segment.len() != 1 && *segment != "%2e" && *segment != "%2E" {
                        kept.pop();
                    }
                    if last {
                        kept.push("");
                    }
                }
                _ => kept.push(segment),
            }
        }
        format!("/{}", kept.join("/"))
    }

    #[test]
    fn a_local_target_resolves_to_a_path_with_one_slash_in_front() {
        assert_eq!(resolved("/a/../..//evil"), "//evil");
        assert_eq!(resolved("/a/./b/%2e%2E/c/.."), "/a/");
        let mut random = Random::new();
        let mut target = String::new();
        let mut local = 0;
        for _ in 0..100_000 {
            target.clear();
            for _ in 0..random.below(10) {
                target += [
                    "/", "/", "/", ".", "..", "%2e", "%2E", "a", "\\", ":", "?", "é",
                ][random.below(12)];
            }
            if is_local(&target) {
                local += 1;
                let path = resolved(&target);
                assert!(
                    path.starts_with('/') && !path.starts_with("//"),
                    "{target} {path}"
                );
                assert!(target.is_ascii() && !path.contains('\\'), "{target}");
            }
        }
        assert!(local > 5_000, "{local}");
    }
}
