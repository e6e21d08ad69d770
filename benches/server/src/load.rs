//! `wrk`, and what it reports.

use std::process::Command;

use crate::case::Case;

/// How hard, and from where, a server is asked.
#[derive(Clone, Copy)]
pub struct Load {
    pub connections: u32,
    pub seconds: u32,
    /// The core the client keeps to; without one it uses two threads anywhere.
    pub core: Option<u32>,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Result {
    pub requests: f64,
    pub seconds: f64,
    /// Milliseconds.
    pub median: f64,
    pub p99: f64,
    pub max: f64,
}

pub fn run(addr: &str, case: &Case, load: Load) -> Result {
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
    parse(&text).unwrap_or_else(|| panic!("wrk says: {text}"))
}

/// `None` if there were errors, or answers with another status than 2xx or 3xx.
fn parse(text: &str) -> Option<Result> {
    if text.contains("Non-2xx") || text.contains("Socket errors") {
        return None;
    }
    let after = |label: &str, field: usize| {
        let line = text
            .lines()
            .find(|line| line.trim_start().starts_with(label))?;
        line.split_ascii_whitespace().nth(field)
    };
    let line = text.lines().find(|line| line.contains(" requests in "))?;
    let words: Vec<_> = line.split_ascii_whitespace().collect();
    Some(Result {
        requests: words[0].parse().ok()?,
        seconds: milliseconds(words[3].trim_end_matches(','))? / 1000.0,
        median: milliseconds(after("50%", 1)?)?,
        p99: milliseconds(after("99%", 1)?)?,
        max: milliseconds(after("Latency", 3)?)?,
    })
}

fn milliseconds(text: &str) -> Option<f64> {
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let number: f64 = text[..split].parse().ok()?;
    Some(match &text[split..] {
        "us" => number / 1000.0,
        "ms" => number,
        "s" => number * 1000.0,
        "m" => number * 60_000.0,
        _ => return None,
    })
}
