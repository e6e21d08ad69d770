//! `examples/techempower` as a running program, against the rules of the tests it is written for.
//!
//! Left out where `CEPA_TEST_POSTGRES` names no server. `cargo test` builds the examples before it;
//! where this test is run alone, build it first by `cargo build --example techempower --all-features`.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]
#![cfg(unix)]

mod database;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../examples/example.rs"]
mod example;
mod fortunes;
#[cfg(feature = "orm-postgres")]
mod orm;
mod outages;
mod proxy;
mod rules;
mod tables;
mod worlds;

use cepa::Value;
use database::Database;
use example::Example;
use std::time::{Duration, Instant};

/// The example, with the tables of this database.
fn start(url: &str) -> Example {
    Example::start_with("techempower", &[("DATABASE_URL", url)])
}

/// An answer, taken apart.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    #[track_caller]
    fn header(&self, name: &str) -> &str {
        let found = self.find(name);
        found.unwrap_or_else(|| panic!("there is no {name}: {}", self.head))
    }

    fn find(&self, name: &str) -> Option<&str> {
        let mut pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = pairs.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }

    #[track_caller]
    fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(self.header("content-type"), "application/json");
        serde_json::from_str(&self.body).unwrap()
    }
}

#[track_caller]
fn get(example: &Example, path: &str) -> Answer {
    ask(example, &format!("GET {path}"))
}

#[track_caller]
fn ask(example: &Example, line: &str) -> Answer {
    let answer = example.ask(line, "", "");
    let (head, body) = answer.split_once("\r\n\r\n").expect("there is a head");
    Answer {
        status: head[9..12].parse().expect("there is a status"),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

/// Waits until something is so, for as long as a slow machine may take.
#[track_caller]
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
