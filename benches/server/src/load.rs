//! How servers are asked, by `wrk`.

use std::process::Command;

use crate::case::Case;
use crate::wrk;

/// How hard, and from where, a server is asked.
#[derive(Clone, Copy)]
pub struct Load {
    pub connections: u32,
    pub seconds: u32,
    /// The core the client keeps to; without one it uses two threads anywhere.
    pub core: Option<u32>,
}

pub fn run(addr: &str, case: &Case, load: Load) -> wrk::Result {
    let mut command = match load.core {
        Some(core) => {
            let mut command = Command::new("taskset");
            command.args(["-c", &core.to_string(), "wrk", "-t1"]);
            command
        }
        None => {
            let mut command = Command::new("wrk");
            command.arg("-t2");
            command
        }
    };
    command.args(["--latency", "--timeout", "10s"]);
    command.args([
        format!("-c{}", load.connections),
        format!("-d{}s", load.seconds),
    ]);
    if let Some(header) = case.header {
        command.args(["-H", header]);
    }
    if let Some(script) = case.script {
        command.args([
            "-s",
            &format!("{}/wrk/{script}", env!("CARGO_MANIFEST_DIR")),
        ]);
    }
    let output = command.arg(format!("http://{addr}{}", case.path)).output();
    let output = output.expect("wrk and taskset are installed");
    let text = String::from_utf8_lossy(&output.stdout);
    wrk::parse(&text).unwrap_or_else(|| panic!("wrk says: {text}"))
}
