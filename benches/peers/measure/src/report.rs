//! The measurements, and their tables.

use crate::Options;
use crate::load::{self, Load};
use crate::process::Cpu;
use crate::server::Server;
use crate::suite::{Case, Suite};

/// The servers' core, and the client's.
const PINNED: [&str; 3] = ["taskset", "-c", "0"];
const CLIENT: u32 = 1;

#[derive(Clone, Copy)]
struct Sample {
    cpu: Cpu,
    p99: f64,
}

/// CPU per request and p99, then the most memory that a server had in a round.
pub fn times(suite: &Suite, options: &Options) {
    let load = Load {
        connections: options.connections,
        seconds: options.seconds,
        core: CLIENT,
    };
    // By case, one pair for each round.
    let mut rounds = vec![Vec::new(); suite.cases.len()];
    let mut memory = Vec::new();
    for round in 0..options.rounds {
        let servers =
            [0, 1].map(|which| Server::start(&suite.servers[which], &suite.variables, &PINNED));
        for (case, rounds) in suite.cases.iter().zip(&mut rounds) {
            // Now the one first, now the other, each after a second that is not counted.
            let [first, second] = [round % 2, (round + 1) % 2];
            let one = sample(&servers[first], case, first, load);
            let other = sample(&servers[second], case, second, load);
            rounds.push(if first == 0 {
                [one, other]
            } else {
                [other, one]
            });
        }
        memory.push([
            servers[0].process.peak_memory(),
            servers[1].process.peak_memory(),
        ]);
        eprintln!("round {} of {} done", round + 1, options.rounds);
    }
    let names = suite.servers.each_ref().map(|server| server.name);
    println!(
        "Medians of {} rounds of {} s, {} connections; CPU is user + system, in µs per request.\n",
        options.rounds, options.seconds, options.connections
    );
    let [ours, theirs] = names;
    println!("| case | CPU: {ours} | {theirs} | ratio | p99, ms: {ours} | {theirs} |");
    println!("|---|--:|--:|--:|--:|--:|");
    for (case, rounds) in suite.cases.iter().zip(&rounds) {
        let cpu = |which: usize| {
            let user = median(rounds.iter().map(|pair| pair[which].cpu.user));
            let system = median(rounds.iter().map(|pair| pair[which].cpu.system));
            format!("{user:.1} + {system:.1}")
        };
        let ratio = median(rounds.iter().map(|[a, b]| a.cpu.total() / b.cpu.total()));
        let p99 = |which: usize| median(rounds.iter().map(|pair| pair[which].p99));
        println!(
            "| {} | {} | {} | {ratio:.2} | {:.1} | {:.1} |",
            case.title,
            cpu(0),
            cpu(1),
            p99(0),
            p99(1)
        );
    }
    let [ours, theirs] = [0, 1].map(|which| median(memory.iter().map(|pair| pair[which])));
    println!(
        "\nMost memory, MiB: {} {ours:.1}, {} {theirs:.1}",
        names[0], names[1]
    );
}

fn sample(server: &Server, case: &Case, which: usize, load: Load) -> Sample {
    let path = case.paths[which];
    let load = case.load(load);
    load::run(&server.addr, path, case.script, Load { seconds: 1, ..load });
    let before = server.process.cpu();
    let result = load::run(&server.addr, path, case.script, load);
    let after = server.process.cpu();
    Sample {
        cpu: Cpu {
            user: (after.user - before.user) / result.requests,
            system: (after.system - before.system) / result.requests,
        },
        p99: result.p99,
    }
}

/// Instructions per request in user space: the steadiest figure on a machine that others use.
pub fn instructions(suite: &Suite, options: &Options) {
    let names = suite.servers.each_ref().map(|server| server.name);
    println!("| case | {} | {} | ratio |", names[0], names[1]);
    println!("|---|--:|--:|--:|");
    let idle = [0, 1].map(|which| count(suite, which, options, None).0);
    for case in &suite.cases {
        let [ours, theirs] = [0, 1].map(|which| {
            let (sum, requests) = count(suite, which, options, Some(case));
            (sum - idle[which]) / requests
        });
        println!(
            "| {} | {ours:.0} | {theirs:.0} | {:.2} |",
            case.title,
            ours / theirs
        );
    }
}

/// Instructions of a whole run, and the requests in it.
fn count(suite: &Suite, which: usize, options: &Options, asked: Option<&Case>) -> (f64, f64) {
    let program = &suite.servers[which];
    let path = asked.map_or("idle", |case| case.paths[which]);
    let name = path.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let file = std::env::temp_dir().join(format!("peers-{}-{name}.out", program.name));
    let out = format!("--callgrind-out-file={}", file.display());
    let counted = ["valgrind", "--tool=callgrind", "--quiet", &out];
    let wrapper = [&PINNED[..], &counted].concat();
    let server = Server::start(program, &suite.variables, &wrapper);
    let load = Load {
        connections: options.connections,
        seconds: options.seconds,
        core: CLIENT,
    };
    let requests = asked.map_or(1.0, |case| {
        load::run(&server.addr, path, case.script, case.load(load)).requests
    });
    server.process.stop();
    let text = std::fs::read_to_string(&file).expect("valgrind is installed");
    let sum = text.lines().find_map(|line| line.strip_prefix("totals: "));
    (
        sum.and_then(|sum| sum.trim().parse().ok()).expect("a sum"),
        requests,
    )
}

impl Case {
    fn load(&self, load: Load) -> Load {
        Load {
            connections: self.connections.unwrap_or(load.connections),
            ..load
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
