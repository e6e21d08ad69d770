//! `Health`: where it answers and how much it says.

use std::collections::HashMap;
use std::time::Duration;

use super::HealthCheck;
use super::readiness::{Readiness, livez, readyz};
use crate::{App, AppService, Extension};

/// Adds `/livez` and `/readyz`; see [the module](crate::health).
///
/// ```
/// use cepa::health::Health;
/// use cepa::prelude::*;
///
/// let client = App::new().plug(Health::new().with_ready_path("/health")).test();
/// client.get("/health").send().assert_status(200).assert_header("cache-control", "no-store");
/// client.get("/readyz").send().assert_status(404);
/// ```
#[derive(Clone, Debug)]
#[must_use = "an extension does nothing until it is plugged"]
pub struct Health {
    live: String,
    ready: String,
    max_age: Duration,
    details: bool,
}

impl Health {
    /// Answers at `/livez` and `/readyz`.
    pub fn new() -> Self {
        Self {
            live: "/livez".to_owned(),
            ready: "/readyz".to_owned(),
            max_age: Duration::from_secs(1),
            details: false,
        }
    }

    /// Where it says that the program lives. Default: `/livez`.
    pub fn with_live_path(mut self, path: impl Into<String>) -> Self {
        self.live = path.into();
        self
    }

    /// Where it says whether requests are welcome. Default: `/readyz`.
    pub fn with_ready_path(mut self, path: impl Into<String>) -> Self {
        self.ready = path.into();
        self
    }

    /// How long a result is given again without asking anew. Default: 1 second; zero asks each
    /// time.
    pub fn with_max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// Shows the causes of failures and how long each check took, for places where only friends
    /// can ask. Default: names and statuses alone.
    pub fn with_details(mut self) -> Self {
        self.details = true;
        self
    }
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

impl Extension for Health {
    fn install(self, app: App) -> App {
        app.state(Readiness::new(self.max_age, self.details))
            .get(&self.live, livez)
            .get(&self.ready, readyz)
            .check(check)
    }
}

/// What is wrong with the checks that were contributed.
fn check(service: &AppService) -> Result<(), String> {
    let checks = service.contributions::<HealthCheck>();
    let mut known = HashMap::new();
    for (check, place) in checks.located() {
        if let Some(problem) = check.problem() {
            return Err(format!("{problem} ({place})"));
        }
        if let Some(first) = known.insert(check.name(), place) {
            return Err(format!(
                "two health checks are named `{}`, at {first} and at {place}: rename one",
                check.name()
            ));
        }
    }
    Ok(())
}
