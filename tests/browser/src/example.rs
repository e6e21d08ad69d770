//! The examples as programs, built once per run of tests.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::{env, thread};

use serde_json::Value;

/// A running example, ended when it is dropped.
#[derive(Debug)]
pub struct Example {
    child: Child,
    url: String,
}

impl Example {
    /// Starts the example of that name, with a variable and its value if it needs one.
    pub fn start(name: &str, variables: &[(&str, &OsStr)]) -> Self {
        let mut child = Command::new(&built()[name])
            .env("ADDR", "127.0.0.1:0")
            .envs(variables.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it was built");
        let mut log = BufReader::new(child.stderr.take().expect("stderr is piped"));
        let mut seen = String::new();
        let addr = loop {
            let start = seen.len();
            let read = log.read_line(&mut seen).expect("the log is text");
            assert!(read > 0, "{name} ended before it listened:\n{seen}");
            if let Some((_, addr)) = seen[start..].split_once("listening on http://") {
                break addr.trim().to_owned();
            }
        };
        // A log that nobody reads would stop whoever writes it.
        thread::spawn(move || io::copy(&mut log, &mut io::sink()));
        let url = format!("http://{addr}/");
        Self { child, url }
    }

    /// The address of the first page.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The programs by their names; cargo says where it puts them.
fn built() -> &'static HashMap<String, PathBuf> {
    static BUILT: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["build", "--examples", "--all-features", "--quiet"])
            .args(["--message-format=json", "--manifest-path", manifest])
            .stderr(Stdio::inherit())
            .output()
            .expect("cargo runs the tests");
        assert!(output.status.success(), "the examples are not built");
        let lines = output.stdout.split(|it| *it == b'\n');
        let messages = lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok());
        let program = |message: Value| {
            let name = message["target"]["name"].as_str()?.to_owned();
            Some((name, message["executable"].as_str()?.into()))
        };
        messages.filter_map(program).collect()
    })
}
