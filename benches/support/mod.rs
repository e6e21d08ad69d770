//! The harness of the benches: times, counted instructions and counted allocations per call.
//!
//! Times are medians of rounds and tell something on a quiet machine only. Counts come from
//! callgrind: a bench starts itself under it twice, with two numbers of calls, and takes the
//! difference, so that neither start-up nor set-up is in them. Without `valgrind` they are `NaN`.
//! Counting this way needs no allocator of our own, and so no unsafe code.

#![allow(dead_code, reason = "each bench uses a part of it")]
#![allow(clippy::print_stdout, reason = "the table is what a bench is for")]

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
                drop(black_box(now(service.answer(black_box(&req).clone()))));
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

    /// Measures what the rows ask for and prints them, with their instructions in proportion to
    /// the first row. Where this process is one that is being counted, it runs its case and ends.
    pub(crate) fn table(&self, rows: &[Row]) {
        let args: Vec<String> = std::env::args().collect();
        if let [_, flag, case, times] = &args[..]
            && flag == "--case"
        {
            let times = times.parse().expect("a number of calls");
            repeat(&mut self.set_up(case), times);
            std::process::exit(0);
        }
        let costs = self.costs(rows);
        let first = rows[0].cost(&costs);
        println!("| | ns | allocations | instructions | |");
        println!("|---|--:|--:|--:|--:|");
        for row in rows {
            let Cost([nanos, allocations, instructions]) = row.cost(&costs);
            let ratio = instructions / first.0[2];
            let name = &row.name;
            println!("| {name} | {nanos:.0} | {allocations:.1} | {instructions:.0} | {ratio:.2} |");
        }
        println!();
    }

    fn costs<'a>(&self, rows: &'a [Row]) -> HashMap<&'a str, Cost> {
        let mut cases: Vec<&str> = rows.iter().flat_map(Row::cases).collect();
        cases.sort_unstable();
        cases.dedup();
        let mut calls: Vec<Call> = cases.iter().map(|case| self.set_up(case)).collect();
        let cost = |(case, nanos)| {
            let [allocations, instructions] = count(case, nanos);
            (case, Cost([nanos, allocations, instructions]))
        };
        let nanos = time(&mut calls);
        cases.into_iter().zip(nanos).map(cost).collect()
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

    fn cases(&self) -> impl Iterator<Item = &str> {
        let less = self.less.as_deref();
        [self.case.as_str()].into_iter().chain(less)
    }

    fn cost(&self, costs: &HashMap<&str, Cost>) -> Cost {
        let Cost(mut cost) = costs[self.case.as_str()];
        for (i, cost) in cost.iter_mut().enumerate() {
            let less = self.less.as_deref().map_or(0.0, |less| costs[less].0[i]);
            *cost = (*cost - less) / self.per;
        }
        Cost(cost)
    }
}

/// Nanoseconds, allocations and instructions.
#[derive(Clone, Copy)]
struct Cost([f64; 3]);

/// The median times of a call in nanoseconds. The cases take turns, so that what slows the
/// machine down for a while slows all of them.
fn time(calls: &mut [Call]) -> Vec<f64> {
    let times: Vec<u64> = calls.iter_mut().map(calibrate).collect();
    let mut rounds = vec![Vec::new(); calls.len()];
    for _ in 0..ROUNDS {
        for ((call, times), rounds) in calls.iter_mut().zip(&times).zip(&mut rounds) {
            rounds.push(round(call, *times).as_nanos() as f64 / *times as f64);
        }
    }
    let median = |mut rounds: Vec<f64>| {
        rounds.sort_by(f64::total_cmp);
        rounds[ROUNDS / 2]
    };
    rounds.into_iter().map(median).collect()
}

/// How often to call for a round of the wanted length.
fn calibrate(call: &mut Call) -> u64 {
    let mut times = 1;
    while round(call, times) < ROUND {
        times *= 2;
    }
    times
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

/// Allocations and instructions of one call of a case; not numbers without valgrind.
fn count(case: &str, nanos: f64) -> [f64; 2] {
    let calls = if nanos > LONG { 1 } else { COUNTED };
    let first = FIRST.min(calls);
    match callgrind(case, first).zip(callgrind(case, first + calls)) {
        Some((few, many)) => [0, 1].map(|i| (many[i] - few[i]) / calls as f64),
        None => [f64::NAN; 2],
    }
}

fn callgrind(case: &str, times: u64) -> Option<[f64; 2]> {
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

/// Reads allocations and instructions from a profile (Callgrind Format Specification). A function
/// has its name where it is first mentioned, `(12) malloc`, and is `(12)` from then on.
fn read(profile: &str) -> [f64; 2] {
    const ALLOCATORS: [&str; 4] = ["malloc", "calloc", "realloc", "posix_memalign"];
    let number = |text: &str| text.trim().parse::<f64>().expect("a number");
    let mut allocators = Vec::new();
    let (mut allocations, mut instructions) = (0.0, 0.0);
    let mut callee = "";
    for line in profile.lines() {
        let (key, value) = line.split_once(['=', ':']).unwrap_or_default();
        let (id, name) = value.split_once(' ').unwrap_or((value, ""));
        if key.ends_with("fn") && ALLOCATORS.contains(&name) {
            allocators.push(id);
        }
        match key {
            "cfn" => callee = id,
            "calls" if allocators.contains(&callee) => allocations += number(id),
            "summary" => instructions = number(value),
            _ => {}
        }
    }
    [allocations, instructions]
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
