//! The server against raw hyper: CPU per request, latency and memory, under `wrk`.
//!
//! ```text
//! cargo run --release                             # user and system time, one core each
//! cargo run --release -- instructions             # instructions per request, by callgrind
//! cargo run --release -- runtimes                 # kinds of runtime, on all cores
//! ```
//!
//! Options: `--rounds 5`, `--seconds 3` (of one measurement), `--runtime current|multi|per-core`,
//! and names of cases. It needs `wrk` and `taskset`, and for instructions `valgrind`.

mod app;
mod case;
mod child;
mod load;
#[path = "../../support/process.rs"]
mod process;
mod raw;
mod report;
mod runtime;
#[path = "../../support/wrk.rs"]
mod wrk;

use case::CASES;
use child::Kind;
use runtime::Runtime;

/// What the command line asks for.
struct Options {
    rounds: usize,
    seconds: u32,
    runtime: Runtime,
    cases: Vec<&'static case::Case>,
}

fn main() {
    let mut words = std::env::args().skip(1).peekable();
    let command = words.next_if(|word| !word.starts_with('-') && case::find(word).is_none());
    match command.as_deref() {
        Some("serve") => {
            let mut word = || words.next().expect("serve KIND RUNTIME");
            runtime::serve(Kind::parse(&word()), Runtime::parse(&word()));
        }
        None => report::times(&options(words)),
        Some("instructions") => report::instructions(&options(words)),
        Some("runtimes") => report::runtimes(&options(words)),
        Some(other) => panic!("`{other}` is neither a command nor a case"),
    }
}

fn options(mut words: impl Iterator<Item = String>) -> Options {
    let mut options = Options {
        rounds: 5,
        seconds: 3,
        runtime: Runtime::Current,
        cases: Vec::new(),
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().expect("an option has a value");
        match &*word {
            "--rounds" => options.rounds = value().parse().expect("a number of rounds"),
            "--seconds" => options.seconds = value().parse().expect("a number of seconds"),
            "--runtime" => options.runtime = Runtime::parse(&value()),
            name => options
                .cases
                .push(case::find(name).expect("the name of a case")),
        }
    }
    if options.cases.is_empty() {
        options.cases = CASES.iter().collect();
    }
    options
}
