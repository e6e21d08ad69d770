//! The answers: whether the program lives, and whether all checks pass.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::HealthCheck;
use crate::{Contributions, IntoResponse, Json, State, StatusCode, Stopping, Value, json, log};

/// What a check may be late with the news that it timed out.
const GRACE: Duration = Duration::from_millis(500);

/// Longer than any check is waited for; a moment further away than a clock knows is none.
const FOREVER: Duration = Duration::from_secs(u32::MAX as u64);

/// Runs the checks and keeps what they said for a moment.
#[derive(Clone)]
pub(super) struct Readiness(Arc<Inner>);

struct Inner {
    max_age: Duration,
    details: bool,
    /// Locked while the checks run, so that they run once for all who ask.
    last: Arc<Mutex<Option<Report>>>,
}

struct Report {
    made: Instant,
    results: Vec<CheckResult>,
}

#[derive(Clone)]
struct CheckResult {
    error: Option<String>,
    took: Duration,
}

impl CheckResult {
    /// Of a check that said nothing.
    fn lost(took: Duration) -> Self {
        Self {
            error: Some("it panicked, or it blocks its thread".to_owned()),
            took,
        }
    }
}

/// 200 as long as this program can answer.
pub(super) async fn livez() -> impl IntoResponse {
    answer(json!({ "status": "pass" }), true)
}

/// 200 if every check passes and the server does not stop, otherwise 503.
pub(super) async fn readyz(
    State(readiness): State<Readiness>,
    checks: Contributions<HealthCheck>,
    stopping: Stopping,
) -> impl IntoResponse {
    if stopping.is_stopping() {
        return answer(json!({ "status": "fail", "stopping": true }), false);
    }
    let results = readiness.results(&checks).await;
    let passes = results.iter().all(|result| result.error.is_none());
    let told = checks.iter().zip(&results);
    let told = told.map(|(check, result)| (check.name().to_owned(), readiness.tell(result)));
    let told: serde_json::Map<String, Value> = told.collect();
    answer(json!({ "status": word(passes), "checks": told }), passes)
}

fn answer(report: Value, passes: bool) -> impl IntoResponse {
    let status = match passes {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, [("cache-control", "no-store")], Json(report))
}

fn word(passes: bool) -> &'static str {
    if passes { "pass" } else { "fail" }
}

impl Readiness {
    pub(super) fn new(max_age: Duration, details: bool) -> Self {
        Self(Arc::new(Inner {
            max_age,
            details,
            last: Arc::default(),
        }))
    }

    /// The results in the order of the checks.
    ///
    /// They run in a task of their own, so that whoever asks and goes away cuts none of them short:
    /// what they say is kept and logged, also for probes with less patience.
    async fn results(&self, checks: &Contributions<HealthCheck>) -> Vec<CheckResult> {
        let mut last = Arc::clone(&self.0.last).lock_owned().await;
        if let Some(report) = &*last
            && report.made.elapsed() < self.0.max_age
        {
            return report.results.clone();
        }
        let asked = checks.clone();
        let results = tokio::spawn(async move {
            let results = run(&asked).await;
            let before = last.as_ref().map(|report| &report.results[..]);
            log_changes(&asked, before.unwrap_or_default(), &results);
            let made = Instant::now();
            last.insert(Report { made, results }).results.clone()
        });
        // The runtime ends.
        let cut = || checks.iter().map(|_| CheckResult::lost(Duration::ZERO));
        results.await.unwrap_or_else(|_| cut().collect())
    }

    fn tell(&self, result: &CheckResult) -> Value {
        let status = word(result.error.is_none());
        match self.0.details {
            false => json!({ "status": status }),
            true => {
                let millis = result.took.as_millis() as u64;
                json!({ "status": status, "error": result.error, "time_ms": millis })
            }
        }
    }
}

/// Runs all checks side by side, each in a task, so that one that panics is one that failed.
async fn run(checks: &[HealthCheck]) -> Vec<CheckResult> {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for (i, check) in checks.iter().enumerate() {
        let check = check.clone();
        tasks.spawn(async move {
            let error = check.run().await.err().map(|error| error.to_string());
            let took = start.elapsed();
            (i, CheckResult { error, took })
        });
    }
    // A check that blocks its thread does not see its own timeout.
    let longest = checks.iter().map(HealthCheck::timeout).max();
    let limit = start
        + longest
            .unwrap_or_default()
            .saturating_add(GRACE)
            .min(FOREVER);
    let mut results = vec![None; checks.len()];
    while let Ok(Some(ended)) = tokio::time::timeout_at(limit, tasks.join_next()).await {
        if let Ok((i, result)) = ended {
            results[i] = Some(result);
        }
    }
    let lost = || CheckResult::lost(start.elapsed());
    let results = results.into_iter();
    results.map(|result| result.unwrap_or_else(lost)).collect()
}

/// One line when a check begins to fail, and one when it passes again.
fn log_changes(checks: &[HealthCheck], before: &[CheckResult], now: &[CheckResult]) {
    for (i, (check, result)) in checks.iter().zip(now).enumerate() {
        let failed = before.get(i).is_some_and(|before| before.error.is_some());
        let name = check.name();
        match &result.error {
            Some(error) if !failed => log::warn(&format!("health check `{name}` fails: {error}")),
            None if failed => log::info(&format!("health check `{name}` passes again")),
            _ => {}
        }
    }
}
