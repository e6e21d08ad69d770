//! `Templates`: where they are, and what they know beside their views.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use minijinja::Environment;

use super::contribute::{ContextProcessor, TemplateFunction};
use super::engine::{Pages, Setup};
use super::middleware::RenderViews;
use super::source::Source;
use crate::{App, Extension};

/// Renders the [`View`](super::View)s of an app and those mounted in it; see
/// [the module](crate::templates).
///
/// ```
/// use cepa::prelude::*;
/// use cepa::templates::{Templates, View};
///
/// let templates = Templates::embedded([("hello.html", "{{ shop }}: Hello, {{ name | shout }}")])
///     .with_value("shop", "Onions")
///     .with_filter("shout", |text: String| text.to_uppercase());
///
/// async fn hello(Path(name): Path<String>) -> View {
///     View::new("hello.html", json!({ "name": name }))
/// }
///
/// let client = App::new().plug(templates).get("/{name}", hello).test();
/// client.get("/ada").send().assert_text("Onions: Hello, ADA");
/// ```
#[must_use = "an extension does nothing until it is plugged"]
pub struct Templates {
    source: Source,
    setups: Vec<Setup>,
    processors: Vec<ContextProcessor>,
}

impl Templates {
    /// All files below this folder, by their paths in it: `users/show.html`. Those that begin with
    /// a dot or end with `~` are left out. A relative path is seen from where the program was
    /// started.
    ///
    /// In development changed files are read at the next request; in production all are read once,
    /// when the app is built.
    pub fn dir(path: impl Into<PathBuf>) -> Self {
        Self::of(Source::Dir(path.into()))
    }

    /// Templates that are part of the program, by name, usually with `include_str!`:
    ///
    /// ```
    /// # use cepa::templates::Templates;
    /// const TEMPLATES: [(&str, &str); 1] = [
    ///     // ("layout.html", include_str!("../templates/layout.html")),
    ///     ("home.html", "<h1>Home</h1>"),
    /// ];
    /// let templates = Templates::embedded(TEMPLATES);
    /// ```
    pub fn embedded<N, T>(templates: impl IntoIterator<Item = (N, T)>) -> Self
    where
        N: Into<Cow<'static, str>>,
        T: Into<Cow<'static, str>>,
    {
        let templates = templates.into_iter();
        Self::of(Source::Embedded(
            templates
                .map(|(name, text)| (name.into(), text.into()))
                .collect(),
        ))
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            setups: Vec::new(),
            processors: Vec::new(),
        }
    }

    /// A value that every template knows by this name, the same for all pages.
    pub fn with_value(
        self,
        name: impl Into<Cow<'static, str>>,
        value: impl serde::Serialize,
    ) -> Self {
        let (name, value) = (name.into(), minijinja::value::Serde(value).into());
        let value: minijinja::Value = value;
        self.with_env(move |env| env.add_global(name.clone(), value.clone()))
    }

    /// A value that every template knows, made for each page.
    pub fn with_processor(mut self, processor: ContextProcessor) -> Self {
        self.processors.push(processor);
        self
    }

    /// A function that every template can call; see [`TemplateFunction::new`].
    pub fn with_function<F, R, A>(self, name: impl Into<Cow<'static, str>>, function: F) -> Self
    where
        F: minijinja::functions::Function<R, A> + Clone,
        R: minijinja::value::FunctionResult,
        A: for<'a> minijinja::value::FunctionArgs<'a>,
    {
        let function = TemplateFunction::new(name, function);
        self.with_env(move |env| function.add_to(env))
    }

    /// A filter of this name; see [`TemplateFunction::filter`].
    pub fn with_filter<F, R, A>(self, name: impl Into<Cow<'static, str>>, filter: F) -> Self
    where
        F: minijinja::functions::Function<R, A> + Clone,
        R: minijinja::value::FunctionResult,
        A: for<'a> minijinja::value::FunctionArgs<'a>,
    {
        let filter = TemplateFunction::filter(name, filter);
        self.with_env(move |env| filter.add_to(env))
    }

    /// Changes the environment of minijinja before the templates are added to it: its tests,
    /// globals, the treatment of white space. What is escaped how, and that undefined names are
    /// errors, is settled before and may be changed here too, at your own risk.
    pub fn with_env(
        mut self,
        setup: impl Fn(&mut Environment<'static>) + Send + Sync + 'static,
    ) -> Self {
        self.setups.push(Box::new(setup));
        self
    }
}

impl Extension for Templates {
    fn install(self, app: App) -> App {
        let pages = Pages::new(self.source, self.setups, self.processors);
        let (at_handlers, checked) = (pages.clone(), pages.clone());
        app.with(RenderViews { pages })
            .with_each(move |step| {
                let pages = at_handlers.clone();
                step.is_handler().then_some(RenderViews { pages })
            })
            .check(move |service| checked.prepare(service))
    }
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Templates")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
