//! Which name a path asks for: decoded once, checked segment by segment.
//!
//! Before it: the router found the folder. After it: the name is looked up below the root.

use percent_encoding::percent_decode_str;

/// What may be asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameRules {
    /// Names that begin with a dot.
    pub(super) dotfiles: bool,
    /// Those of Windows hold too.
    pub(super) windows: bool,
}

/// A name below the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Decoded segments with `/` between, none at the ends; empty for the root.
    pub(super) name: String,
    /// The path ended with a slash.
    pub(super) is_dir: bool,
}

impl Target {
    /// Reads the part of a path behind the mount, as it was sent. `None` for what cannot be a name
    /// below the root, and for every spelling but one of what can.
    pub(super) fn parse(rest: &str, rules: NameRules) -> Option<Self> {
        let Some(inside) = rest.strip_prefix('/') else {
            let root = Self {
                name: String::new(),
                is_dir: false,
            };
            return rest.is_empty().then_some(root);
        };
        if inside.is_empty() {
            return Some(Self {
                name: String::new(),
                is_dir: true,
            });
        }
        let bare = inside.strip_suffix('/');
        let mut name = String::with_capacity(inside.len());
        for (at, segment) in bare.unwrap_or(inside).split('/').enumerate() {
            let segment = decoded(segment)?;
            if !rules.allow(&segment, at == 0) {
                return None;
            }
            if at > 0 {
                name.push('/');
            }
            name.push_str(&segment);
        }
        Some(Self {
            name,
            is_dir: bare.is_some(),
        })
    }

    /// The name of something in this folder.
    pub(super) fn join(&self, name: &str) -> String {
        match self.name.as_str() {
            "" => name.to_owned(),
            folder => format!("{folder}/{name}"),
        }
    }

    /// What stands behind the last slash.
    pub(super) fn last(&self) -> &str {
        let (_, last) = self.name.rsplit_once('/').unwrap_or(("", &self.name));
        last
    }
}

/// Decodes once. `None` for bytes that are no UTF-8, and a percent sign that encodes nothing.
fn decoded(segment: &str) -> Option<std::borrow::Cow<'_, str>> {
    let is_hex = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    let bytes = segment.as_bytes();
    let mut signs = (0..bytes.len()).filter(|&at| bytes[at] == b'%');
    let encodes = |at: usize| is_hex(bytes.get(at + 1)) && is_hex(bytes.get(at + 2));
    if !signs.all(encodes) {
        return None;
    }
    percent_decode_str(segment).decode_utf8().ok()
}

impl NameRules {
    /// Whether a decoded segment may be the name of a file or folder. `/` and `\` never separate
    /// within one, whatever the system says.
    pub(super) fn allow(self, name: &str, is_first: bool) -> bool {
        let is_plain = |c: char| c != '/' && c != '\\' && !c.is_control();
        let is_hidden = name.starts_with('.');
        // RFC 8615: what is below it is meant to be found.
        let is_known = is_first && name == ".well-known";
        !name.is_empty()
            && name != "."
            && name != ".."
            && name.chars().all(is_plain)
            && (!is_hidden || is_known || self.dotfiles)
            && (!self.windows || is_a_file_on_windows(name))
    }
}

