//! A folder of the file system: what is there under a name, and never anything outside of it.
//!
//! Before it: the name was checked segment by segment. After it: the opened file is sent. All of
//! this blocks, so it runs on threads made for that.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::body::Content;

/// What is under a name.
#[derive(Debug)]
pub(super) enum Entry {
    File(Opened),
    Folder,
    Nothing,
}

/// A file, ready to be sent.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) content: Content,
    pub(super) length: u64,
    /// Changes with the content.
    pub(super) tag: Option<String>,
    pub(super) modified: Option<SystemTime>,
}

/// Something in a folder.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) is_dir: bool,
    pub(super) length: u64,
    pub(super) modified: Option<SystemTime>,
}

/// A folder that nothing leads out of.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// The same without symlinks, as the system says it.
    root: PathBuf,
}

impl Folder {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        if !fs::metadata(&path)?.is_dir() {
            return Err(ErrorKind::NotADirectory.into());
        }
        let root = real_dir(&path)?;
        Ok(Self { path, root })
    }

    /// What is under a name that was checked; `""` is the folder itself.
    pub(super) fn entry(&self, name: &str) -> io::Result<Entry> {
        let found = self.find(&self.path.join(name));
        found.or_else(|error| match is_absent(&error) {
            true => Ok(Entry::Nothing),
            false => Err(error),
        })
    }

    /// The tag of a file, which is not opened for it.
    pub(super) fn tag(&self, name: &str) -> Option<String> {
        let facts = fs::metadata(self.path.join(name)).ok()?;
        tag(&facts)
    }

    fn find(&self, path: &Path) -> io::Result<Entry> {
        // Devices and pipes are left alone: to open one may do something.
        let kind = fs::metadata(path)?;
        if kind.is_dir() {
            let is_inside = real_dir(path)?.starts_with(&self.root);
            return Ok(if is_inside {
                Entry::Folder
            } else {
                Entry::Nothing
            });
        }
        if !kind.is_file() {
            return Ok(Entry::Nothing);
        }
        let Some((file, facts)) = open(path)? else {
            return Ok(Entry::Nothing);
        };
        // What was opened counts, whatever the path leads to by now.
        if !real_file(&file, path)?.starts_with(&self.root) {
            return Ok(Entry::Nothing);
        }
        Ok(Entry::File(Opened::new(file, &facts)))
    }

    /// What is in a folder, at most so many names. Left out are those that `allow` says no to, and
    /// what could not be asked for.
    pub(super) fn list(
        &self,
        name: &str,
        most: usize,
        allow: impl Fn(&str) -> bool,
    ) -> io::Result<Vec<Item>> {
        let mut items = Vec::new();
        for found in fs::read_dir(self.path.join(name))? {
            let Ok(found) = found else { continue };
            let Ok(name) = found.file_name().into_string() else {
                continue;
            };
            let is_link = found.file_type().is_ok_and(|it| it.is_symlink());
            let Ok(facts) = fs::metadata(found.path()) else {
                continue;
            };
            let is_kind = facts.is_dir() || facts.is_file();
            let real = || fs::canonicalize(found.path());
            let leaves = is_link && !real().is_ok_and(|path| path.starts_with(&self.root));
            if !is_kind || leaves || !allow(&name) {
                continue;
            }
            items.push(Item {
                name,
                is_dir: facts.is_dir(),
                length: facts.len(),
                modified: facts.modified().ok(),
            });
            if items.len() == most {
                break;
            }
        }
        Ok(items)
    }
}

/// One file, wherever it is.
pub(super) fn one(path: &Path) -> io::Result<Entry> {
    let opened = open(path).map(|it| it.map(|(file, facts)| Opened::new(file, &facts)));
    match opened {
        Ok(Some(opened)) => Ok(Entry::File(opened)),
        Ok(None) => Ok(Entry::Nothing),
        Err(error) if is_absent(&error) => Ok(Entry::Nothing),
        Err(error) => Err(error),
    }
}

impl Opened {
    fn new(file: File, facts: &Metadata) -> Self {
        Self {
            content: Content::File(file),
            length: facts.len(),
            tag: tag(facts),
            modified: date(facts),
        }
    }
}

/// When a file was changed. Builds that can be repeated set the dates of all files to one of the
/// days before this, so that they say nothing about a change.
fn date(facts: &Metadata) -> Option<SystemTime> {
    const FIRST: Duration = Duration::from_secs(315_619_200); // 2 January 1980
    let first = SystemTime::UNIX_EPOCH + FIRST;
    facts.modified().ok().filter(|at| *at >= first)
}

fn tag(facts: &Metadata) -> Option<String> {
    let since = date(facts)?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(format!("{:x}-{:x}", since.as_nanos(), facts.len()))
}

/// Opens a regular file; `None` for anything else. One that became a pipe a moment ago does not
/// block.
fn open(path: &Path) -> io::Result<Option<(File, Metadata)>> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        libc::O_NONBLOCK | libc::O_NOCTTY,
    );
    let file = options.open(path)?;
    let facts = file.metadata()?;
    Ok(facts.is_file().then_some((file, facts)))
}

/// The path of an open file without symlinks.
#[cfg(target_os = "linux")]
fn real_file(file: &File, path: &Path) -> io::Result<PathBuf> {
    let number = std::os::fd::AsRawFd::as_raw_fd(file);
    fs::read_link(format!("/proc/self/fd/{number}")).or_else(|_| fs::canonicalize(path))
}

/// The path of a file without symlinks; where the system cannot be asked about an open file, the
/// path has to do.
#[cfg(not(target_os = "linux"))]
fn real_file(_: &File, path: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(path)
}

fn real_dir(path: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(path)
}

/// Whether an error says that there is nothing for us under this name.
fn is_absent(error: &io::Error) -> bool {
    use ErrorKind::{
        InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound, PermissionDenied,
    };
    let kinds = [
        InvalidFilename,
        InvalidInput,
        IsADirectory,
        NotADirectory,
        NotFound,
        PermissionDenied,
    ];
    #[cfg(unix)]
    if matches!(
        error.raw_os_error(),
        Some(libc::ELOOP | libc::ENXIO | libc::ENODEV)
    ) {
        return true;
    }
    kinds.contains(&error.kind())
}
