//! A server as a process of its own, and what the system says of it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::runtime::Runtime;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cepa,
    Hyper,
}

impl Kind {
    pub const BOTH: [Self; 2] = [Self::Cepa, Self::Hyper];

    pub fn parse(name: &str) -> Self {
        match name {
            "cepa" => Self::Cepa,
            "hyper" => Self::Hyper,
            _ => panic!("the kind is `cepa` or `hyper`"),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Cepa => "cepa",
            Self::Hyper => "hyper",
        }
    }
}

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

/// A running server; it ends with this value.
pub struct Server {
    child: Child,
    pub addr: String,
}

impl Server {
    /// `wrapper` is a command that runs the server, such as `taskset -c 0`.
    pub fn start(kind: Kind, runtime: Runtime, wrapper: &[&str]) -> Self {
        let own = std::env::current_exe().expect("this program's path");
        let mut words = wrapper.iter();
        let mut command = match words.next() {
            Some(program) => {
                let mut command = Command::new(program);
                command.args(words).arg(own);
                command
            }
            None => Command::new(own),
        };
        command.args(["serve", kind.name(), runtime.name()]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the wrapper is installed");
        let mut addr = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut addr).expect("text");
        let addr = addr.trim().to_owned();
        assert!(!addr.is_empty(), "the server did not start");
        Self { child, addr }
    }

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
        let path = format!("/proc/{}/{file}", self.child.id());
        fs::read_to_string(path).expect("the server runs")
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(mut self) {
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
