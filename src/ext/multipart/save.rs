//! From a complete temporary file to its name: all of it or nothing.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::temp::TempPath;
use crate::{Error, Result, StatusCode};

/// Where an upload is saved, and how. A path alone is one with the defaults.
///
/// ```
/// use cepa::multipart::SaveTo;
///
/// let plain: SaveTo = "uploads/me.png".into();
/// let careful = SaveTo::new("uploads/me.png").with_fsync().with_overwrite();
/// assert_eq!(plain.path(), careful.path());
/// ```
#[derive(Clone, Debug)]
pub struct SaveTo {
    path: PathBuf,
    overwrites: bool,
    syncs: bool,
    #[cfg(unix)]
    mode: Option<u32>,
}

impl SaveTo {
    /// At this path, whose folder has to be there.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            overwrites: false,
            syncs: false,
            #[cfg(unix)]
            mode: None,
        }
    }

    /// Replaces a file that is there already. Default: that is a 409, and the file stays.
    #[must_use]
    pub fn with_overwrite(mut self) -> Self {
        self.overwrites = true;
        self
    }

    /// Waits until the file and its name are on the disk, so that a power failure loses neither.
    /// Default: the system writes them when it likes.
    #[must_use]
    pub fn with_fsync(mut self) -> Self {
        self.syncs = true;
        self
    }

    /// Who may read it, such as `0o644` for all. Default: `0o600`, the user of this program alone.
    #[cfg(unix)]
    #[must_use]
    pub fn with_mode(mut self, mode: u32) -> Self {
        self.mode = Some(mode);
        self
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder it is in.
    fn dir(&self) -> &Path {
        let dir = self.path.parent().unwrap_or(Path::new(""));
        if dir.as_os_str().is_empty() {
            Path::new(".")
        } else {
            dir
        }
    }

    /// Gives the file this name. Blocks.
    pub(super) fn place(&self, temp: TempPath) -> Result<()> {
        self.put(temp).map_err(|error| self.explain(error))
    }

    fn put(&self, temp: TempPath) -> io::Result<()> {
        self.finish(temp.path())?;
        let temp = match self.publish(temp.path()) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                let (mut copy, path) = TempPath::create(self.dir())?;
                io::copy(&mut File::open(temp.path())?, &mut copy)?;
                self.finish(path.path())?;
                self.publish(path.path())?;
                drop(temp);
                path
            }
            published => {
                published?;
                temp
            }
        };
        temp.forget();
        #[cfg(unix)]
        if self.syncs {
            File::open(self.dir())?.sync_all()?;
        }
        Ok(())
    }

    /// What has to be so before the file gets its name.
    fn finish(&self, temp: &Path) -> io::Result<()> {
        #[cfg(unix)]
        if let Some(mode) = self.mode {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
            fs::set_permissions(temp, mode)?;
        }
        if self.syncs {
            OpenOptions::new().write(true).open(temp)?.sync_all()?;
        }
        Ok(())
    }

    /// A rename replaces what is there, a link does not.
    fn publish(&self, temp: &Path) -> io::Result<()> {
        use io::ErrorKind::{AlreadyExists, CrossesDevices, NotFound};
        if self.overwrites {
            return fs::rename(temp, &self.path);
        }
        match fs::hard_link(temp, &self.path) {
            Ok(()) => {
                let _ = fs::remove_file(temp);
                Ok(())
            }
            Err(error) if matches!(error.kind(), AlreadyExists | CrossesDevices | NotFound) => {
                Err(error)
            }
            // File systems without links: an empty file keeps the name until it is replaced.
            Err(_) => {
                OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .open(&self.path)?;
                fs::rename(temp, &self.path).inspect_err(|_| {
                    let _ = fs::remove_file(&self.path);
                })
            }
        }
    }

    fn explain(&self, error: io::Error) -> Error {
        if error.kind() == io::ErrorKind::AlreadyExists && !self.overwrites {
            return Error::conflict("there is a file of this name already").with_source(error);
        }
        io_error(error, &format!("saved at `{}`", self.path.display()))
    }
}

/// 507 where the disk is full, otherwise 500 (RFC 4918, 11.5).
pub(super) fn io_error(error: io::Error, what: &str) -> Error {
    let is_full = matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    );
    let status = match is_full {
        true => StatusCode::INSUFFICIENT_STORAGE,
        false => StatusCode::INTERNAL_SERVER_ERROR,
    };
    Error::new(status, format!("an upload could not be {what}")).with_source(error)
}

impl From<PathBuf> for SaveTo {
    fn from(path: PathBuf) -> Self {
        Self::new(path)
    }
}

impl From<&Path> for SaveTo {
    fn from(path: &Path) -> Self {
        Self::new(path)
    }
}

impl From<&PathBuf> for SaveTo {
    fn from(path: &PathBuf) -> Self {
        Self::new(path)
    }
}

impl From<String> for SaveTo {
    fn from(path: String) -> Self {
        Self::new(path)
    }
}

impl From<&str> for SaveTo {
    fn from(path: &str) -> Self {
        Self::new(path)
    }
}
