//! Extensions: functions from `App` to `App`.

use std::any::TypeId;

use super::{App, Plugged};
use crate::preflight::Problem;

/// Something that adds to an app what belongs together: state, middleware, routes, error
/// mappings, hooks. Any `FnOnce(App) -> App` is one.
///
/// ```
/// use cepa::prelude::*;
///
/// struct Version(&'static str);
///
/// impl Extension for Version {
///     fn install(self, app: App) -> App {
///         app.get("/version", move || async move { self.0 })
///     }
/// }
///
/// App::new().plug(Version("1.2")).test().get("/version").send().assert_text("1.2");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an extension",
    label = "not an extension",
    note = "an extension is a type that implements `cepa::Extension`, or a function from `App` to `App`",
    note = "a middleware is added by `.with(..)`"
)]
pub trait Extension {
    /// Adds the extension to the app.
    fn install(self, app: App) -> App;

    #[doc(hidden)]
    #[track_caller]
    fn plug_into(self, app: App) -> App
    where
        Self: Sized + 'static,
    {
        app.plug_one(self, true)
    }
}

#[diagnostic::do_not_recommend]
impl<F: FnOnce(App) -> App> Extension for F {
    fn install(self, app: App) -> App {
        self(app)
    }

    /// What a function adds is written at its own lines, which are the user's.
    #[track_caller]
    fn plug_into(self, app: App) -> App
    where
        Self: 'static,
    {
        app.plug_one(self, false)
    }
}

/// Marks an `Option` of an extension, where `None` adds nothing.
impl<E: Extension> Extension for Option<E> {
    fn install(self, app: App) -> App {
        match self {
            Some(extension) => extension.install(app),
            None => app,
        }
    }

    #[track_caller]
    fn plug_into(self, app: App) -> App
    where
        E: 'static,
    {
        match self {
            Some(extension) => extension.plug_into(app),
            None => app,
        }
    }
}

impl App {
    /// Adds an extension. The same one twice in one app is a build error that names both places.
    ///
    /// What is wrong with things that an extension type added is reported at this line; with those
    /// of a function, at the function's own.
    #[track_caller]
    pub fn plug<E: Extension + 'static>(self, extension: E) -> Self {
        extension.plug_into(self)
    }

    #[track_caller]
    fn plug_one<E: Extension + 'static>(mut self, extension: E, is_type: bool) -> Self {
        let plugged = Plugged {
            id: TypeId::of::<E>(),
            name: std::any::type_name::<E>(),
            place: self.here(),
        };
        match self.plugged.iter().find(|other| other.id == plugged.id) {
            Some(first) => {
                let name = crate::names::plain(plugged.name);
                let message = format!(
                    "the extension `{name}` is plugged already, at {}",
                    first.place
                );
                self.problems.push(Problem::new(plugged.place, message));
                self
            }
            None => {
                let outer = self.plugging;
                self.plugging = outer.or(is_type.then_some(plugged.place));
                self.plugged.push(plugged);
                let mut app = extension.install(self);
                app.plugging = outer;
                app
            }
        }
    }

    /// Says that this app needs the extension `E` in itself or around it, whatever the order of
    /// the `plug` calls. `fix` is shown if it is missing: how to add it.
    #[track_caller]
    pub fn require<E: 'static>(mut self, fix: &'static str) -> Self {
        let wanted = Plugged {
            id: TypeId::of::<E>(),
            name: std::any::type_name::<E>(),
            place: self.here(),
        };
        self.required.push((wanted, fix));
        self
    }
}
