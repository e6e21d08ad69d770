//! Answers to whoever decides whether this program gets requests, or a restart.
//!
//! # Example
//!
//! ```
//! use cepa::health::{Health, HealthCheck};
//! use cepa::prelude::*;
//!
//! async fn ask_database() -> Result<()> {
//!     Err(Error::internal("connection refused"))
//! }
//!
//! let client = App::new()
//!     .plug(Health::new())
//!     .contribute(HealthCheck::new("db", ask_database))
//!     .test();
//!
//! client.get("/livez").send().assert_status(200).assert_json(&json!({ "status": "pass" }));
//! client.get("/readyz").send().assert_status(503).assert_json(&json!({
//!     "status": "fail",
//!     "checks": { "db": { "status": "fail" } },
//! }));
//! ```
//!
//! | path | 200 | 503 |
//! |---|---|---|
//! | `/livez` | as long as the program answers | never |
//! | `/readyz` | every check passes | a check fails, or the server stops |
//!
//! An orchestrator restarts what is not alive, and sends requests to what is ready only. A failing
//! database is therefore no matter of `/livez`: a restart would not mend it.
//!
//! Checks come from the whole app: [`App::contribute`](crate::App::contribute) gives one, in any
//! app of the tree and in any extension, before or after this one. An extension that has a check to
//! give depends on the feature `health`, which brings no dependency.
//!
//! # Options
//!
//! | knob | default |
//! |---|---|
//! | [`Health::with_live_path`], [`Health::with_ready_path`] | `/livez`, `/readyz` |
//! | [`Health::with_max_age`]: how long a result is given again | 1 s |
//! | [`Health::with_details`]: causes and times in the answer | left out |
//! | [`HealthCheck::with_timeout`] | 2 s |
//!
//! The checks run side by side, once at a time however many ask, and to their end also where who
//! asked has gone. A middleware of the app wraps these routes too, be it written before or after: what
//! asks for a login, or limits rates, stands in an app of its own, `.plug(Health::new()).mount("/",
//! site)`. `Logger::with_skip` keeps their lines out of the access log.
//!
//! # Errors
//!
//! A check fails by its error, by a panic, or by its timeout. When one begins to fail and when it
//! passes again, a line is logged; the answer is no [`Error`](crate::Error), so nothing is logged
//! for each request. Two checks of one name, one without a name, and a timeout of zero are build
//! errors.
//!
//! # Security
//!
//! Anyone can ask. The answer names the checks and nothing of their causes, unless
//! [`Health::with_details`] says so; results are kept for a moment, so that many questions make no
//! many queries.

mod check;
mod config;
mod readiness;

pub use check::HealthCheck;
pub use config::Health;
