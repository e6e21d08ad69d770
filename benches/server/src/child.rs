//! How a server is started as a process of its own.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::process::Process;
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

/// A running server; it ends with this value.
pub struct Server {
    pub process: Process,
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
        let process = Process(child);
        Self { process, addr }
    }
}
