//! Temporary files: made with names nobody can guess, removed on drop, swept at start.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// How the names of all temporary files begin.
pub(super) const PREFIX: &str = ".cepa-upload-";

/// A file that is removed when this is dropped.
#[derive(Debug)]
pub(super) struct TempPath(Option<PathBuf>);

impl TempPath {
    /// Makes a new file in a folder, which only this user may read. Blocks.
    pub(super) fn create(dir: &Path) -> io::Result<(File, Self)> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        loop {
            let path = dir.join(format!("{PREFIX}{:016x}{:016x}", random(), random()));
            match options.open(&path) {
                Ok(file) => return Ok((file, Self(Some(path)))),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.0.as_deref().unwrap_or(Path::new(""))
    }

    /// Lets the file be: it has another name now, or none.
    pub(super) fn forget(mut self) {
        self.0 = None;
    }
}

/// Off the event loop, since the file may be large; at once where there is none.
impl Drop for TempPath {
    fn drop(&mut self) {
        let Some(path) = self.0.take() else {
            return;
        };
        let remove = Removal(path);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn_blocking(move || drop(remove));
        }
    }
}

/// Removes on drop too, for a runtime that ends before it comes to it.
struct Removal(PathBuf);

impl Drop for Removal {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Keyed by the system's randomness, as hash maps are. A name that can be guessed would do no harm,
/// since an existing file is never opened.
pub(super) fn random() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    RandomState::new().hash_one(COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Makes the folder where there is none, for this user alone, and tries whether it can be written
/// to. Blocks.
pub(super) fn prepare(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)?;
    let (_, path) = TempPath::create(dir)?;
    let removed = fs::remove_file(path.path());
    path.forget();
    removed
}

/// Removes the temporary files in a folder that were not written to for so long. What cannot be
/// read or removed stays. Blocks.
pub(super) fn sweep(dir: &Path, age: Duration) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if is_ours && is_stale(&entry, age) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether it is a file, and no link to one, that was not written to for so long.
fn is_stale(entry: &fs::DirEntry, age: Duration) -> bool {
    let Ok(about) = entry.metadata() else {
        return false;
    };
    let written = about.modified().ok();
    let since = written.and_then(|at| SystemTime::now().duration_since(at).ok());
    about.is_file() && since.is_some_and(|since| since >= age)
}
