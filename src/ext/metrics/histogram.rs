//! Histograms: how often a value was within each of some bounds.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use super::instrument::{Described, add};
use super::text::{histogram, problem_of_bounds};
use super::{Family, Instrument, Metric};

/// How often a value was within each of some bounds, and the sum of all: times, sizes. Clones
/// count together.
///
/// ```
/// use cepa::metrics::Histogram;
///
/// let waits = Histogram::new("queue_wait_seconds", "Time in the queue.", [0.1, 1.0, 10.0]);
/// waits.observe(0.05);
/// waits.observe(2.0);
/// assert_eq!(waits.count(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct Histogram {
    described: Described,
    bounds: Arc<[f64]>,
    cells: Arc<Cells>,
}

#[derive(Debug)]
struct Cells {
    /// One for each bound, and one for what is above all.
    counts: Box<[AtomicU64]>,
    /// The bits of an `f64`.
    sum: AtomicU64,
}

impl Cells {
    fn new(bounds: &[f64]) -> Arc<Self> {
        Arc::new(Self {
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        })
    }
}

impl Histogram {
    /// A histogram with these upper bounds, which rise; an endless one is added.
    #[must_use]
    pub fn new(name: &str, help: &str, bounds: impl IntoIterator<Item = f64>) -> Self {
        let bounds: Arc<[f64]> = bounds.into_iter().collect();
        Self {
            described: Described::new(name, help),
            cells: Cells::new(&bounds),
            bounds,
        }
    }

    /// Notes a value. One that is no number counts as above all bounds and adds nothing to the sum.
    pub fn observe(&self, value: f64) {
        let within = |bound: &f64| value <= *bound;
        let at = self.bounds.iter().position(within);
        self.cells.counts[at.unwrap_or(self.bounds.len())].fetch_add(1, Relaxed);
        if !value.is_nan() {
            add(&self.cells.sum, value);
        }
    }

    /// How many values were noted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.cells
            .counts
            .iter()
            .map(|count| count.load(Relaxed))
            .sum()
    }

    /// A histogram for each set of values of these labels, in place of this one.
    #[must_use]
    pub fn with_labels<const N: usize>(&self, labels: [&str; N]) -> Family<Self, N> {
        Family::new(self, labels)
    }

    /// This histogram, to be shown: `app.contribute(histogram.metric())`.
    #[must_use]
    pub fn metric(&self) -> Metric {
        Metric::of(self)
    }
}

impl Instrument for Histogram {
    const KIND: &'static str = "histogram";

    fn name(&self) -> &str {
        &self.described.name
    }

    fn help(&self) -> &str {
        &self.described.help
    }

    fn sibling(&self) -> Self {
        Self {
            described: self.described.clone(),
            bounds: Arc::clone(&self.bounds),
            cells: Cells::new(&self.bounds),
        }
    }

    fn write(&self, out: &mut String, labels: &str) {
        let counts = self.cells.counts.iter().map(|count| count.load(Relaxed));
        let counts: Vec<u64> = counts.collect();
        let sum = f64::from_bits(self.cells.sum.load(Relaxed));
        histogram(out, self.name(), labels, &self.bounds, &counts, sum);
    }

    fn problem(&self) -> Option<String> {
        let problem = problem_of_bounds(&self.bounds)?;
        Some(format!("the metric `{}` {problem}", self.name()))
    }
}
