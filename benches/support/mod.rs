//! The harness of the benches: times, counted instructions and counted allocations per call.
//!
//! Times are medians of rounds and tell something on a quiet machine only. Counts come from
//! callgrind: a bench starts itself under it twice, with two numbers of calls, and takes the
//! difference, so that neither start-up nor set-up is in them. Without `valgrind` the columns stay
//! empty. Counting this way needs no allocator of our own, and so no unsafe code.

#![allow(dead_code, reason = "each bench uses a part of it")]

use std::collections::HashMap;
use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::process::Command;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use cepa::http::Request;
use cepa::{App, AppService};

/// Rounds of each case; the table shows their median.
const ROUNDS: usize = 31;
/// How long a round is meant to take.
const ROUND: Duration = Duration::from_millis(10);
/// Calls that are counted, and calls before them.
const COUNTED: u64 = 1000;
const FIRST: u64 = 100;
/// A call longer than this is counted once.
const LONG: f64 = 1e6;

/// Something to call again and again.
pub(crate) type Call = Box<dyn FnMut()>;

/// Named things to measure, each set up only when it is its turn.
#[derive(Default)]
pub(crate) struct Cases(Vec<(String, SetUp)>);

type SetUp = Box<dyn Fn() -> Call>;

impl Cases {
    /// Adds a case: `set_up` runs once, what it returns is measured.
    pub(crate) fn add(&mut self, name: impl Into<String>, set_up: impl Fn() -> Call + 'static) {
        self.0.push((name.into(), Box::new(set_up)));
    }

    /// Adds a case that asks an app of its own for the same thing again and again.
    pub(crate) fn ask(
        &mut self,
        name: impl Into<String>,
        app: impl Fn() -> App + 'static,
        req: impl Fn() -> Request<&'static str> + 'static,
    ) {
        self.add(name, move || {
            let service = build(app());
            let req = req();
            Box::new(move || {
                drop(black_box(now(service.call(black_box(&req).clone()))));
            })
        });
    }

    /// Adds what comes with every [`ask`](Self::ask) and is not ours: the copy of the request.
    pub(crate) fn copy(
        &mut self,
        name: impl Into<String>,
        req: impl Fn() -> Request<&'static str> + 'static,
    ) {
        self.add(name, move || {
            let req = req();
            Box::new(move || {
                black_box(black_box(&req).clone());
            })
        });
    }

    /// Measures what the rows ask for and prints them; or runs one case, where this is the run
    /// that is being counted.
    pub(crate) fn run(&self, rows: &[Row]) {
        let args: Vec<String> = std::env::args().collect();
        if let Some(at) = args.iter().position(|arg| arg == "--case") {
            let times = args[at + 2].parse().expect("a number of calls");
            repeat(&mut self.set_up(&args[at + 1]), times);
            return;
        }
        let mut known = HashMap::new();
        let mut first = None;
        println!("| case | ns | allocations | instructions | |");
        println!("|---|--:|--:|--:|--:|");
        for row in rows {
            let mut cost = self.cost(&row.case, &mut known);
            if let Some(base) = &row.less {
                cost = cost.less(self.cost(base, &mut known));
            }
            let cost = cost.per(row.per);
            println!("{}", cost.row(&row.name, *first.get_or_insert(cost)));
        }
    }

    fn cost(&self, case: &str, known: &mut HashMap<String, Cost>) -> Cost {
        *known.entry(case.to_owned()).or_insert_with(|| {
            let nanos = time(&mut self.set_up(case));
            let counts = count(case, if nanos > LONG { 1 } else { COUNTED });
            Cost { nanos, counts }
        })
    }

    fn set_up(&self, case: &str) -> Call {
        let found = self.0.iter().find(|(name, _)| name == case);
        found.expect("a row names a case").1()
    }
}

/// A row of the table: a case, less another one, divided.
pub(crate) struct Row {
    name: String,
    case: String,
    less: Option<String>,
    per: f64,
}

/// A row that shows what a case costs.
pub(crate) fn row(name: impl Into<String>, case: impl Into<String>) -> Row {
    Row {
        name: name.into(),
        case: case.into(),
        less: None,
        per: 1.0,
    }
}

impl Row {
    /// Only what it costs beyond another case.
    pub(crate) fn beyond(self, less: &str) -> Self {
        Self {
            less: Some(less.to_owned()),
            ..self
        }
    }

