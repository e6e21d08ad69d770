//! The measurements, and their tables.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::Options;
use crate::case::{self, Case};
use crate::child::{Kind, Server};
use crate::load::{self, Load};
use crate::process::Cpu;
use crate::runtime::Runtime;
use crate::wrk;

/// The server's core, and the client's.
const PINNED: [&str; 3] = ["taskset", "-c", "0"];
const CLIENT: Option<u32> = Some(1);

/// CPU per request, on one core, against hyper; then 1,024 connections.
pub fn times(options: &Options) {
    let load = Load {
        connections: 64,
        seconds: options.seconds,
        core: CLIENT,
    };
    // By case, one pair for each round.
    let mut rounds = vec![Vec::new(); options.cases.len()];
    for round in 0..options.rounds {
        let servers = Kind::BOTH.map(|kind| Server::start(kind, options.runtime, &PINNED));
        for server in &servers {
            load::run(&server.addr, &case::CASES[0], Load { seconds: 1, ..load });
        }
        for (case, rounds) in options.cases.iter().zip(&mut rounds) {
            let mut pair = [Cpu::default(); 2];
            // Now the one first, now the other.
            for turn in 0..2 {
                let which = (turn + round) % 2;
                pair[which] = cost(&servers[which], case, load);
            }
            rounds.push(pair);
        }
        eprintln!("round {} of {} done", round + 1, options.rounds);
    }
    println!(
        "µs of CPU per request (user + system), medians of {} rounds, {} runtime",
        options.rounds,
        options.runtime.name()
    );
    println!("| case | cepa | hyper | user, ratio | total, ratio |");
    println!("|---|---|---|---|---|");
    for (case, rounds) in options.cases.iter().zip(&rounds) {
        let of = |which: usize| {
            let user = median(rounds.iter().map(|pair| pair[which].user));
            let system = median(rounds.iter().map(|pair| pair[which].system));
            format!("{user:.2} + {system:.2}")
        };
        // The system samples which of the two it is, so one round tells little.
        let sum = |which: usize| rounds.iter().map(|pair| pair[which].user).sum::<f64>();
        let user = sum(0) / sum(1);
        let total = median(rounds.iter().map(|[a, b]| a.total() / b.total()));
        println!(
            "| {} | {} | {} | {user:.2} | {total:.2} |",
            case.name,
            of(0),
            of(1)
        );
    }
    many(options);
}

/// Memory and latency at 1,024 connections.
fn many(options: &Options) {
    println!("\n| 1,024 connections | peak memory, MiB | median, ms | p99, ms |");
    println!("|---|---|---|---|");
    let load = Load {
        connections: 1024,
        seconds: options.seconds.max(3),
        core: CLIENT,
    };
    let mut rows = [const { Vec::new() }; 2];
    for _ in 0..options.rounds {
        for (kind, rows) in Kind::BOTH.into_iter().zip(&mut rows) {
            let server = Server::start(kind, options.runtime, &PINNED);
            let result = load::run(&server.addr, &case::CASES[0], load);
            rows.push([server.process.peak_memory(), result.median, result.p99]);
        }
    }
    for (kind, rows) in Kind::BOTH.into_iter().zip(rows) {
        let [memory, mid, p99] = [0, 1, 2].map(|i| median(rows.iter().map(|row| row[i])));
        println!("| {} | {memory:.1} | {mid:.1} | {p99:.1} |", kind.name());
    }
}

fn cost(server: &Server, case: &Case, load: Load) -> Cpu {
    let before = server.process.cpu();
    let result = load::run(&server.addr, case, load);
    let after = server.process.cpu();
    Cpu {
        user: (after.user - before.user) / result.requests,
        system: (after.system - before.system) / result.requests,
    }
}

/// Instructions per request in user space: the steadiest figure on a machine that others use.
pub fn instructions(options: &Options) {
    println!("| case | cepa | hyper | ratio |");
    println!("|---|---|---|---|");
    for case in &options.cases {
        let [cepa, hyper] = Kind::BOTH.map(|kind| {
            let idle = count(kind, options, None);
            let (sum, requests) = count(kind, options, Some(case));
            (sum - idle.0) / requests
        });
        println!(
            "| {} | {cepa:.0} | {hyper:.0} | {:.2} |",
            case.name,
            cepa / hyper
        );
    }
}

/// Instructions of a whole run, and the requests in it.
fn count(kind: Kind, options: &Options, case: Option<&Case>) -> (f64, f64) {
    let name = format!(
        "cepa-{}-{}.out",
        kind.name(),
        case.map_or("idle", |case| case.name)
    );
    let file = std::env::temp_dir().join(name);
    let out = format!("--callgrind-out-file={}", file.display());
    let wrapper = ["valgrind", "--tool=callgrind", "--quiet", &out];
    let server = Server::start(kind, options.runtime, &wrapper);
    let load = Load {
        connections: 64,
        seconds: options.seconds,
        core: None,
    };
    let requests = case.map_or(1.0, |case| load::run(&server.addr, case, load).requests);
    server.process.stop();
    let text = std::fs::read_to_string(&file).expect("valgrind is installed");
    let sum = text.lines().find_map(|line| line.strip_prefix("totals: "));
    (
        sum.and_then(|sum| sum.trim().parse().ok()).expect("a sum"),
        requests,
    )
}

/// What each kind of runtime makes of all cores, with and without a handler that blocks.
pub fn runtimes(options: &Options) {
    println!(
        "| runtime | CPU, µs per request | requests per s | p99 at 1,024, ms | MiB at 1,024 | median and p99 and max beside a blocking handler, ms |"
    );
    println!("|---|---|---|---|---|---|");
    for runtime in [Runtime::Current, Runtime::Multi, Runtime::PerCore] {
        let mut rows = Vec::new();
        for _ in 0..options.rounds {
            let load = |connections| Load {
                connections,
                seconds: options.seconds,
                core: None,
            };
            let server = Server::start(Kind::Cepa, runtime, &[]);
            let plain = &case::CASES[0];
            let before = server.process.cpu().total();
            let few = load::run(&server.addr, plain, load(64));
            let cpu = (server.process.cpu().total() - before) / few.requests;
            let many = load::run(&server.addr, plain, load(1024));
            let memory = server.process.peak_memory();
            let beside =
                beside_a_blocking_one(&server.addr, || load::run(&server.addr, plain, load(64)));
            let rate = few.requests / few.seconds;
            rows.push([
                cpu,
                rate,
                many.p99,
                memory,
                beside.median,
                beside.p99,
                beside.max,
            ]);
        }
        let [cpu, rate, p99, memory, mid, beside, max] =
            [0, 1, 2, 3, 4, 5, 6].map(|i| median(rows.iter().map(|row| row[i])));
        println!(
            "| {} | {cpu:.2} | {rate:.0} | {p99:.1} | {memory:.1} | {mid:.2} / {beside:.1} / {max:.0} |",
            runtime.name()
        );
    }
}

/// Runs `measure` while one client asks, again and again, for what blocks its thread for 100 ms.
fn beside_a_blocking_one(addr: &str, measure: impl FnOnce() -> wrk::Result) -> wrk::Result {
    use std::io::Read as _;

    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut stream = TcpStream::connect(addr).expect("a server");
            let mut answer = [0; 1024];
            while !over.load(Relaxed) {
                stream
                    .write_all(b"GET /block HTTP/1.1\r\nhost: x\r\n\r\n")
                    .expect("a server");
                assert_ne!(stream.read(&mut answer).expect("an answer"), 0);
            }
        });
        let result = measure();
        over.store(true, Relaxed);
        result
    })
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
