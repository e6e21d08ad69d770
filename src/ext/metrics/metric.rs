//! `Metric`: anything that is shown, its type forgotten.

use std::fmt;
use std::sync::Arc;

use super::Instrument;
use super::text::{head, is_name, sample};

/// What is shown at `/metrics` beside the requests; give it by
/// [`App::contribute`](crate::App::contribute).
///
/// ```
/// use cepa::metrics::{Metric, Metrics};
/// use cepa::prelude::*;
///
/// let client = App::new()
///     .plug(Metrics::new())
///     .contribute(Metric::read("pool_size", "Connections of the pool.", || 7.0))
///     .test();
/// client.get("/metrics").send().assert_contains("# TYPE pool_size gauge\npool_size 7\n");
/// ```
#[derive(Clone)]
pub struct Metric(Arc<dyn Collect>);

/// What is needed to show a metric.
pub(super) trait Collect: Send + Sync {
    /// The name; none for text from elsewhere.
    fn name(&self) -> Option<&str>;
    /// Help and type.
    fn head(&self) -> (&str, &'static str);
    /// What is wrong with it: a sentence with the fix.
    fn problem(&self) -> Option<String>;
    fn write(&self, out: &mut String);
}

impl Metric {
    /// A gauge whose number is read when someone asks. The function is quick and does not block.
    #[must_use]
    pub fn read(name: &str, help: &str, read: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        Self::collecting(Arc::new(Reading {
            name: name.to_owned(),
            help: help.to_owned(),
            read,
        }))
    }

    /// Text in the format of Prometheus from elsewhere, shown behind all others as it is: whole
    /// lines, of metrics that have other names than these. For the `metrics` crate, it is the
    /// `render` of the handle of its Prometheus recorder.
    ///
    /// ```
    /// use cepa::metrics::{Metric, Metrics};
    /// use cepa::prelude::*;
    ///
    /// let elsewhere = Metric::text(|| "# TYPE up gauge\nup 1\n".to_owned());
    /// let client = App::new().plug(Metrics::new()).contribute(elsewhere).test();
    /// client.get("/metrics").send().assert_contains("up 1\n");
    /// ```
    #[must_use]
    pub fn text(write: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self::collecting(Arc::new(Elsewhere(write)))
    }

    pub(super) fn of<I: Instrument>(instrument: &I) -> Self {
        Self::collecting(Arc::new(Single(instrument.clone())))
    }

    pub(super) fn collecting(metric: Arc<dyn Collect>) -> Self {
        Self(metric)
    }

    /// The name; none for text from elsewhere.
    pub(super) fn name(&self) -> Option<&str> {
        self.0.name()
    }

    pub(super) fn problem(&self) -> Option<String> {
        self.0.problem()
    }

    /// All its lines.
    pub(super) fn write(&self, out: &mut String) {
        if let Some(name) = self.name() {
            let (help, kind) = self.0.head();
            head(out, name, help, kind);
        }
        self.0.write(out);
    }
}

impl fmt::Debug for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Metric").field(&self.name()).finish()
    }
}

pub(super) fn problem_of_name(name: &str) -> Option<String> {
    (!is_name(name)).then(|| {
        format!("`{name}` is no name of a metric: use letters, digits and `_`, as in `jobs_total`")
    })
}

/// An instrument without labels.
struct Single<I>(I);

impl<I: Instrument> Collect for Single<I> {
    fn name(&self) -> Option<&str> {
        Some(self.0.name())
    }

    fn head(&self) -> (&str, &'static str) {
        (self.0.help(), I::KIND)
    }

    fn problem(&self) -> Option<String> {
        problem_of_name(self.0.name()).or_else(|| self.0.problem())
    }

    fn write(&self, out: &mut String) {
        self.0.write(out, "");
    }
}

struct Reading<F> {
    name: String,
    help: String,
    read: F,
}

impl<F: Fn() -> f64 + Send + Sync> Collect for Reading<F> {
    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn head(&self) -> (&str, &'static str) {
        (&self.help, "gauge")
    }

    fn problem(&self) -> Option<String> {
        problem_of_name(&self.name)
    }

    fn write(&self, out: &mut String) {
        sample(out, &self.name, "", (self.read)());
    }
}

struct Elsewhere<F>(F);

impl<F: Fn() -> String + Send + Sync> Collect for Elsewhere<F> {
    fn name(&self) -> Option<&str> {
        None
    }

    fn head(&self) -> (&str, &'static str) {
        ("", "untyped")
    }

    fn problem(&self) -> Option<String> {
        None
    }

    fn write(&self, out: &mut String) {
        let text = (self.0)();
        out.push_str(&text);
        if !text.is_empty() && !text.ends_with('\n') {
            out.push('\n');
        }
    }
}
