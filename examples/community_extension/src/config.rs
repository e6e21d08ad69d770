//! `FeatureFlags`: which flags there are, and what is added to the app.

use std::collections::HashMap;
use std::path::PathBuf;

use cepa::prelude::*;
use cepa::{AppService, IntoMiddleware};

use crate::error::FlagError;
use crate::middleware::SetFlags;
use crate::routes;
use crate::store::Store;

/// The extension; see [the crate](crate).
#[must_use = "an extension does nothing until it is plugged"]
pub struct FeatureFlags {
    flags: Vec<NewFlag>,
    path: String,
    guards: Vec<Guard>,
    file: Option<PathBuf>,
    header: Option<String>,
}

type Guard = Box<dyn FnOnce(App) -> App>;

/// A flag that an app or another extension contributes: `app.contribute(NewFlag::new("name"))`.
#[derive(Clone, Debug)]
pub struct NewFlag {
    pub(crate) name: String,
    pub(crate) on: bool,
}

impl NewFlag {
    /// A flag that is off at first. Its name is made of letters, digits, `-` and `_`.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self { name, on: false }
    }

    /// The same, on at first.
    #[must_use]
    pub fn on(mut self) -> Self {
        self.on = true;
        self
    }
}

impl FeatureFlags {
    /// No flags, at `/flags`, kept in memory.
    pub fn new() -> Self {
        Self {
            flags: Vec::new(),
            path: "/flags".to_owned(),
            guards: Vec::new(),
            file: None,
            header: None,
        }
    }

    /// Adds a flag, and says whether it is on at first.
    pub fn with_flag(mut self, name: impl Into<String>, on: bool) -> Self {
        let name = name.into();
        self.flags.push(NewFlag { name, on });
        self
    }

    /// Where flags are listed and switched. Default: `/flags`.
    pub fn with_path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Wraps those routes in a middleware, and nothing else.
    pub fn with_guard<M, S, K>(mut self, middleware: M) -> Self
    where
        M: IntoMiddleware<S, K> + 'static,
    {
        self.guards.push(Box::new(|app| app.with(middleware)));
        self
    }

    /// Reads the flags from this file at the start, if it is there, and writes them at the stop.
    pub fn with_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// Turns flags on for one request, by a header with their names: `x-flags: banner, beta`.
    pub fn with_override(mut self, header: impl Into<String>) -> Self {
        self.header = Some(header.into());
        self
    }
}

impl Default for FeatureFlags {
    fn default() -> Self {
        Self::new()
    }
}

impl Extension for FeatureFlags {
    fn install(self, mut app: App) -> App {
        let store = Store::new(self.file);
        for flag in self.flags {
            app = app.contribute(flag);
        }
        let header = self.header.map(|header| header.parse::<cepa::HeaderName>());
        let header = match header.transpose() {
            Ok(header) => header,
            Err(_) => {
                app = app.problem("the header that overrides flags has no valid name");
                None
            }
        };
        #[cfg(feature = "health")]
        {
            app = app.contribute(crate::health::check(&store));
        }
        let (declared, loaded, saved) = (store.clone(), store.clone(), store.clone());
        app.with(SetFlags::new(store.clone(), header))
            .state(store)
            .map_error(FlagError::to_error)
            .check(move |service| declare(&declared, service))
            .on_start(async move || loaded.load().await)
            .on_stop(async move || saved.save().await)
            .group(&self.path, |group| {
                let guards = self.guards.into_iter();
                routes::add(guards.fold(group, |group, guard| guard(group)))
            })
    }
}

/// Takes the flags of the whole app, and says what is wrong with them.
fn declare(store: &Store, service: &AppService) -> Result<(), String> {
    let flags = service.contributions::<NewFlag>();
    let mut known = HashMap::new();
    for (flag, place) in flags.located() {
        let name = &flag.name;
        let is_valid = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || !name.chars().all(is_valid) {
            return Err(format!(
                "`{name}` is no name of a flag ({place}): use letters, digits, `-` and `_`"
            ));
        }
        if let Some(first) = known.insert(name, place) {
            return Err(format!(
                "there are two flags named `{name}`, at {first} and at {place}: rename one"
            ));
        }
    }
    store.declare(&flags);
    Ok(())
}
