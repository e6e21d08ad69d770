//! `Mode`: whether the program is being developed, or in production.
//!
//! It is decided before anything is built; extensions ask for it when they are plugged.

use std::env::{self, VarError};
use std::fmt;
use std::panic::Location;

use crate::app::App;
use crate::preflight::Problem;

/// Whether the program is being developed, or in production: the one switch for what helps
/// developers and should not be seen by others.
///
/// The environment variable `CEPA_ENV` decides, `development` or `production`. Where it is not set,
/// or empty, a build with debug assertions (as `cargo build` makes it) is development, and one
/// without (`cargo build --release`) is production. Another value is a problem that
/// [`App::build`](crate::App::build) reports.
///
/// ```
/// use cepa::Mode;
/// use cepa::prelude::*;
///
/// let client = App::new()
///     .mode(Mode::Production) // in place of the environment's
///     .get("/", async |req: Request| req.mode().to_string())
///     .test();
/// client.get("/").send().assert_text("production");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// On the machine of a developer.
    Development,
    /// Where others use it.
    Production,
}

impl Mode {
    /// The mode of this process. A value of `CEPA_ENV` that is none counts as production here; no
    /// app can be built with it.
    #[must_use]
    pub fn current() -> Self {
        Self::read().unwrap_or(Self::Production)
    }

    /// Whether this is [`Mode::Development`].
    #[must_use]
    pub fn is_development(self) -> bool {
        self == Self::Development
    }

    /// Whether this is [`Mode::Production`].
    #[must_use]
    pub fn is_production(self) -> bool {
        self == Self::Production
    }

    fn read() -> Result<Self, String> {
        let value = match env::var("CEPA_ENV") {
            Ok(value) => value,
            Err(VarError::NotPresent) => String::new(),
            Err(VarError::NotUnicode(value)) => value.to_string_lossy().into_owned(),
        };
        match value.as_str() {
            "development" => Ok(Self::Development),
            "production" => Ok(Self::Production),
            "" if cfg!(debug_assertions) => Ok(Self::Development),
            "" => Ok(Self::Production),
            _ => Err(format!(
                "the environment variable CEPA_ENV is `{value}`: set it to `development` or `production`"
            )),
        }
    }
}

/// As in `CEPA_ENV`.
impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Development => "development",
            Self::Production => "production",
        })
    }
}

impl App {
    /// Decides the mode in place of the environment variable `CEPA_ENV`, mostly for tests.
    ///
    /// It stands before the extensions that ask for it, and on the outermost app; an app mounted
    /// there can have the same one. Anything else is a build error.
    #[track_caller]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = Some((mode, self.here()));
        self
    }

    /// The mode, for an extension that adds other things in development than in production:
    /// the one given by [`mode`](Self::mode) so far, otherwise [`Mode::current`].
    ///
    /// ```
    /// use cepa::Mode;
    /// use cepa::prelude::*;
    ///
    /// fn debug_page(app: App) -> App {
    ///     match app.current_mode() {
    ///         Mode::Development => app.get("/debug", async || "all there is to know"),
    ///         _ => app,
    ///     }
    /// }
    ///
    /// let client = App::new().mode(Mode::Production).plug(debug_page).test();
    /// client.get("/debug").send().assert_status(404);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn current_mode(&self) -> Mode {
        let mode = self.mode.map_or_else(Mode::current, |(mode, _)| mode);
        self.asked_modes.borrow_mut().push((mode, self.here()));
        mode
    }

    /// The mode of this outermost app, and what is wrong with it.
    pub(crate) fn final_mode(&self) -> (Mode, Option<Problem>) {
        if let Some((mode, _)) = self.mode {
            return (mode, None);
        }
        let place = self.made.unwrap_or(Location::caller());
        let problem = |problem| (Mode::Production, Some(Problem::new(place, problem)));
        Mode::read().map_or_else(problem, |mode| (mode, None))
    }

    /// What this app, or an extension of it, took for the mode, where it is another.
    pub(crate) fn other_modes(&self, mode: Mode) -> Vec<Problem> {
        let set = self.mode.filter(|(set, _)| *set != mode).map(|(_, place)| {
            let message = format!(
                "the mode belongs to the outermost app, which is in {mode}: move `.mode(..)` there"
            );
            Problem::new(place, message)
        });
        let asked = self.asked_modes.borrow();
        let asked = asked.iter().find(|(asked, _)| *asked != mode);
        let asked = asked.map(|&(asked, place)| {
            let message = format!(
                "this is set up for {asked}, but the app is in {mode}: write `.mode(..)` before it, in this app"
            );
            Problem::new(place, message)
        });
        // One cause is one problem.
        set.or(asked).into_iter().collect()
    }
}
