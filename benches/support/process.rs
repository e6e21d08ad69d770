//! A server as a process of its own: what the system says of it, and its end. For the packages that
//! measure servers.

use std::fs;
use std::process::{Child, Command};

/// Processor time in microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu {
    pub user: f64,
    pub system: f64,
}

impl Cpu {
    pub fn total(self) -> f64 {
        self.user + self.system
    }
}

/// A running process; it ends with this value.
pub struct Process(pub Child);

impl Process {
    /// User and system time so far. The system counts in hundredths of a second.
    pub fn cpu(&self) -> Cpu {
        let stat = self.proc("stat");
        let (_, fields) = stat.rsplit_once(')').expect("a line of numbers");
        let ticks = |field: usize| -> f64 {
            let text = fields.split_ascii_whitespace().nth(field - 3);
            text.and_then(|text| text.parse().ok()).expect("a number")
        };
        Cpu {
            user: ticks(14) * 10_000.0,
            system: ticks(15) * 10_000.0,
        }
    }

    /// The most memory it had so far, in MiB.
    pub fn peak_memory(&self) -> f64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_ascii_whitespace().next()?.parse::<f64>().ok());
        kib.expect("a size") / 1024.0
    }

    fn proc(&self, file: &str) -> String {
        let path = format!("/proc/{}/{file}", self.0.id());
        fs::read_to_string(path).expect("the server runs, on Linux")
    }

    /// Ends it as a supervisor does, so that a tool around it writes what it counted.
    pub fn stop(mut self) {
        let id = self.0.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status();
        assert!(sent.is_ok_and(|status| status.success()), "it runs");
        self.0.wait().expect("it ends");
    }
}

/// Nothing stays behind.
impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
