//! `cepa::orm`: a database in an app. On SQLite always, on PostgreSQL and MariaDB where
//! `CEPA_TEST_POSTGRES` and `CEPA_TEST_MYSQL` name servers.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]
#![allow(
    elided_lifetimes_in_paths,
    reason = "the trait of migrations has it so"
)]
#![allow(unreachable_pub, reason = "the macros of models make public items")]

mod acknowledged;
mod basics;
mod clients;
mod errors;
mod faults;
mod injection;
mod migrations;
mod models;
mod nested;
mod processes;
mod proxy;
mod rows;
mod testing;
mod transactions;
mod writers;

#[path = "../wire/mod.rs"]
mod wire;

mod counted;
mod list;
mod list_injection;

use std::env;

use cepa::orm::TestDatabase;

/// Runs a check on a database of each kind that is there.
#[track_caller]
fn on_each(check: impl Fn(&TestDatabase)) {
    check(&TestDatabase::sqlite());
    for variable in ["CEPA_TEST_POSTGRES", "CEPA_TEST_MYSQL"] {
        if let Ok(server) = env::var(variable) {
            eprintln!("on {variable}");
            check(&TestDatabase::at(&server));
        }
    }
}

/// Runs a check on a database of each server that is there.
#[track_caller]
fn on_each_server(check: impl Fn(&TestDatabase)) {
    on_each(|test| {
        if !test.url().starts_with("sqlite") {
            check(test);
        }
    });
}
