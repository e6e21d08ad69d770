//! `Assets`: files under names that change with their content.
//!
//! Before it: a page needs the address of a file. After it: browsers keep that file for ever, and
//! ask for another name once it has changed.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::config::{Files, mounted};
use super::fingerprint::{insert, strip};
use super::folder::{Entry, Opened};
use super::site::{Site, Store};
use crate::{App, ETag, Error, Result};

/// Files whose addresses carry a fingerprint of their content, so that they are sent with
/// `max-age=31536000, immutable`: `app.css` is at `/static/app.0123456789abcdef.css` too.
///
/// The second argument is where clients find what is mounted: the path of the mount, or the URL of
/// a cache in front of it. Clones share what they know.
///
/// ```
/// use cepa::files::{Assets, Files};
/// use cepa::prelude::*;
///
/// async fn page(State(assets): State<Assets>) -> Result<Html<String>> {
///     Ok(Html(format!("<link rel=stylesheet href={}>", assets.url("app.css")?)))
/// }
///
/// let assets = Assets::new(Files::embedded(&[("app.css", b"h1 { color: teal }")]), "/static");
/// let url = assets.url("app.css").unwrap();
///
/// let client = App::new().state(assets.clone()).get("/", page).mount("/static", assets).test();
/// client.get("/").send().assert_contains(&url);
/// client.get(&url).send().assert_header("cache-control", "max-age=31536000, immutable");
/// client.get("/static/app.css").send().assert_header("cache-control", "no-cache");
/// ```
///
/// A file is hashed when its address is first asked for, and again when its date or size has
/// changed, which is looked at once in a second. The hash is no cryptographic one.
#[derive(Clone)]
#[must_use = "assets are served once they are mounted: `app.mount(\"/static\", assets)`"]
pub struct Assets(Arc<Inner>);

struct Inner {
    base: String,
    site: Arc<Site>,
    problems: Vec<String>,
}

/// Files that are larger are not hashed.
const LARGEST: u64 = 16 * 1024 * 1024;

impl Assets {
    /// These files; `base` is where clients find them, such as `/static` or
    /// `https://cdn.example.com/static`.
    pub fn new(files: Files, base: impl Into<String>) -> Self {
        let (mut site, mut problems) = files.into_site();
        if matches!(site.store, Store::One(_)) {
            problems.push(
                "one file has an address of its own: make assets of a folder, by `Files::dir`"
                    .to_owned(),
            );
        }
        site.prints = Some(Prints::default());
        let mut base = base.into();
        while base.ends_with('/') {
            base.pop();
        }
        Self(Arc::new(Inner {
            base,
            site: Arc::new(site),
            problems,
        }))
    }

    /// The address of a file by its name below the mount, with its fingerprint; files of more than
    /// 16 MiB have none.
    ///
    /// The first call for a file reads it.
    ///
    /// # Errors
    /// 500 if there is no such file, or it cannot be read.
    #[track_caller]
    pub fn url(&self, name: &str) -> Result<String> {
        /// All but what RFC 3986, 2.3 leaves alone, and the slash.
        const PATH: &AsciiSet = &NON_ALPHANUMERIC
            .remove(b'-')
            .remove(b'.')
            .remove(b'_')
            .remove(b'~')
            .remove(b'/');
        let Inner { base, site, .. } = &*self.0;
        let mut segments = name.split('/').enumerate();
        let is_name = segments.all(|(at, segment)| site.names.allow(segment, at == 0));
        let Some(print) = is_name.then(|| site.print(name)).transpose()?.flatten() else {
            return Err(Error::internal(format!(
                "there is no asset `{}`: name it as below the mount, such as `css/app.css`",
                name.escape_debug()
            )));
        };
        let name = match print {
            Print::Hash(hash) => insert(name, &hash),
            Print::TooLarge => name.to_owned(),
        };
        Ok(format!("{base}/{}", utf8_percent_encode(&name, PATH)))
    }
}

/// As of [`Files`].
impl From<Assets> for App {
    #[track_caller]
    fn from(assets: Assets) -> Self {
        mounted(Arc::clone(&assets.0.site), &assets.0.problems)
    }
}

impl fmt::Debug for Assets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assets")
            .field("base", &self.0.base)
            .finish_non_exhaustive()
    }
}

/// What is known of the files that were asked for.
#[derive(Debug, Default)]
pub(super) struct Prints(RwLock<HashMap<String, Known>>);

#[derive(Debug)]
struct Known {
    hash: String,
    tag: Option<String>,
    looked: Instant,
}

#[derive(Debug)]
enum Print {
    Hash(String),
    TooLarge,
}

impl Site {
    /// The file that this name with a fingerprint stands for, if the fingerprint is the right one.
    pub(super) fn unprinted(&self, name: &str) -> Result<Option<(String, Opened)>> {
        if self.prints.is_none() {
            return Ok(None);
        }
        let Some((plain, wanted)) = strip(name) else {
            return Ok(None);
        };
        match self.print(&plain)? {
            Some(Print::Hash(hash)) if hash == wanted => {}
            _ => return Ok(None),
        }
        Ok(match self.entry(&plain)? {
            Entry::File(opened) => Some((plain, opened)),
            _ => None,
        })
    }

    /// The fingerprint of a file, `None` if there is no file of this name.
    fn print(&self, name: &str) -> Result<Option<Print>> {
        const FRESH: Duration = Duration::from_secs(1);
        let Some(Prints(known)) = &self.prints else {
            return Ok(None);
        };
        let read = known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = read.get(name).filter(|it| it.looked.elapsed() < FRESH) {
            return Ok(Some(Print::Hash(known.hash.clone())));
        }
        let before = read.get(name).map(|it| (it.hash.clone(), it.tag.clone()));
        drop(read);
        let Entry::File(mut opened) = self.entry(name)? else {
            return Ok(None);
        };
        if opened.length > LARGEST {
            return Ok(Some(Print::TooLarge));
        }
        let same = before.filter(|(_, tag)| tag.is_some() && *tag == opened.tag);
        let hash = match same {
            Some((hash, _)) => hash,
            None => fingerprint(&opened.content.read(0, opened.length)?),
        };
        let mut write = known.write().unwrap_or_else(PoisonError::into_inner);
        let found = Known {
            hash: hash.clone(),
            tag: opened.tag,
            looked: Instant::now(),
        };
        write.insert(name.to_owned(), found);
        Ok(Some(Print::Hash(hash)))
    }
}

/// 16 hexadecimal digits, folded out of the tag of the bytes.
fn fingerprint(bytes: &[u8]) -> String {
    let tag = ETag::of(bytes);
    let digits = u128::from_str_radix(tag.as_str().trim_matches('"'), 16);
    let hash = digits.unwrap_or_default();
    format!("{:016x}", (hash >> 64) as u64 ^ hash as u64)
}
