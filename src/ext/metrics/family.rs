//! Families: an instrument for each set of values of some labels.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::metric::{Collect, problem_of_name};
use super::text::{is_label, label};
use super::{Instrument, Metric};

/// An instrument for each set of values of some labels; made by `with_labels`.
///
/// ```
/// use cepa::metrics::Counter;
///
/// let logins = Counter::new("logins_total", "Logins.").with_labels(["way", "result"]);
/// logins.at(["password", "refused"]).add(1);
/// logins.at(["passkey", "ok"]).add(2);
/// assert_eq!(logins.at(["passkey", "ok"]).value(), 2);
/// ```
///
/// Values are kept for good, so they come from a small set: never a path, a name or an address that
/// a client sent. Beyond [`LIMIT`](Self::LIMIT) sets, all others are counted together as `other`.
pub struct Family<I, const N: usize>(Arc<Inner<I, N>>);

struct Inner<I, const N: usize> {
    /// What each member is a sibling of; it counts nothing itself.
    model: I,
    labels: [String; N],
    /// By the labels as they are written, in the order in which they are shown.
    members: RwLock<BTreeMap<String, I>>,
}

impl<I: Instrument, const N: usize> Family<I, N> {
    /// How many sets of values are told apart: 1,000.
    pub const LIMIT: usize = 1_000;

    pub(super) fn new(model: &I, labels: [&str; N]) -> Self {
        Self(Arc::new(Inner {
            model: model.sibling(),
            labels: labels.map(str::to_owned),
            members: RwLock::default(),
        }))
    }

    /// The instrument for these values. Cheap to keep, which saves looking for it each time.
    #[must_use]
    pub fn at(&self, values: [&str; N]) -> I {
        let Inner { members, model, .. } = &*self.0;
        let key = self.0.key(values);
        let other = || self.0.key(["other"; N]);
        {
            let members = members.read().unwrap_or_else(PoisonError::into_inner);
            let known = members.get(&key).or_else(|| {
                let is_full = members.len() >= Self::LIMIT;
                is_full.then(|| members.get(&other()))?
            });
            if let Some(member) = known {
                return member.clone();
            }
        }
        // Asked again: another thread may have filled it meanwhile.
        let mut members = members.write().unwrap_or_else(PoisonError::into_inner);
        let is_full = members.len() >= Self::LIMIT && !members.contains_key(&key);
        members
            .entry(if is_full { other() } else { key })
            .or_insert_with(|| model.sibling())
            .clone()
    }

    /// This family, to be shown: `app.contribute(family.metric())`.
    #[must_use]
    pub fn metric(&self) -> Metric {
        Metric::collecting(self.0.clone())
    }
}

impl<I, const N: usize> Inner<I, N> {
    fn key(&self, values: [&str; N]) -> String {
        let mut key = String::new();
        for (name, value) in self.labels.iter().zip(values) {
            label(&mut key, name, value);
        }
        key
    }
}

impl<I: Instrument, const N: usize> Collect for Inner<I, N> {
    fn name(&self) -> Option<&str> {
        Some(self.model.name())
    }

    fn head(&self) -> (&str, &'static str) {
        (self.model.help(), I::KIND)
    }

    fn problem(&self) -> Option<String> {
        let name = self.model.name();
        let bad = self.labels.iter().find(|label| !is_label(label));
        let bad = bad.map(|label| {
            format!("`{label}` is no label for the metric `{name}`: use letters, digits and `_`; `le` and what begins with `__` are taken")
        });
        let twice = (1..N).find(|&i| self.labels[..i].contains(&self.labels[i]));
        let twice = twice.map(|i| {
            format!(
                "the metric `{name}` has the label `{}` twice: rename one",
                self.labels[i]
            )
        });
        problem_of_name(name)
            .or(bad)
            .or(twice)
            .or_else(|| self.model.problem())
    }

    fn write(&self, out: &mut String) {
        let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
        for (labels, member) in &*members {
            member.write(out, labels);
        }
    }
}

impl<I, const N: usize> Clone for Family<I, N> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<I, const N: usize> fmt::Debug for Family<I, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family")
            .field("labels", &self.0.labels)
            .finish_non_exhaustive()
    }
}
