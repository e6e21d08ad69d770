//! Measures servers that answer the same, in turn and in one run.
//!
//! ```text
//! cargo run --release -- techempower                  # CPU, p99 and memory
//! cargo run --release -- techempower instructions     # instructions in user space, by callgrind
//! cargo run --release -- techempower instructions /db # of one case only
//! cargo run --release -- conduit
//! ```
//!
//! `--rounds 9`, `--seconds 2` and `--connections 64` change how much. Needs `wrk`, `taskset` and, for
//! instructions, `valgrind`; the suites say what else.

mod conduit;
mod load;
#[path = "../../../support/process.rs"]
mod process;
mod report;
mod server;
mod suite;
#[allow(dead_code, reason = "p99 is told, the others are not")]
#[path = "../../../support/wrk.rs"]
mod wrk;

use std::env;
use suite::Suite;

/// What the arguments said.
pub struct Options {
    pub rounds: usize,
    pub seconds: u32,
    pub connections: u32,
    /// Titles of cases; all, if there are none.
    pub only: Vec<String>,
}

fn main() {
    let mut words = env::args().skip(1).peekable();
    let name = words
        .next()
        .expect("a suite is named: `techempower` or `conduit`");
    let counts = words.next_if(|word| word == "instructions").is_some();
    let mut options = Options {
        rounds: 5,
        seconds: if counts { 5 } else { 2 },
        connections: if counts { 8 } else { 64 },
        only: Vec::new(),
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().expect("an option has a value");
        match &*word {
            "--rounds" => options.rounds = value().parse().expect("a number of rounds"),
            "--seconds" => options.seconds = value().parse().expect("a number of seconds"),
            "--connections" => options.connections = value().parse().expect("a number"),
            _ => options.only.push(word),
        }
    }
    let suite = Suite::find(&name, &options.only);
    if name == "conduit" {
        conduit::fill(&suite);
    }
    match counts {
        true => report::instructions(&suite, &options),
        false => report::times(&suite, &options),
    }
    if name == "conduit" {
        conduit::clear();
    }
}
