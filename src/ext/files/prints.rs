//! Which name a file has with a fingerprint of its content, and which file such a name is of.
//!
//! Before it: a page asks for an address, or a request came to one. After it: the address is
//! written, or the file sent as one that never changes.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::fingerprint::{insert, strip, without_fingerprint};
use super::folder::{Entry, Item, Opened};
use super::site::Site;
use super::target::Target;
use crate::{ETag, Result};

/// What is known of the files that were asked for.
#[derive(Debug, Default)]
pub(super) struct Prints(RwLock<HashMap<String, Known>>);

#[derive(Clone, Debug)]
struct Known {
    /// The name with the fingerprint.
    printed: String,
    tag: Option<String>,
    looked: Instant,
}

/// Files that are larger are not hashed.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Names in a message about one that is not there.
const NAMED: usize = 8;

/// The rest of such a message where there are none.
pub(super) const HOW_TO_NAME: &str = ": name it as below the mount, such as `css/app.css`";

impl Known {
    /// Whether it still is that of a file with this tag. What has none, whose date says nothing, is
    /// looked at once in a second.
    fn is_of(&self, tag: Option<&str>) -> bool {
        match (&self.tag, tag) {
            (Some(known), Some(tag)) => known == tag,
            _ => self.looked.elapsed() < Duration::from_secs(1),
        }
    }
}

impl Prints {
    fn known(&self, name: &str) -> Option<Known> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(name).cloned()
    }

    fn keep(&self, name: &str, printed: &str, tag: Option<String>) {
        let known = Known {
            printed: printed.to_owned(),
            tag,
            looked: Instant::now(),
        };
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(name.to_owned(), known);
    }
}

impl Site {
    /// The file that this name with a fingerprint stands for, if the fingerprint is the right one.
    pub(super) fn unprinted(&self, name: &str) -> Result<Option<(String, Opened)>> {
        let Some(prints) = &self.prints else {
            return Ok(None);
        };
        let Some(plain) = strip(name) else {
            return Ok(None);
        };
        let Entry::File(mut opened) = self.entry(&plain)? else {
            return Ok(None);
        };
        let is_right = self.print(prints, &plain, &mut opened)? == name;
        Ok(is_right.then_some((plain, opened)))
    }

    /// The name of a file with its fingerprint; `None` if there is no such file.
    pub(super) fn printed(&self, name: &str) -> Result<Option<String>> {
        let Some(prints) = &self.prints else {
            return Ok(None);
        };
        if let Some(known) = prints.known(name)
            && known.is_of(self.tag(name).as_deref())
        {
            return Ok(Some(known.printed));
        }
        if let Entry::File(mut opened) = self.entry(name)? {
            return Ok(Some(self.print(prints, name, &mut opened)?));
        }
        let built = self.built(name);
        if let Some(built) = &built {
            prints.keep(name, built, None);
        }
        Ok(built)
    }

    /// By what was opened, so that no name is that of another content.
    fn print(&self, prints: &Prints, name: &str, opened: &mut Opened) -> Result<String> {
        if let Some(known) = prints.known(name)
            && known.is_of(opened.tag.as_deref())
        {
            return Ok(known.printed);
        }
        let printed = match opened.length > LARGEST || (self.is_immutable)(name) {
            true => name.to_owned(),
            false => insert(name, &fingerprint(&opened.content.read(0, opened.length)?)),
        };
        prints.keep(name, &printed, opened.tag.clone());
        Ok(printed)
    }

    /// The newest of the files that a bundler wrote for this name.
    fn built(&self, name: &str) -> Option<String> {
        let (folder, file) = split(name);
        let files = self.files_in(&folder).into_iter();
        let built = files.filter(|it| without_fingerprint(&it.name).as_deref() == Some(file));
        let newest = built.max_by(|a, b| (a.modified, &a.name).cmp(&(b.modified, &b.name)))?;
        Some(folder.join(&newest.name))
    }

    /// What there is where a file was looked for, as the rest of a sentence.
    pub(super) fn beside(&self, name: &str) -> String {
        let (folder, _) = split(name);
        let files = self.files_in(&folder).into_iter();
        let mut names: Vec<_> = files.map(|it| folder.join(&it.name)).collect();
        names.sort();
        let rest = if names.len() > NAMED { ", .." } else { "" };
        names.truncate(NAMED);
        match names.is_empty() {
            true => HOW_TO_NAME.to_owned(),
            false => format!(": there is `{}`{rest}", names.join("`, `")),
        }
    }

    fn files_in(&self, folder: &Target) -> Vec<Item> {
        let items = match self.entry(&folder.name) {
            Ok(Entry::Folder) => self.list(folder).unwrap_or_default(),
            _ => Vec::new(),
        };
        items.into_iter().filter(|it| !it.is_dir).collect()
    }
}

/// The folder of a name, and what stands behind it.
fn split(name: &str) -> (Target, &str) {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let folder = Target {
        name: folder.to_owned(),
        is_dir: true,
    };
    (folder, file)
}

/// 16 hexadecimal digits, folded out of the tag of the bytes.
fn fingerprint(bytes: &[u8]) -> String {
    let tag = ETag::of(bytes);
    let digits = tag.as_str().trim_matches('"');
    match u128::from_str_radix(digits, 16) {
        Ok(hash) => format!("{:016x}", (hash >> 64) as u64 ^ hash as u64),
        Err(_) => digits.to_owned(),
    }
}
