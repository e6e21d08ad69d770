//! `Files`: what is served, from where, and how.
//!
//! Before it: `main` says it. After it: the options are checked, and frozen in an app.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::embedded::{Embedded, Table};
use super::fingerprint::is_fingerprinted;
use super::folder::Folder;
use super::site::{Rule, Site, Store, serve};
use super::target::NameRules;
use crate::{App, CacheControl, Handler, HeaderValue, Request};

/// A folder, a file or embedded files, to be mounted: `app.mount("/static", Files::dir("public"))`.
///
/// ```
/// use cepa::files::Files;
/// use cepa::prelude::*;
///
/// let client = App::new().mount("/src", Files::dir("src").with_listing()).test();
/// client.get("/src/").send().assert_contains("lib.rs");
/// client.get("/src/lib.rs").send().assert_header("content-type", "application/octet-stream");
/// client.get("/src/../Cargo.toml").send().assert_status(404);
/// ```
#[must_use = "files are served once they are mounted: `app.mount(\"/static\", files)`"]
pub struct Files {
    from: Origin,
    index: Vec<String>,
    spa: Option<String>,
    listing: bool,
    precompressed: bool,
    dotfiles: bool,
    cache_control: CacheControl,
    is_immutable: Rule,
    types: Vec<(String, String)>,
}

enum Origin {
    Dir(PathBuf),
    File(PathBuf),
    Embedded(Table),
}

/// How long fingerprinted files are kept: a year, which is as good as for ever.
const YEAR: Duration = Duration::from_secs(31_536_000);

impl Files {
    /// The files in this folder and those below it. A relative path is seen from where the program
    /// was started.
    pub fn dir(path: impl AsRef<Path>) -> Self {
        Self::new(Origin::Dir(path.as_ref().to_owned()))
    }

    /// This file alone, at the very path of the mount. It may be a symlink to anywhere. Its content
    /// type is that of its name, or that of the path where its name has no extension.
    ///
    /// ```
    /// use cepa::files::Files;
    /// use cepa::prelude::*;
    ///
    /// let client = App::new().mount("/license.txt", Files::file("LICENSE")).test();
    /// let res = client.get("/license.txt").send();
    /// res.assert_contains("MIT").assert_header("content-type", "text/plain; charset=utf-8");
    /// ```
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self::new(Origin::File(path.as_ref().to_owned()))
    }

    /// Files that are part of the program, by their names below the mount.
    ///
    /// ```
    /// use cepa::files::Files;
    /// use cepa::prelude::*;
    ///
    /// let files = Files::embedded(&[
    ///     ("index.html", b"<h1>Hello</h1>"),
    ///     ("css/app.css", b"h1 { color: teal }"), // or `include_bytes!("../public/css/app.css")`
    /// ]);
    /// let client = App::new().mount("/", files).test();
    /// client.get("/").send().assert_text("<h1>Hello</h1>");
    /// client.get("/css/app.css").send().assert_header("content-type", "text/css; charset=utf-8");
    /// ```
    pub fn embedded(files: &'static [(&'static str, &'static [u8])]) -> Self {
        Self::new(Origin::Embedded(files))
    }

    fn new(from: Origin) -> Self {
        Self {
            from,
            index: vec!["index.html".to_owned()],
            spa: None,
            listing: false,
            precompressed: false,
            dotfiles: false,
            cache_control: CacheControl::new().no_cache(),
            is_immutable: Arc::new(is_fingerprinted),
            types: Vec::new(),
        }
    }

    /// The files that answer for their folder, the first that is there. None: `with_index([""; 0])`.
    /// Default: `index.html`.
    pub fn with_index<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.index = names.into_iter().map(Into::into).collect();
        self
    }

    /// Answers with this file, status 200, where there is none: GET and HEAD of a client that takes
    /// HTML, at a path whose last segment has no dot. For single-page apps, which read the path
    /// themselves.
    pub fn with_spa(mut self, name: impl Into<String>) -> Self {
        self.spa = Some(name.into());
        self
    }

    /// Shows what is in a folder without an index. Default: 404.
    pub fn with_listing(mut self) -> Self {
        self.listing = true;
        self
    }

    /// Sends `app.css.br`, `app.css.zst` or `app.css.gz` in place of `app.css` to clients that take
    /// it, for types that are worth compressing. One that is older than its file by more than a
    /// minute is left aside.
    pub fn with_precompressed(mut self) -> Self {
        self.precompressed = true;
        self
    }

    /// Serves names that begin with a dot too. Default: 404, except below `/.well-known/`.
    pub fn with_dotfiles(mut self) -> Self {
        self.dotfiles = true;
        self
    }

    /// `Cache-Control` of files that may change. Default: `no-cache`, by which clients keep them and
    /// ask each time whether they changed.
    pub fn with_cache_control(mut self, directives: CacheControl) -> Self {
        self.cache_control = directives;
        self
    }

    /// Says which files never change, by their names below the mount; they are sent with
    /// `max-age=31536000, immutable`. Default: those with a fingerprint in their name, such as
    /// `app.3f2a9c1b.css` or `app-3f2a9c1b.css`: the last part before the extension, behind a dot
    /// or hyphen, is 8 or more of `0-9a-f` with a digit and a letter among them.
    pub fn with_immutable(mut self, rule: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.is_immutable = Arc::new(rule);
        self
    }

    /// The content type of files with this extension, without the dot; empty for names without one.
    pub fn with_type(mut self, extension: &str, content_type: impl Into<String>) -> Self {
        let extension = extension.to_ascii_lowercase();
        self.types.insert(0, (extension, content_type.into()));
        self
    }

    pub(super) fn into_site(self) -> (Site, Vec<String>) {
        let mut problems = Vec::new();
        let names = NameRules {
            dotfiles: self.dotfiles,
            windows: cfg!(windows),
        };
        for name in self.index.iter().chain(&self.spa) {
            let mut segments = name.split('/').enumerate();
            if !segments.all(|(at, segment)| names.allow(segment, at == 0)) {
                let name = name.escape_debug();
                problems.push(format!(
                    "`{name}` is no name of a file below the mount: write it as `index.html`"
                ));
            }
        }
        let types = self.types.iter().filter_map(|(extension, text)| {
            let value = HeaderValue::try_from(text)
                .ok()
                .filter(|_| text.contains('/'));
            if value.is_none() {
                problems.push(format!(
                    "`{}` is no content type: write it as `text/plain; charset=utf-8`",
                    text.escape_debug()
                ));
            }
            Some((extension.clone(), value?))
        });
        let types = types.collect();
        let cache_control =
            (self.cache_control != CacheControl::new()).then(|| self.cache_control.into());
        let site = Site {
            store: self.from.open(names, &mut problems),
            names,
            index: self.index,
            spa: self.spa,
            listing: self.listing,
            precompressed: self.precompressed,
            cache_control,
            immutable: CacheControl::new().max_age(YEAR).immutable().into(),
            is_immutable: self.is_immutable,
            types,
            prints: None,
        };
        (site, problems)
    }
}

