//! What this process has in memory, in bytes, by `/proc/self/status`.
#![allow(dead_code, reason = "each test file uses some of it")]

/// Now.
pub(crate) fn resident() -> usize {
    status("VmRSS:")
}

/// The most so far.
pub(crate) fn peak() -> usize {
    status("VmHWM:")
}

fn status(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.unwrap().trim().split(' ').next().unwrap();
    kib.parse::<usize>().unwrap() * 1024
}