    /// The same for one of so many.
    pub(crate) fn per(self, per: u32) -> Self {
        Self {
            per: per.into(),
            ..self
        }
    }
}

#[derive(Clone, Copy)]
struct Cost {
    nanos: f64,
    counts: Option<Counts>,
}

#[derive(Clone, Copy)]
struct Counts {
    instructions: f64,
    allocations: f64,
}

impl Cost {
    fn less(self, base: Self) -> Self {
        let counts = self.counts.zip(base.counts).map(|(a, b)| Counts {
            instructions: a.instructions - b.instructions,
            allocations: a.allocations - b.allocations,
        });
        Self {
            nanos: self.nanos - base.nanos,
            counts,
        }
    }

    fn per(self, per: f64) -> Self {
        let counts = self.counts.map(|counts| Counts {
            instructions: counts.instructions / per,
            allocations: counts.allocations / per,
        });
        Self {
            nanos: self.nanos / per,
            counts,
        }
    }

    fn row(self, name: &str, first: Self) -> String {
        let Some((counts, first)) = self.counts.zip(first.counts) else {
            return format!("| {name} | {:.0} | | | |", self.nanos);
        };
        format!(
            "| {name} | {:.0} | {:.1} | {:.0} | {:.2} |",
            self.nanos,
            counts.allocations,
            counts.instructions,
            counts.instructions / first.instructions,
        )
    }
}

/// The median time of a call in nanoseconds.
fn time(call: &mut Call) -> f64 {
    let mut times = 1;
    while round(call, times) < ROUND {
        times *= 2;
    }
    let mut rounds = [(); ROUNDS].map(|()| round(call, times));
    rounds.sort_unstable();
    rounds[ROUNDS / 2].as_nanos() as f64 / times as f64
}

fn round(call: &mut Call, times: u64) -> Duration {
    let start = Instant::now();
    repeat(call, times);
    start.elapsed()
}

fn repeat(call: &mut Call, times: u64) {
    for _ in 0..times {
        call();
    }
}

/// What one call of a case executes and allocates; `None` without valgrind.
fn count(case: &str, calls: u64) -> Option<Counts> {
    let first = FIRST.min(calls);
    let few = callgrind(case, first)?;
    let many = callgrind(case, first + calls)?;
    Some(Counts {
        instructions: (many.instructions - few.instructions) / calls as f64,
        allocations: (many.allocations - few.allocations) / calls as f64,
    })
}

fn callgrind(case: &str, times: u64) -> Option<Counts> {
    let file = std::env::temp_dir().join(format!("callgrind.{}", std::process::id()));
    let done = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind"])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(std::env::current_exe().ok()?)
        .args(["--case", case, &times.to_string()])
        .output()
        .ok()?;
    assert!(done.status.success(), "{case}: {done:?}");
    let profile = std::fs::read_to_string(&file).expect("callgrind wrote its profile");
    let _ = std::fs::remove_file(file);
    Some(read(&profile))
}

/// Reads a profile (Callgrind Format Specification): a function has its name where it is first
/// mentioned, `(12) malloc`, and is `(12)` from then on.
fn read(profile: &str) -> Counts {
    let mut allocators = Vec::new();
    let (mut instructions, mut allocations) = (0.0, 0.0);
    let mut callee = "";
    for line in profile.lines() {
        let (key, value) = line.split_once(['=', ':']).unwrap_or_default();
        let (id, name) = value.split_once(' ').unwrap_or((value, ""));
        if key.ends_with("fn") && ["malloc", "calloc", "realloc", "posix_memalign"].contains(&name)
        {
            allocators.push(id);
        }
        match key {
            "cfn" => callee = id,
            "calls" if allocators.contains(&callee) => {
                allocations += id.parse::<f64>().expect("a number of calls");
            }
            "totals" | "summary" => {
                instructions = value.trim().parse().expect("a number of instructions");
            }
            _ => {}
        }
    }
    Counts {
        instructions,
        allocations,
    }
}

/// The app as it is served.
pub(crate) fn build(app: App) -> AppService {
    app.build().expect("the app of a bench can be built")
}

/// The output of a future that has nothing to wait for.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a bench waits for nothing"),
    }
}
