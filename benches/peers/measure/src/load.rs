//! How servers are asked, by `wrk`.

use std::process::Command;

use crate::suite::root;
use crate::wrk;

/// How hard, and from where, a server is asked.
#[derive(Clone, Copy)]
pub struct Load {
    pub connections: u32,
    pub seconds: u32,
    /// The core the client keeps to.
    pub core: u32,
}

pub fn run(addr: &str, path: &str, script: Option<&str>, load: Load) -> wrk::Result {
    let mut words = vec!["taskset".to_owned(), "-c".to_owned(), load.core.to_string()];
    words.extend(["wrk", "-t1", "--latency", "--timeout", "20s"].map(str::to_owned));
    words.push(format!("-c{}", load.connections));
    words.push(format!("-d{}s", load.seconds));
    if let Some(script) = script {
        let script = root().join("benches").join(script);
        words.extend(["-s".to_owned(), script.display().to_string()]);
    }
    words.push(format!("http://{addr}{path}"));
    let output = Command::new(&words[0]).args(&words[1..]).output();
    let output = output.expect("wrk and taskset are installed");
    let text = String::from_utf8_lossy(&output.stdout);
    wrk::parse(&text).unwrap_or_else(|| panic!("{path}: wrk says: {text}"))
}
