//! Files that are part of the program.
//!
//! Before it: the name was checked. After it: the bytes are sent from where they are.

use std::collections::{HashMap, HashSet};

use super::body::Content;
use super::folder::{Entry, Item, Opened};
use super::target::NameRules;
use crate::{Bytes, ETag};

/// Names with `/` between, and their bytes.
pub(super) type Table = &'static [(&'static str, &'static [u8])];

/// Files by name, with tags of their bytes.
#[derive(Debug, Default)]
pub(super) struct Embedded {
    files: HashMap<&'static str, (&'static [u8], String)>,
    folders: HashSet<&'static str>,
}

impl Embedded {
    /// Reads the table. Names that nobody could ask for, and those that are there twice, are
    /// problems.
    pub(super) fn new(table: Table, rules: NameRules, problems: &mut Vec<String>) -> Self {
        let mut found = Self::default();
        for (name, bytes) in table.iter().copied() {
            let mut segments = name.split('/').enumerate();
            if !segments.all(|(at, segment)| rules.allow(segment, at == 0)) {
                problems.push(format!(
                    "the embedded file `{}` cannot be asked for: name it as in a URL, without a \
                     slash in front, `..` or a hidden name",
                    name.escape_debug()
                ));
                continue;
            }
            let tag = ETag::of(bytes).as_str().replace('"', "");
            if found.files.insert(name, (bytes, tag)).is_some() {
                problems.push(format!("the embedded file `{name}` is there twice"));
            }
            let ends = name.match_indices('/').map(|(at, _)| &name[..at]);
            found.folders.extend(ends);
        }
        found.folders.insert("");
        for name in found
            .folders
            .iter()
            .filter(|it| found.files.contains_key(*it))
        {
            problems.push(format!(
                "the embedded file `{name}` cannot be a folder too: rename one of them"
            ));
        }
        found
    }

    pub(super) fn entry(&self, name: &str) -> Entry {
        match self.files.get(name) {
            Some((bytes, tag)) => Entry::File(Opened {
                content: Content::Memory(Bytes::from_static(bytes)),
                length: bytes.len() as u64,
                tag: Some(tag.clone()),
                modified: None,
            }),
            None if self.folders.contains(name) => Entry::Folder,
            None => Entry::Nothing,
        }
    }

    pub(super) fn tag(&self, name: &str) -> Option<String> {
        self.files.get(name).map(|(_, tag)| tag.clone())
    }

    /// What is in a folder.
    pub(super) fn list(&self, folder: &str) -> Vec<Item> {
        let below = |name: &'static str| match folder {
            "" => Some(name),
            _ => name.strip_prefix(folder)?.strip_prefix('/'),
        };
        let item = |name: &str, length, is_dir| Item {
            name: name.to_owned(),
            is_dir,
            length,
            modified: None,
        };
        let direct = |name: &&str| !name.is_empty() && !name.contains('/');
        let files = self.files.iter().filter_map(|(name, (bytes, _))| {
            let name = below(name).filter(direct)?;
            Some(item(name, bytes.len() as u64, false))
        });
        let folders = self.folders.iter().filter_map(|name| {
            let name = below(name).filter(direct)?;
            Some(item(name, 0, true))
        });
        files.chain(folders).collect()
    }
}