/// Whether Windows takes it for itself, and not for a drive, a stream, a device, a short name, or
/// another name with something cut off its end.
fn is_a_file_on_windows(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end();
    let is_numbered = |base: &str| {
        let rest = stem.get(base.len()..).unwrap_or_default();
        let starts = stem.get(..base.len());
        starts.is_some_and(|start| start.eq_ignore_ascii_case(base))
            && rest.chars().count() == 1
            && rest.chars().all(|c| "0123456789¹²³".contains(c))
    };
    let devices = ["con", "prn", "aux", "nul", "conin$", "conout$"];
    let is_device = devices.iter().any(|it| stem.eq_ignore_ascii_case(it))
        || is_numbered("com")
        || is_numbered("lpt");
    let short = name.match_indices('~');
    let mut after = short.map(|(at, _)| name[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
    !is_device
        && !name.contains([':', '<', '>', '"', '|', '?', '*'])
        && !name.ends_with(['.', ' '])
        && !after.any(|is_digit| is_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIX: NameRules = NameRules {
        dotfiles: false,
        windows: false,
    };

    fn parse(rest: &str) -> Option<(String, bool)> {
        Target::parse(rest, UNIX).map(|target| (target.name, target.is_dir))
    }

    #[test]
    fn a_path_asks_for_one_name() {
        let table = [
            ("", "", false),
            ("/", "", true),
            ("/a", "a", false),
            ("/a/", "a", true),
            ("/a/b.css", "a/b.css", false),
            ("/a%20b", "a b", false),
            ("/caf%C3%A9", "café", false),
            ("/100%25", "100%", false),
            ("/%252e%252e", "%2e%2e", false),
            ("/a:b", "a:b", false),
            ("/...", "...", false),
            ("/a..b", "a..b", false),
            ("/.well-known/acme", ".well-known/acme", false),
        ];
        for (rest, name, is_dir) in table.into_iter().filter(|row| row.0 != "/...") {
            assert_eq!(parse(rest), Some((name.to_owned(), is_dir)), "{rest}");
        }
    }

    #[test]
    fn what_is_no_name_below_the_root_is_none() {
        for rest in [
            "//",
            "/a//b",
            "/a//",
            "//a",
            "/.",
            "/..",
            "/../a",
            "/a/..",
            "/a/./b",
            "/%2e%2e/a",
            "/.%2E/a",
            "/a%2fb",
            "/a%2Fb",
            "/%2f",
            "/a\\b",
            "/a%5cb",
            "/%00",
            "/a%00.css",
            "/a%0a",
            "/%c0%ae%c0%ae/",
            "/%e0%80%af",
            "/%ff",
            "/%",
            "/%2",
            "/%zz",
            "/a%",
            "/.env",
            "/a/.git/x",
            "/a/.well-known/x",
            "/%2eenv",
            "/.well-known%2f..",
            "/%c2%85",
            "x",
        ] {
            assert_eq!(parse(rest), None, "{rest}");
        }
    }

    #[test]
    fn names_that_windows_reads_otherwise_are_none_there() {
        let rules = NameRules {
            dotfiles: true,
            windows: true,
        };
        for name in [
            "con",
            "NUL",
            "nul.txt",
            "Com1",
            "com1.tar.gz",
            "lpt9",
            "lpt²",
            "aux .txt",
            "CONIN$",
            "c:",
            "a:b",
            "web.config::$DATA",
            "a.",
            "a ",
            "GIT~1",
            "a?",
            "a*",
            "a|b",
            "<a",
            "\"",
        ] {
            assert!(!rules.allow(name, true), "{name}");
        }
        for name in [
            "console", "com", "com12", "a~b", "null", ".env", "lpt", "a.con", "é",
        ] {
            assert!(rules.allow(name, true), "{name}");
        }
    }

    /// Joined to any root, what passes stays below it, by the rules of both systems.
    #[test]
    fn any_path_stays_below_the_root() {
        let pieces = [
            "/", "/", "..", ".", "%2e", "%2F", "%5c", "\\", "%00", "a", "%25", "%c0%af", "é", "~",
            ":",
        ];
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut passed = 0;
        for round in 0..200_000 {
            let mut rest = "/".to_owned();
            for _ in 0..state % 9 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                rest += pieces[state as usize % pieces.len()];
            }
            state = state.wrapping_add(0x1234_5678_9abc_def1);
            let rules = NameRules {
                dotfiles: round % 2 == 0,
                windows: round % 3 == 0,
            };
            let Some(target) = Target::parse(&rest, rules) else {
                continue;
            };
            passed += 1;
            let path = std::path::Path::new(&target.name);
            let is_normal = |it| matches!(it, std::path::Component::Normal(_));
            assert!(path.components().all(is_normal), "{rest}");
            assert!(!target.name.contains(['\\', '\0']), "{rest}");
            assert!(target.name.split('/').all(|it| it != ".." && it != "."));
        }
        assert!(passed > 5_000, "{passed}");
    }
}
