//! What is seen of the statements of a request: those that take long are logged, with the route.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sea_orm::metric;

use super::Db;
use super::beside::Beside;
use super::pool::Pool;
use super::statements::Heard;
use super::tx::TxSlot;
use crate::{Request, Route, log};

/// Bytes of a statement in the log, about.
const SHOWN: usize = 400;

/// The pool, with an ear for the statements of this request.
pub(super) fn watched(pool: &Pool, req: &Request) -> Db {
    let Ok(open) = pool.open() else {
        return Db::new(pool.clone());
    };
    let (slow, route) = (open.rules.slow, open.labels.of(req));
    let mut connection = open.connection.clone();
    let heard = Heard::of(req);
    let slot = req
        .local::<TxSlot>()
        .filter(|_| req.mode().is_development());
    let beside = slot.map(|slot| Beside {
        slot: slot.clone(),
        route: route.clone().unwrap_or_else(|| "a request".into()),
        told: open.told.clone(),
    });
    connection.set_metric_callback(move |seen| {
        heard.note(seen);
        note(seen, slow, route.as_deref());
    });
    Db::watched(pool.clone(), connection, beside)
}

/// What routes are called in the log, by their places in the table.
#[derive(Default)]
pub(super) struct Labels(OnceLock<Vec<Arc<str>>>);

impl Labels {
    fn of(&self, req: &Request) -> Option<Arc<str>> {
        let label = |route: &Route| label(route).into();
        let labels = self
            .0
            .get_or_init(|| req.routes().iter().map(label).collect());
        labels.get(req.route()?.index()).cloned()
    }
}

/// `GET /notes/{id}`
pub(super) fn label(route: &Route) -> String {
    match route.method() {
        Some(method) => format!("{method} {}", route.path()),
        None => route.path().to_owned(),
    }
}

/// A statement in the log: without the values, which are nobody else's business.
pub(super) fn shown(sql: &str) -> String {
    sql.chars().take(SHOWN).collect()
}

fn note(seen: &metric::Info<'_>, slow: Duration, route: Option<&str>) {
    if seen.elapsed < slow {
        return;
    }
    let route = route.map_or_else(String::new, |route| format!(" in {route}"));
    let sql = shown(&seen.statement.sql);
    log::warn(&format!(
        "slow statement, {:.1?}{route}: {sql}",
        seen.elapsed
    ));
}