impl Origin {
    fn open(self, names: NameRules, problems: &mut Vec<String>) -> Store {
        let nothing = || Store::Embedded(Embedded::default());
        match self {
            Self::Dir(path) => match Folder::open(&path) {
                Ok(folder) => Store::Folder(folder),
                Err(error) => {
                    problems.push(unusable("folder", &path, &error));
                    nothing()
                }
            },
            Self::File(path) => {
                let checked = std::path::absolute(&path).and_then(|path| {
                    let is_file = std::fs::metadata(&path)?.is_file();
                    is_file
                        .then_some(path)
                        .ok_or(std::io::ErrorKind::InvalidInput.into())
                });
                checked.map(Store::One).unwrap_or_else(|error| {
                    problems.push(unusable("file", &path, &error));
                    nothing()
                })
            }
            Self::Embedded(table) => Store::Embedded(Embedded::new(table, names, problems)),
        }
    }
}

fn unusable(kind: &str, path: &Path, error: &std::io::Error) -> String {
    let at = std::path::absolute(path).unwrap_or(path.to_owned());
    format!(
        "the {kind} `{}` cannot be served: {error}; looked for it at `{}`",
        path.display(),
        at.display()
    )
}

/// An app that answers everything below its mount with these files; what is wrong with the options
/// is a problem that [`App::build`] reports.
impl From<Files> for App {
    #[track_caller]
    fn from(files: Files) -> Self {
        let (site, problems) = files.into_site();
        mounted(Arc::new(site), &problems, "files")
    }
}

/// An app that answers everything with these files.
#[track_caller]
pub(super) fn mounted(site: Arc<Site>, problems: &[String], name: &'static str) -> App {
    let mut app = App::new();
    for problem in problems {
        app = app.problem(problem);
    }
    let handler = move |req: Request| serve(Arc::clone(&site), req);
    app.fallback(handler.named(name))
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = match &self.from {
            Origin::Dir(path) | Origin::File(path) => path.display().to_string(),
            Origin::Embedded(files) => format!("{} embedded files", files.len()),
        };
        f.debug_struct("Files")
            .field("from", &from)
            .finish_non_exhaustive()
    }
}
