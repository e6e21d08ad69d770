//! `Uploads`: limits, and the folder for what does not stay in memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::limits::UploadLimits;
use super::temp;
use crate::{App, Error, Extension, Result};

/// Lets handlers of an app, and of those mounted in it, take uploads; see
/// [the module](crate::multipart).
///
/// ```
/// use cepa::multipart::{Multipart, UploadLimits, Uploads};
/// use cepa::prelude::*;
///
/// let limits = UploadLimits::new().with_total(100 * 1024 * 1024);
/// let uploads = Uploads::new().with_limits(limits);
/// let app = App::new().plug(uploads).post("/", async |_: Multipart| "thanks");
/// assert!(app.build().is_ok());
/// // Without `Uploads`, handlers with uploads do not build.
/// assert!(App::new().post("/", async |_: Multipart| "thanks").build().is_err());
/// ```
#[derive(Clone, Debug)]
#[must_use = "an extension does nothing until it is plugged"]
pub struct Uploads {
    pub(super) limits: UploadLimits,
    pub(super) temp_dir: Arc<Path>,
    swept: Vec<PathBuf>,
    age: Duration,
}

impl Uploads {
    /// The defaults: see the knobs.
    pub fn new() -> Self {
        Self {
            limits: UploadLimits::new(),
            temp_dir: std::env::temp_dir().into(),
            swept: Vec::new(),
            age: Duration::from_secs(24 * 60 * 60),
        }
    }

    /// How much uploads may have. Default: those of [`UploadLimits`].
    pub fn with_limits(mut self, limits: UploadLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Where uploads stand until they are complete; made at start if it is not there. Default: the
    /// system's folder for temporary files (`TMPDIR`).
    ///
    /// On the file system of the folder that files are saved to, saving is a rename; from another
    /// one, the file is copied first. Some systems keep `/tmp` in memory.
    pub fn with_temp_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.temp_dir = dir.into().into();
        self
    }

    /// A folder, besides the one for temporaries, that is freed at start of what was left behind. It
    /// is for those to which files are saved from another file system. Default: none.
    pub fn with_swept(mut self, dir: impl Into<PathBuf>) -> Self {
        self.swept.push(dir.into());
        self
    }

    /// How long ago a temporary file was last written when a start removes it. Default: 24 hours.
    /// It is longer than any upload takes, since other processes may share the folder.
    pub fn with_max_age(mut self, age: Duration) -> Self {
        self.age = age;
        self
    }
}

impl Default for Uploads {
    fn default() -> Self {
        Self::new()
    }
}

impl Extension for Uploads {
    fn install(self, mut app: App) -> App {
        for problem in self.limits.wrong_options() {
            app = app.problem(problem);
        }
        if self.temp_dir.as_os_str().is_empty() {
            app =
                app.problem("the folder for temporary files has no name: `with_temp_dir(\"..\")`");
        }
        let uploads = self.clone();
        app.state(self).on_start(async move || start(uploads).await)
    }
}

/// Makes sure that the folder can be written to, and removes what a process that was killed left.
async fn start(uploads: Uploads) -> Result<()> {
    crate::blocking(move || {
        let dir = &uploads.temp_dir;
        temp::prepare(dir).map_err(|error| {
            let dir = dir.display();
            let message = format!(
                "uploads cannot be kept in `{dir}`: let the program write there, or name another folder by `Uploads::with_temp_dir`"
            );
            Error::internal(message).with_source(error)
        })?;
        for dir in std::iter::once(&**dir).chain(uploads.swept.iter().map(PathBuf::as_path)) {
            temp::sweep(dir, uploads.age);
        }
        Ok(())
    })
    .await?
}
