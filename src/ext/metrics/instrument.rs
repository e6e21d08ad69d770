//! Counters and gauges: one atomic number each, shared by all clones.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use super::text::sample;
use super::{Family, Histogram, Metric};

/// [`Counter`], [`Gauge`] or [`Histogram`](super::Histogram): what a [`Family`] is made of.
/// It cannot be implemented elsewhere; [`Metric::read`] shows what is kept elsewhere.
pub trait Instrument: Sealed + Clone + Send + Sync + 'static {
    #[doc(hidden)]
    const KIND: &'static str;
    #[doc(hidden)]
    fn name(&self) -> &str;
    #[doc(hidden)]
    fn help(&self) -> &str;
    /// One of the same kind and options, at its beginning.
    #[doc(hidden)]
    #[must_use]
    fn sibling(&self) -> Self;
    #[doc(hidden)]
    fn write(&self, out: &mut String, labels: &str);
    /// What is wrong with its options.
    #[doc(hidden)]
    fn problem(&self) -> Option<String> {
        None
    }
}

/// What only types of this module are.
#[expect(unnameable_types, reason = "so that nobody can implement it")]
pub trait Sealed {}

impl Sealed for Counter {}
impl Sealed for Gauge {}
impl Sealed for Histogram {}

/// Name and help of a metric.
#[derive(Clone, Debug)]
pub(super) struct Described {
    pub(super) name: Arc<str>,
    pub(super) help: Arc<str>,
}

impl Described {
    pub(super) fn new(name: &str, help: &str) -> Self {
        Self {
            name: name.into(),
            help: help.into(),
        }
    }
}

/// A number that only rises: orders taken, bytes read. Clones count together.
///
/// ```
/// use cepa::metrics::Counter;
///
/// let jobs = Counter::new("jobs_total", "Jobs done.");
/// jobs.add(2);
/// assert_eq!(jobs.value(), 2);
///
/// let by_kind = jobs.with_labels(["kind"]);
/// by_kind.at(["mail"]).add(1);
/// assert_eq!(by_kind.at(["mail"]).value(), 1);
/// ```
#[derive(Clone, Debug)]
pub struct Counter {
    described: Described,
    value: Arc<AtomicU64>,
}

impl Counter {
    /// A counter at 0. By custom the name ends in `_total` and names its unit before.
    #[must_use]
    pub fn new(name: &str, help: &str) -> Self {
        Self {
            described: Described::new(name, help),
            value: Arc::default(),
        }
    }

    /// Adds to it.
    pub fn add(&self, count: u64) {
        self.value.fetch_add(count, Relaxed);
    }

    /// What was added so far.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.value.load(Relaxed)
    }

    /// A counter for each set of values of these labels, in place of this one.
    #[must_use]
    pub fn with_labels<const N: usize>(&self, labels: [&str; N]) -> Family<Self, N> {
        Family::new(self, labels)
    }

    /// This counter, to be shown: `app.contribute(counter.metric())`.
    #[must_use]
    pub fn metric(&self) -> Metric {
        Metric::of(self)
    }
}

impl Instrument for Counter {
    const KIND: &'static str = "counter";

    fn name(&self) -> &str {
        &self.described.name
    }

    fn help(&self) -> &str {
        &self.described.help
    }

    fn sibling(&self) -> Self {
        Self {
            described: self.described.clone(),
            value: Arc::default(),
        }
    }

    fn write(&self, out: &mut String, labels: &str) {
        sample(out, self.name(), labels, self.value() as f64);
    }
}

/// A number that goes up and down: open sockets, degrees. Clones share it.
///
/// ```
/// use cepa::metrics::Gauge;
///
/// let open = Gauge::new("sockets_open", "Sockets that are open.");
/// open.add(2.0);
/// open.add(-1.0);
/// assert_eq!(open.value(), 1.0);
/// ```
///
/// A number that is kept elsewhere is read there by [`Metric::read`].
#[derive(Clone, Debug)]
pub struct Gauge {
    described: Described,
    /// The bits of an `f64`.
    value: Arc<AtomicU64>,
}

impl Gauge {
    /// A gauge at 0.
    #[must_use]
    pub fn new(name: &str, help: &str) -> Self {
        Self {
            described: Described::new(name, help),
            value: Arc::default(),
        }
    }

    /// Sets it.
    pub fn set(&self, value: f64) {
        self.value.store(value.to_bits(), Relaxed);
    }

    /// Adds to it; less than 0 takes away.
    pub fn add(&self, value: f64) {
        add(&self.value, value);
    }

    /// The number as it is.
    #[must_use]
    pub fn value(&self) -> f64 {
        f64::from_bits(self.value.load(Relaxed))
    }

    /// A gauge for each set of values of these labels, in place of this one.
    #[must_use]
    pub fn with_labels<const N: usize>(&self, labels: [&str; N]) -> Family<Self, N> {
        Family::new(self, labels)
    }

    /// This gauge, to be shown: `app.contribute(gauge.metric())`.
    #[must_use]
    pub fn metric(&self) -> Metric {
        Metric::of(self)
    }
}

/// Adds to a number that is kept as bits.
pub(super) fn add(bits: &AtomicU64, value: f64) {
    let added = |bits| Some((f64::from_bits(bits) + value).to_bits());
    let _ = bits.fetch_update(Relaxed, Relaxed, added);
}

impl Instrument for Gauge {
    const KIND: &'static str = "gauge";

    fn name(&self) -> &str {
        &self.described.name
    }

    fn help(&self) -> &str {
        &self.described.help
    }

    fn sibling(&self) -> Self {
        Self {
            described: self.described.clone(),
            value: Arc::default(),
        }
    }

    fn write(&self, out: &mut String, labels: &str) {
        sample(out, self.name(), labels, self.value());
    }
}
