//! What the app and other extensions add to templates: values of each page, functions, filters.
//!
//! Before it: `App::contribute`, or a knob of `Templates`. After it: the engine knows them.

use std::any::TypeId;
use std::borrow::Cow;
use std::fmt;

use minijinja::Environment;
use minijinja::functions::Function;
use minijinja::value::{FunctionArgs, FunctionResult, Serde, Value};
use serde::Serialize;

use super::visit::Visit;

type Make = dyn Fn(&Visit) -> Value + Send + Sync;
type Add = dyn Fn(&mut Environment<'static>) + Send + Sync;

/// A value that every template knows under this name, made for each page that asks for it.
///
/// The app gives it by [`Templates::with_processor`](super::Templates::with_processor), other
/// extensions by [`App::contribute`](crate::App::contribute). What the view's own data names the same
/// goes before it.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::templates::{ContextProcessor, Templates, View};
///
/// fn shop(app: App) -> App {
///     app.contribute(ContextProcessor::new("section", |visit| visit.path().split('/').nth(1).map(str::to_owned)))
/// }
///
/// let client = App::new()
///     .plug(Templates::embedded([("page.html", "<nav>{{ section }}</nav>")]))
///     .plug(shop)
///     .get("/books/1", async || View::new("page.html", ()))
///     .test();
/// client.get("/books/1").send().assert_text("<nav>books</nav>");
/// ```
pub struct ContextProcessor {
    name: Cow<'static, str>,
    make: Box<Make>,
    /// Of a function that captures nothing, which is the same wherever it comes from.
    function: Option<TypeId>,
}

impl ContextProcessor {
    /// A value by this name, made by this function when a template of the page asks for it, once.
    ///
    /// An extension may be plugged in several parts of an app, and then gives it several times: that is
    /// the same value, if the function captures nothing.
    pub fn new<V: Serialize, F: Fn(&Visit) -> V + Send + Sync + 'static>(
        name: impl Into<Cow<'static, str>>,
        make: F,
    ) -> Self {
        Self {
            name: name.into(),
            function: (size_of::<F>() == 0).then(TypeId::of::<F>),
            make: Box::new(move |visit| Value::from(Serde(make(visit)))),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it makes the same value by the same name.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.name == other.name && self.function.is_some() && self.function == other.function
    }

    pub(super) fn value(&self, visit: &Visit) -> Value {
        (self.make)(visit)
    }
}

impl fmt::Debug for ContextProcessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ContextProcessor").field(&self.name).finish()
    }
}

/// A function that every template can call, or a filter; given by
/// [`App::contribute`](crate::App::contribute) or a knob of [`Templates`](super::Templates).
///
/// Its arguments and result are what minijinja takes: numbers, text, `Option`, `Vec`, its own
/// `Value`, and first, if it is wanted, its `&State`.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::templates::{TemplateFunction, Templates, View};
///
/// fn prices(app: App) -> App {
///     let euro = |cents: u64| format!("{}.{:02} €", cents / 100, cents % 100);
///     app.contribute(TemplateFunction::filter("euro", euro))
///         .contribute(TemplateFunction::new("vat", || 19))
/// }
///
/// let client = App::new()
///     .plug(Templates::embedded([("page.html", "{{ 1999 | euro }}, {{ vat() }} %")]))
///     .plug(prices)
///     .get("/", async || View::new("page.html", ()))
///     .test();
/// client.get("/").send().assert_text("19.99 €, 19 %");
/// ```
pub struct TemplateFunction {
    name: Cow<'static, str>,
    add: Box<Add>,
}

impl TemplateFunction {
    /// A function of this name: `{{ name(1, "a") }}`.
    pub fn new<F, R, A>(name: impl Into<Cow<'static, str>>, function: F) -> Self
    where
        F: Function<R, A> + Clone,
        R: FunctionResult,
        A: for<'a> FunctionArgs<'a>,
    {
        let name = name.into();
        Self {
            name: name.clone(),
            add: Box::new(move |env| env.add_function(name.clone(), function.clone())),
        }
    }

    /// A filter of this name: `{{ value | name }}`.
    pub fn filter<F, R, A>(name: impl Into<Cow<'static, str>>, filter: F) -> Self
    where
        F: Function<R, A> + Clone,
        R: FunctionResult,
        A: for<'a> FunctionArgs<'a>,
    {
        let name = name.into();
        Self {
            name: name.clone(),
            add: Box::new(move |env| env.add_filter(name.clone(), filter.clone())),
        }
    }

    pub(super) fn add_to(&self, env: &mut Environment<'static>) {
        (self.add)(env);
    }
}

impl fmt::Debug for TemplateFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TemplateFunction").field(&self.name).finish()
    }
}
