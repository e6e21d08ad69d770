//! `Timings`: how long the parts of one request took, in the order they began.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long the parts of one request took; [`ServerTiming`](crate::ServerTiming) sends them.
///
/// Where that is plugged and at work, each request has one as a local value. Whoever does a part of
/// the work adds its time; where there is none, nobody wants to know:
///
/// ```
/// use cepa::prelude::*;
/// use cepa::{Mode, ServerTiming, Timings};
/// use std::time::Duration;
///
/// async fn index(timings: Option<Local<Timings>>) -> &'static str {
///     if let Some(Local(timings)) = timings {
///         timings.add("db", Duration::from_millis(3));
///     }
///     "home"
/// }
///
/// let app = App::new().mode(Mode::Development).plug(ServerTiming::new()).get("/", index);
/// let res = app.test().get("/").send();
/// assert!(res.header("server-timing").is_some_and(|times| times.ends_with(", db;dur=3.000")));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Timings {
    parts: Arc<Mutex<Parts>>,
    /// The `ServerTiming` that made it: one mounted inside of another has nothing to add.
    owner: Arc<()>,
}

#[derive(Debug, Default)]
struct Parts {
    /// Middleware and handler, each inside of the one before.
    steps: Vec<(Arc<str>, Duration)>,
    added: Vec<Added>,
}

#[derive(Debug)]
struct Added {
    name: Cow<'static, str>,
    time: Duration,
    times: u32,
    /// What is counted, for one and for several; `None` where only several are told.
    unit: Option<[&'static str; 2]>,
}

/// Bytes of a header's value, at most.
const LIMIT: usize = 2048;

impl Timings {
    pub(super) fn of(owner: &Arc<()>) -> Self {
        Self {
            parts: Arc::default(),
            owner: Arc::clone(owner),
        }
    }

    pub(super) fn belongs_to(&self, owner: &Arc<()>) -> bool {
        Arc::ptr_eq(&self.owner, owner)
    }

    /// Adds the time of a part of the work. The times of one name are summed up and counted; after
    /// the head of the response was made, nothing is sent any more.
    pub fn add(&self, name: impl Into<Cow<'static, str>>, time: Duration) {
        self.add_part(name.into(), time, None);
    }

    /// Adds the time of one of several parts of a kind, and says how many there were, by the words for
    /// one and for several of them.
    ///
    /// ```
    /// use cepa::{ServerTiming, Timings, prelude::*};
    /// use std::time::Duration;
    ///
    /// async fn search(Local(timings): Local<Timings>) {
    ///     for time in [400, 1_107] {
    ///         timings.add_counted("search", Duration::from_micros(time), ["query", "queries"]);
    ///     }
    /// }
    ///
    /// let client = App::new().plug(ServerTiming::new()).get("/", search).test();
    /// let res = client.get("/").send();
    /// let told = res.header("server-timing").unwrap();
    /// assert!(told.contains(r#"search;dur=1.507;desc="2 queries""#), "{told}");
    /// ```
    pub fn add_counted(
        &self,
        name: impl Into<Cow<'static, str>>,
        time: Duration,
        unit: [&'static str; 2],
    ) {
        self.add_part(name.into(), time, Some(unit));
    }

    fn add_part(&self, name: Cow<'static, str>, time: Duration, unit: Option<[&'static str; 2]>) {
        let added = &mut self.lock().added;
        match added.iter_mut().find(|added| added.name == name) {
            Some(known) => {
                known.time = known.time.saturating_add(time);
                known.times = known.times.saturating_add(1);
            }
            None => added.push(Added {
                name,
                time,
                times: 1,
                unit,
            }),
        }
    }

    /// Begins a step, which ends when what is returned is dropped.
    pub(super) fn begin(&self, name: &Arc<str>) -> Running {
        let steps = &mut self.lock().steps;
        steps.push((Arc::clone(name), Duration::ZERO));
        Running {
            number: steps.len() - 1,
            timings: self.clone(),
            start: Instant::now(),
        }
    }

