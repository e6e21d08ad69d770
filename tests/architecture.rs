//! The fences of `CONTRIBUTING.md`, held by reading the source as text.
//!
//! *Code* is every line that is neither blank nor a `//` comment nor part of an item behind
//! `#[cfg(test)]`, which ends with the `}` or `;` that stands at the margin, as rustfmt sets it.

use std::{fs, mem, path::Path};

const CORE_LINES: usize = 13_700; // docs/decisions.md says why; lines of code in `src/`, no `ext/` or `testing/`, of `middleware/` only `mod.rs`
const FILE_LINES: usize = 500; // all lines of a file, comments and tests among them

struct Line {
    /// From the root of the crate, such as `src/router/trie.rs`.
    path: String,
    number: usize,
    text: String,
    is_code: bool,
    /// The names and paths in the code, the branches of an import written out.
    names: Vec<String>,
}

impl Line {
    /// Whether it stands in one of these files, or below one of these folders (with a slash).
    fn is_in(&self, paths: &str) -> bool {
        let below = |path: &str| path.ends_with('/') && self.path.starts_with(path);
        paths.split(' ').any(|it| self.path == it || below(it))
    }

    /// `orm` for `src/ext/orm.rs` and for every file in `src/ext/orm/`.
    fn extension(&self) -> Option<&str> {
        self.path.strip_prefix("src/ext/")?.split(['/', '.']).next()
    }
}

/// The lines of the `.rs` files below a folder, none where there is no such folder.
fn lines(path: &str) -> Vec<Line> {
    let at = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if path.ends_with(".rs") {
        return read(path, &fs::read_to_string(at).expect("a file can be read"));
    }
    let entries = fs::read_dir(at).into_iter().flatten().flatten();
    // What packages of their own were built into is none of ours.
    let entries = entries.filter(|it| it.file_name() != "target");
    let paths = entries.map(|it| format!("{path}/{}", it.file_name().to_string_lossy()));
    paths.flat_map(|path| lines(&path)).collect()
}

fn read(path: &str, text: &str) -> Vec<Line> {
    let (mut in_test, mut open) = (false, Vec::new());
    let line = |(number, text): (usize, &str)| {
        in_test |= text.starts_with("#[cfg(test)]");
        let start = text.trim_start();
        let is_code = !in_test && !start.is_empty() && !start.starts_with("//");
        in_test &= !text.starts_with('}') && (start != text || !text.ends_with(';'));
        Line {
            path: path.to_owned(),
            number,
            text: text.to_owned(),
            is_code,
            names: names(if is_code { text } else { "" }, &mut open),
        }
    };
    (1..).zip(text.lines()).map(line).collect()
}

/// `open` holds the path before each brace that is open.
fn names(text: &str, open: &mut Vec<String>) -> Vec<String> {
    let (mut names, mut name) = (Vec::new(), String::new());
    for c in text.chars().chain([' ']) {
        if c.is_alphanumeric() || "_:".contains(c) {
            name.push(c);
        } else if c == '{' && name.ends_with("::") {
            open.push(mem::take(&mut name));
        } else {
            let end = name.trim_matches(':');
            names.extend((!end.is_empty()).then(|| open.concat() + end));
            name.clear();
            open.extend((c == '{').then(String::new));
            open.truncate(open.len().saturating_sub((c == '}').into()));
        }
    }
    names
}

/// The names that `lib.rs` makes public (each written out, none by `*`) for what is in a module.
fn exports(module: &str) -> Vec<String> {
    let (mut exports, mut public) = (Vec::new(), false);
    for line in lines("src/lib.rs") {
        public |= line.text.starts_with("pub ");
        let paths = line.names.iter().map(|it| it.trim_start_matches("crate::"));
        let paths = paths.filter(|it| public && it.starts_with(module));
        exports.extend(paths.filter_map(|it| Some(it.rsplit("::").next()?.to_owned())));
        public &= !line.text.ends_with(';');
    }
    exports
}

/// No line of the file, or below the folder, may break the rule.
fn hold(path: &str, rule: &str, is_broken: impl Fn(&Line) -> bool) {
    let broken = lines(path).into_iter().filter(is_broken);
    let told = broken.map(|it| format!("\n{}:{}: {rule}.", it.path, it.number));
    let told: String = told.collect();
    assert!(told.is_empty(), "{told}");
}

#[test]
fn the_core_names_no_extension() {
    let exports = exports("ext::");
    let is_ext = |it: &str| it == "ext" || exports.iter().any(|name| name == it);
    let rule = "the core names no extension; let the extension call the core";
    let names_ext = |name: &String| {
        let name = name.replace("super", "crate");
        let mut path = name.split("::").skip_while(|it| *it == "crate");
        name.starts_with("crate::") && path.next().is_some_and(is_ext)
    };
    hold("src", rule, |line| {
        line.names.iter().any(names_ext) && !line.is_in("src/ext/ src/lib.rs")
    });
}

