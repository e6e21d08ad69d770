//! Examples with pages, used in Chromium as people use them: by typing, clicking and reading.
//!
//! The tests run where `CEPA_TEST_CHROMIUM` names the program, and say elsewhere that they were
//! skipped. They build the examples themselves. Nothing stands between them and the browser: it
//! speaks the DevTools protocol over a pipe.

mod browser;
mod example;
mod tab;

pub use browser::Browser;
pub use example::Example;
pub use tab::Tab;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

/// A new folder among the system's temporary files, removed in the end.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder; its name is of this process and call only.
    #[expect(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("cepa-browser-{}-{number}", process::id());
        let path = env::temp_dir().join(name);
        fs::create_dir(&path).expect("the folder of temporary files can be written to");
        Self(path)
    }

    /// A path in the folder.
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
