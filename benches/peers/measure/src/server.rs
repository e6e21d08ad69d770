//! How a program of the comparison is started.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};
use std::thread;

use crate::process::Process;
use crate::suite::Program;

/// A running server; it ends with this value.
pub struct Server {
    pub process: Process,
    pub addr: String,
}

impl Server {
    /// `wrapper` is a command that runs the program, such as `taskset -c 0`.
    pub fn start(program: &Program, variables: &[(&str, String)], wrapper: &[&str]) -> Self {
        assert!(
            program.path.exists(),
            "{} is not built: {}",
            program.name,
            program.built_by
        );
        let mut command = Command::new(wrapper[0]);
        command.args(&wrapper[1..]).arg(&program.path);
        command.env("ADDR", "127.0.0.1:0").stderr(Stdio::piped());
        command.envs(variables.iter().map(|(name, value)| (*name, value)));
        let mut child = command.spawn().expect("the wrapper is installed");
        let mut log = BufReader::new(child.stderr.take().expect("it is piped"));
        let (mut seen, mut addr) = (String::new(), None);
        while addr.is_none() {
            let start = seen.len();
            let read = log.read_line(&mut seen).expect("the log is text");
            assert!(read > 0, "{} did not start:\n{seen}", program.name);
            let said = seen[start..].split_once("listening on http://");
            addr = said.map(|(_, addr)| addr.trim().to_owned());
        }
        // Nothing waits for the rest of the log to be read.
        thread::spawn(move || drop(log.read_to_end(&mut Vec::new())));
        Self {
            process: Process(child),
            addr: addr.expect("it was said"),
        }
    }
}
