//! `wrk`, and what it reports.

use std::process::Command;

use crate::suite::root;

/// How hard, and from where, a server is asked.
#[derive(Clone, Copy)]
pub struct Load {
    pub connections: u32,
    pub seconds: u32,
    /// The core the client keeps to.
    pub core: u32,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Result {
    pub requests: f64,
    /// Milliseconds.
    pub p99: f64,
}

pub fn run(addr: &str, path: &str, script: Option<&str>, load: Load) -> Result {
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
    parse(&text).unwrap_or_else(|| panic!("{path}: wrk says: {text}"))
}

/// `None` if there were errors, or answers with another status than 2xx or 3xx.
fn parse(text: &str) -> Option<Result> {
    if text.contains("Non-2xx") || text.contains("Socket errors") {
        return None;
    }
    let mut lines = text.lines().map(str::trim_start);
    let p99 = lines.find_map(|line| line.strip_prefix("99%"))?;
    let count = text.lines().find(|line| line.contains(" requests in "))?;
    Some(Result {
        requests: count.split_ascii_whitespace().next()?.parse().ok()?,
        p99: milliseconds(p99.trim())?,
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
