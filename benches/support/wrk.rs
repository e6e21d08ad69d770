//! What `wrk --latency` reports. For the packages that measure servers.

/// The figures of a run.
#[derive(Clone, Copy, Debug)]
pub struct Result {
    pub requests: f64,
    pub seconds: f64,
    /// Milliseconds.
    pub median: f64,
    pub p99: f64,
    pub max: f64,
}

/// `None` if there were errors, or answers with another status than 2xx or 3xx.
pub fn parse(text: &str) -> Option<Result> {
    if text.contains("Non-2xx") || text.contains("Socket errors") {
        return None;
    }
    let after = |label: &str, field: usize| {
        let mut lines = text.lines();
        let line = lines.find(|line| line.trim_start().starts_with(label))?;
        line.split_ascii_whitespace().nth(field)
    };
    let line = text.lines().find(|line| line.contains(" requests in "))?;
    let words: Vec<_> = line.split_ascii_whitespace().collect();
    Some(Result {
        requests: words.first()?.parse().ok()?,
        seconds: milliseconds(words.get(3)?.trim_end_matches(','))? / 1000.0,
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
