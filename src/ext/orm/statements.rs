//! What is counted of the statements of a request: their time for `ServerTiming`, and in development
//! those that are asked again and again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::metric;

use super::watch::{label, shown};
use crate::{Request, Timings, log};

/// A request that runs a statement more often than this has a row's neighbours one by one.
const OFTEN: u32 = 10;

/// Statements that are told apart in one request.
const KINDS: usize = 1000;

/// Who hears of the statements of a request.
pub(super) struct Heard {
    timings: Option<Timings>,
    repeats: Option<Repeats>,
}

impl Heard {
    pub(super) fn of(req: &Request) -> Self {
        Self {
            timings: req.local().cloned(),
            repeats: req.local().cloned(),
        }
    }

    pub(super) fn note(&self, seen: &metric::Info<'_>) {
        if let Some(timings) = &self.timings {
            timings.add_counted("db", seen.elapsed, ["statement", "statements"]);
        }
        if let Some(repeats) = &self.repeats {
            repeats.note(&seen.statement.sql);
        }
    }
}

/// How often each statement of a request was run. It is told at the end of the request.
#[derive(Clone)]
pub(super) struct Repeats(Arc<Counts>);

struct Counts {
    route: String,
    times: Mutex<HashMap<String, u32>>,
}

impl Repeats {
    /// Begins to count, in development.
    pub(super) fn begin(req: &mut Request) {
        if req.mode().is_development() && req.local::<Self>().is_none() {
            let route = req.route().map(label);
            req.insert(Self(Arc::new(Counts {
                route: route.unwrap_or_else(|| "a request".to_owned()),
                times: Mutex::default(),
            })));
        }
    }

    /// The text has placeholders where the values are, so it is the same for each row.
    fn note(&self, sql: &str) {
        let mut times = self.0.times.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = times.get_mut(sql) {
            *times += 1;
        } else if times.len() < KINDS {
            times.insert(sql.to_owned(), 1);
        }
    }
}

impl Drop for Counts {
    fn drop(&mut self) {
        let times = self.times.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (sql, times) in times.iter().filter(|(_, times)| **times > OFTEN) {
            log::warn(&format!(
                "{} ran one statement {times} times; load what belongs to several rows at once, by `Entity::load().with(..)` or `load_many`: {}",
                self.route,
                shown(sql),
            ));
        }
    }
}