#[test]
fn extensions_use_only_what_any_crate_could() {
    let exports = exports("");
    let rule = "an extension uses of this crate only what src/lib.rs exports by name";
    hold("src/ext", rule, |line| {
        let own = line.extension().unwrap_or_default();
        let depth = line.path.trim_end_matches("/mod.rs").matches('/').count();
        let is_private = |name: &String| match *name.split("::").collect::<Vec<_>>() {
            ["crate", "ext", it, ..] if it == own || own == "mod" => false,
            ["crate", it, ..] => exports.iter().all(|name| name != it),
            ["self", "super", ..] | ["super", _, ..] => name.matches("super::").count() + 2 > depth,
            _ => false,
        };
        line.names.iter().any(is_private)
    });
}

#[test]
fn hyper_stays_inside_the_server() {
    let is_hyper = |it: &String| it.starts_with("hyper::") || it.starts_with("hyper_util::");
    hold("src", "hyper stays in server/", |line| {
        line.names.iter().any(is_hyper) && !line.is_in("src/server/")
    });
}

#[test]
fn features_are_named_where_modules_are() {
    let faces = "src/lib.rs src/ext/mod.rs src/server/";
    let rule = format!("a feature is named in {faces}, or in its extension if it is a backend");
    hold("src", &rule, |line| {
        let backend = line.extension().map(|it| it.replace('_', "-") + "-");
        let is_backend = |it: &str| backend.as_ref().is_some_and(|own| it.starts_with(own));
        let text = line.text.replace(' ', "");
        let mut named = text.split("feature=\"").skip(1);
        line.is_code && named.any(|it| !is_backend(it)) && !line.is_in(faces)
    });
}

#[test]
fn files_are_introduced_short_and_finished() {
    let rule = "a file opens with `//!` and says which step of a request it is";
    let is_bare = |it: &Line| it.number == 1 && !it.text.starts_with("//!");
    hold("src", rule, is_bare);
    let marks = "TO-DO FIX-ME to-do!( unimple-mented!(".replace('-', "");
    let is_left = |it: &Line| marks.split(' ').any(|mark| it.text.contains(mark));
    let is_block = |it: &Line| it.text.trim_start().starts_with("/*");
    let is_long = |it: &Line| it.number == FILE_LINES + 1;
    for dir in ["src", "tests", "examples", "benches"] {
        hold(dir, "this file is too long; split it by its ideas", is_long);
        hold(dir, "work that is left to do is not left here", is_left);
        hold(dir, "a comment begins with `//`", is_block);
    }
}

#[test]
fn the_core_stays_small() {
    let is_face = |it: &Line| !it.is_in("src/middleware/") || it.is_in("src/middleware/mod.rs");
    let core = |it: &Line| it.is_code && is_face(it) && !it.is_in("src/ext/ src/testing/");
    let count = lines("src").into_iter().filter(core).count();
    assert!(count < CORE_LINES, "The core has {count} lines of code.");
}

#[test]
fn the_map_shows_every_module() {
    let map = lines("src/lib.rs").into_iter().map(|it| it.text);
    let map: String = map.filter(|it| it.starts_with("//!")).collect();
    let shown = names(&map.replace(':', " "), &mut Vec::new());
    let rule = "the map at the top of the file shows every module; add this one";
    hold("src/lib.rs", rule, |line| {
        let item = line.text.strip_suffix(';').unwrap_or_default();
        let name = item.rsplit_once("mod ").filter(|_| line.is_code);
        name.is_some_and(|(_, name)| shown.iter().all(|it| it != name))
    });
}

#[test]
fn every_feature_is_described() {
    let manifest = include_str!("../Cargo.toml").split("\n[");
    let section = manifest.filter_map(|it| it.strip_prefix("features]\n"));
    let lines = section.flat_map(str::lines);
    let names = lines.filter_map(|line| Some(line.split_once(" = ")?.0));
    let names: Vec<_> = names.filter(|name| *name != "default").collect();
    assert!(names.contains(&"http2"), "{names:?}");
    let (map, readme) = (include_str!("../src/lib.rs"), include_str!("../README.md"));
    for (path, text) in [("src/lib.rs", map), ("README.md", readme)] {
        let is_missing = |name: &&&str| !text.contains(&format!("| `{name}` |"));
        let missing: Vec<_> = names.iter().filter(is_missing).collect();
        assert!(missing.is_empty(), "{path}: its table lacks {missing:?}");
    }
}

#[test]
fn the_changelog_knows_this_version() {
    let heading = concat!("\n## ", env!("CARGO_PKG_VERSION"));
    let is_known = include_str!("../CHANGELOG.md").contains(heading);
    assert!(is_known, "CHANGELOG.md:1: this version is missing.");
}
