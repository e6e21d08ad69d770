//! Uploads: what is parsed and refused, into what it is made, and what is left on the disk.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod disk;
mod forms;
mod killed;
mod limits;
mod parsing;
mod property;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cepa::multipart::{Multipart, Uploads};
use cepa::prelude::*;
use cepa::testing::{TestClient, TestResponse};

/// What a browser would send, with the boundary `x`.
#[derive(Default)]
struct Form(Vec<u8>);

impl Form {
    fn text(self, name: &str, text: &str) -> Self {
        self.part(&format!("name=\"{name}\""), text)
    }

    fn file(self, name: &str, file_name: &str, content: impl AsRef<[u8]>) -> Self {
        self.part(
            &format!("name=\"{name}\"; filename=\"{file_name}\""),
            content,
        )
    }

    fn part(mut self, params: &str, content: impl AsRef<[u8]>) -> Self {
        let head = format!("--x\r\nContent-Disposition: form-data; {params}\r\n\r\n");
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(content.as_ref());
        self.0.extend_from_slice(b"\r\n");
        self
    }

    fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"--x--\r\n");
        self.0
    }
}

const FORM_DATA: &str = "multipart/form-data; boundary=x";

fn upload(client: &TestClient, path: &str, body: impl Into<Body>) -> TestResponse {
    let req = client.post(path).header("content-type", FORM_DATA);
    req.body(body).send()
}

/// Answers with all parts: name, file name and content.
async fn tell(mut parts: Multipart) -> Result<String> {
    let mut told = String::new();
    while let Some(mut field) = parts.next_field().await? {
        let mut content = Vec::new();
        while let Some(chunk) = field.chunk().await {
            content.extend_from_slice(&chunk?);
        }
        let file_name = field.file_name().map(|name| format!("({name})"));
        let file_name = file_name.unwrap_or_default();
        let content = String::from_utf8_lossy(&content);
        told += &format!("{}{file_name}={content};", field.name());
    }
    Ok(told)
}

/// A folder for one test, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("cepa-multipart-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        names(&self.0)
    }

    /// Files are removed beside the event loop.
    #[track_caller]
    fn wait_until_empty(&self) {
        let end = Instant::now() + Duration::from_secs(20);
        while !self.names().is_empty() {
            assert!(Instant::now() < end, "{:?}", self.names());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn names(dir: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap().flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_handler_that_takes_uploads_without_them_is_reported_with_the_fix() {
    let error = App::new().post("/", tell).build().unwrap_err().to_string();
    assert!(error.contains("`tell`"), "{error}");
    assert!(error.contains("add `.plug(Uploads::new())`"), "{error}");
    let inner = App::new().post("/", tell);
    assert!(
        App::new()
            .plug(Uploads::new())
            .mount("/a", inner)
            .build()
            .is_ok()
    );
}
