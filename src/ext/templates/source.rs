//! Where templates come from: a folder, or the program itself.
//!
//! After it: the engine compiles what was read.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::error::TemplateError;

/// Folders in folders beyond which there is a loop of links.
const DEEPEST: usize = 32;
/// The byte order mark.
const MARK: char = '\u{feff}';

/// A folder of templates, or a list of names and texts.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Dir(PathBuf),
    Embedded(Vec<(Cow<'static, str>, Cow<'static, str>)>),
}

/// A template as it was read.
#[derive(Debug)]
pub(super) struct Read {
    /// Its path below the folder, with `/` between the parts.
    pub(super) name: Cow<'static, str>,
    pub(super) text: Cow<'static, str>,
}

impl Read {
    /// What is wrong at this byte of it; `file` says how it is shown.
    pub(super) fn error(
        &self,
        file: &dyn Fn(&str) -> String,
        at: usize,
        message: String,
    ) -> TemplateError {
        TemplateError::new(&self.name, &file(&self.name), message).at(&self.text, at)
    }
}

/// What tells whether a folder is as it was: path, time and size of each file.
pub(super) type Stamp = Vec<(PathBuf, Option<SystemTime>, u64)>;

impl Source {
    /// All templates, by name, and what is wrong, a sentence each. What cannot be read is empty.
    pub(super) fn read(&self) -> (Vec<Read>, Vec<String>) {
        let dir = match self {
            Self::Embedded(list) => return embedded(list),
            Self::Dir(dir) => dir,
        };
        let stamp = match self.stamp() {
            Ok(stamp) => stamp,
            Err(problem) => return (Vec::new(), vec![problem]),
        };
        let (mut all, mut problems) = (Vec::new(), Vec::new());
        for (path, ..) in stamp {
            let shown = path.display();
            let text = match fs::read(&path).map(String::from_utf8) {
                Ok(Ok(text)) => text,
                Ok(Err(_)) => {
                    problems.push(format!(
                        "`{shown}` is not UTF-8: move what is no template out of the folder"
                    ));
                    String::new()
                }
                Err(error) => {
                    problems.push(format!("`{shown}` cannot be read: {error}"));
                    String::new()
                }
            };
            all.push(Read {
                name: name_of(dir, &path).into(),
                text: without_mark(text.into()),
            });
        }
        (all, problems)
    }

    /// The files there are, in the order of their paths; none where they are in the program.
    pub(super) fn stamp(&self) -> Result<Stamp, String> {
        let mut stamp = Vec::new();
        if let Self::Dir(dir) = self {
            walk(dir, 0, &mut stamp)?;
        }
        stamp.sort();
        Ok(stamp)
    }

    /// The file of a template, as messages name it.
    pub(super) fn file(&self, name: &str) -> String {
        match self {
            Self::Dir(dir) => dir.join(name).display().to_string(),
            Self::Embedded(_) => name.to_owned(),
        }
    }
}

fn embedded(list: &[(Cow<'static, str>, Cow<'static, str>)]) -> (Vec<Read>, Vec<String>) {
    let (mut all, mut problems) = (Vec::new(), Vec::new());
    for (i, (name, text)) in list.iter().enumerate() {
        if list[..i].iter().any(|(other, _)| other == name) {
            problems.push(format!("two templates are named `{name}`: rename one"));
        } else {
            let (name, text) = (name.clone(), without_mark(text.clone()));
            all.push(Read { name, text });
        }
    }
    (all, problems)
}

/// Files of editors and systems, which begin with a dot or end with a tilde, are left out, and so is what is no
/// file: a pipe would be waited for without end.
fn walk(dir: &Path, depth: usize, stamp: &mut Stamp) -> Result<(), String> {
    let fails = |error: std::io::Error| match (depth, std::env::current_dir()) {
        (0, Ok(here)) => format!(
            "the folder of templates `{}` cannot be read: {error}; the path is seen from `{}`",
            dir.display(),
            here.display()
        ),
        _ => format!("`{}` cannot be read: {error}", dir.display()),
    };
    if depth > DEEPEST {
        return Err(format!(
            "`{}` has links that lead in a circle",
            dir.display()
        ));
    }
    for entry in fs::read_dir(dir).map_err(fails)? {
        let path = entry.map_err(fails)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy());
        if name.is_none_or(|name| name.starts_with('.') || name.ends_with('~')) {
            continue;
        }
        // What was deleted since is no template any more.
        let Ok(about) = fs::metadata(&path) else {
            continue;
        };
        if about.is_dir() {
            walk(&path, depth + 1, stamp)?;
        } else if about.is_file() {
            stamp.push((path, about.modified().ok(), about.len()));
        }
    }
    Ok(())
}

/// Editors of some systems begin a file with a byte order mark, which a browser would show as text inside
/// of a page.
fn without_mark(text: Cow<'static, str>) -> Cow<'static, str> {
    match text {
        Cow::Borrowed(text) => text.strip_prefix(MARK).unwrap_or(text).into(),
        Cow::Owned(mut text) => {
            if text.starts_with(MARK) {
                text.remove(0);
            }
            text.into()
        }
    }
}

fn name_of(dir: &Path, path: &Path) -> String {
    let below = path.strip_prefix(dir).unwrap_or(path);
    let parts = below.iter().map(|part| part.to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}
