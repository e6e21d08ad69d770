//! Files over the wire's rules: what is found, how it is described, and that nothing else is.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]
#![cfg(unix)]

mod assets;
mod conditions;
mod forms;
mod places;
mod ranges;
mod sockets;
mod traversal;

#[path = "../wire/mod.rs"]
mod wire;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use cepa::files::Files;
use cepa::prelude::*;
use cepa::testing::TestClient;

/// A folder that is gone with the test: `public` in it is served, what is beside it is secret.
struct Place(PathBuf);

const SECRET: &str = "the secret";

impl Place {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("cepa-files-{}-{count}", std::process::id());
        let place = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(place.root()).unwrap();
        fs::write(place.0.join("secret.txt"), SECRET).unwrap();
        place
    }

    fn root(&self) -> PathBuf {
        self.0.join("public")
    }

    /// Writes a file an hour ago.
    fn with(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.write(name, content);
        self
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        set_age(&path, Duration::from_secs(3600));
        path
    }

    fn files(&self) -> Files {
        Files::dir(self.root())
    }

    fn serve(&self, change: impl FnOnce(Files) -> Files) -> TestClient {
        App::new().mount("/static", change(self.files())).test()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn set_age(path: &Path, age: Duration) {
    let file = fs::File::options().append(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - age).unwrap();
}