    /// The value of a `Server-Timing` header: the total, what each step took itself, what was added.
    pub(super) fn header(&self, total: Duration) -> String {
        let parts = self.lock();
        let mut header = format!("total;dur={}", Millis(total));
        let inner = parts.steps.iter().skip(1).map(|(_, time)| *time);
        let inner = inner.chain([Duration::ZERO]);
        let steps = parts.steps.iter().zip(inner).map(|((name, time), inner)| {
            let time = Millis(time.saturating_sub(inner));
            format!("{};dur={time}", Token(name))
        });
        let added = parts.added.iter().map(|added| {
            let (name, time) = (Token(&added.name), Millis(added.time));
            match (added.times, added.unit) {
                (1, None) => format!("{name};dur={time}"),
                (1, Some([one, _])) => format!("{name};dur={time};desc=\"1 {}\"", Token(one)),
                (times, unit) => {
                    let [_, several] = unit.unwrap_or(["time", "times"]);
                    format!("{name};dur={time};desc=\"{times} {}\"", Token(several))
                }
            }
        });
        let mut left_out = 0;
        for entry in steps.chain(added) {
            if left_out > 0 || header.len() + entry.len() > LIMIT - 64 {
                left_out += 1;
            } else {
                let _ = write!(header, ", {entry}");
            }
        }
        if left_out > 0 {
            let _ = write!(header, ", more;desc=\"{left_out} left out\"");
        }
        header
    }

    fn lock(&self) -> MutexGuard<'_, Parts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A step that began. Its time is noted also where its future is dropped.
pub(super) struct Running {
    timings: Timings,
    number: usize,
    start: Instant,
}

impl Drop for Running {
    fn drop(&mut self) {
        let time = self.start.elapsed();
        if let Some(step) = self.timings.lock().steps.get_mut(self.number) {
            step.1 = time;
        }
    }
}

/// A name as a token (RFC 9110, 5.6.2): `users.show` for `users::show`.
struct Token<'a>(&'a str);

impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("_");
        }
        for c in self.0.replace("::", ".").chars() {
            let is_plain = c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
            f.write_char(if is_plain { c } else { '_' })?;
        }
        Ok(())
    }
}

/// Milliseconds, to the microsecond.
struct Millis(Duration);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        write!(f, "{}.{:03}", micros / 1000, micros % 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_tokens() {
        let table = [
            ("Logger", "Logger"),
            ("users::show", "users.show"),
            ("provide::<Lang>", "provide._Lang_"),
            ("user.show", "user.show"),
            ("a b;c,d=\"e\"\\\r\n", "a_b_c_d__e____"),
            ("größe", "gr__e"),
            ("", "_"),
        ];
        for (name, token) in table {
            assert_eq!(Token(name).to_string(), token);
        }
    }

    #[test]
    fn a_step_has_its_own_time_only() {
        let timings = Timings::default();
        let millis = Duration::from_millis;
        let steps = [("a", 10), ("b", 7), ("c", 7)];
        timings.lock().steps = steps.map(|(name, time)| (name.into(), millis(time))).into();
        timings.add("mail", Duration::from_micros(1500));
        timings.add("cache", millis(1));
        timings.add("mail", Duration::from_micros(7));
        timings.add_counted("search", millis(1), ["query", "queries"]);
        for _ in 0..3 {
            timings.add_counted("db", millis(2), ["statement", "statements"]);
        }
        let header = "total;dur=12.000, a;dur=3.000, b;dur=0.000, c;dur=7.000, \
                      mail;dur=1.507;desc=\"2 times\", cache;dur=1.000, \
                      search;dur=1.000;desc=\"1 query\", db;dur=6.000;desc=\"3 statements\"";
        assert_eq!(timings.header(millis(12)), header);
    }

    #[test]
    fn the_header_is_bounded() {
        let timings = Timings::default();
        timings.add("x".repeat(5000), Duration::ZERO);
        assert_eq!(
            timings.header(Duration::MAX),
            "total;dur=18446744073709551615999.999, more;desc=\"1 left out\""
        );
        let timings = Timings::default();
        for i in 0..10_000 {
            timings.add(format!("part-{i}"), Duration::MAX);
        }
        let header = timings.header(Duration::MAX);
        assert!(header.len() <= LIMIT, "{}", header.len());
        assert!(header.ends_with(" left out\""), "{header}");
    }
}
