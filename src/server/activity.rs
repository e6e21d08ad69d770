//! What one connection is doing, told by its requests, watched by one timer.
//!
//! The timer ticks a few times per timeout and asks whether anything changed since; an idle
//! connection sleeps through. No clock is read for a request, so a timeout is noticed up to one tick
//! late and never early.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::config::Config;
use super::streams::Clock;
use super::traffic::Traffic;

/// Ticks in the shortest timeout.
const TICKS: u32 = 4;

/// The longest sleep, in ticks; a longer idle time is slept through in several.
const MOST_TICKS: u128 = 10_000;

/// Counters of one connection.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// Requests whose head was complete.
    calls: AtomicU32,
    /// Those of them whose response is not done.
    in_flight: AtomicU32,
    /// Those whose response waits for the client to take what it has of it.
    owed: AtomicU32,
    /// Handlers that wait for bytes of their request's body, and streams of HTTP/2 that wait for
    /// the client to take bytes of their response.
    readers: Mutex<Readers>,
    /// They are counted in several tasks, as the streams of HTTP/2 are.
    spread: AtomicBool,
    pub(super) traffic: Traffic,
}

#[derive(Debug, Default)]
struct Readers {
    waiting: Vec<Reader>,
    /// How many there have been; the number of each.
    count: u64,
}

/// One that waits, of the several that streams of HTTP/2 may have: each has its own time.
#[derive(Debug)]
struct Reader {
    number: u64,
    waker: Waker,
    /// Of one that waits for the client to take bytes.
    clock: Option<Arc<Clock>>,
    ticks: u32,
    expired: bool,
}

impl Activity {
    /// The requests of this connection are answered in tasks of their own from now on.
    #[cfg(feature = "http2")]
    pub(super) fn spread(&self) {
        self.spread.store(true, Relaxed);
    }

    pub(super) fn begin(&self) {
        self.add(&self.calls, 1);
        self.add(&self.in_flight, 1);
    }

    pub(super) fn end(&self) {
        self.add(&self.in_flight, u32::MAX);
    }

    /// Adds modulo 2³². Within one task, a load and a store will do, which lock no other core out.
    fn add(&self, counter: &AtomicU32, number: u32) {
        if self.spread.load(Relaxed) {
            counter.fetch_add(number, Relaxed);
        } else {
            counter.store(counter.load(Relaxed).wrapping_add(number), Relaxed);
        }
    }

    /// Whether a response is not done.
    pub(super) fn is_answering(&self) -> bool {
        self.in_flight.load(Relaxed) > 0
    }

    /// A piece of a response was handed over, and more will follow.
    pub(super) fn owe(&self) {
        self.add(&self.owed, 1);
    }

    /// The next piece is asked for, or none any more.
    pub(super) fn paid(&self) {
        self.add(&self.owed, u32::MAX);
    }

    /// Notes that a handler waits for bytes of a body, in `wait` under which number; it is woken if
    /// they do not come in time. True if they did not.
    pub(crate) fn wait_for_body(&self, wait: &mut Option<u64>, waker: &Waker) -> bool {
        self.wait(wait, waker, || None)
    }

    /// The same for a stream of HTTP/2 whose response waits for the client.
    #[cfg(feature = "http2")]
    pub(super) fn wait_for_client(
        &self,
        wait: &mut Option<u64>,
        waker: &Waker,
        clock: &Arc<Clock>,
    ) -> bool {
        self.wait(wait, waker, || Some(Arc::clone(clock)))
    }

    fn wait(
        &self,
        wait: &mut Option<u64>,
        waker: &Waker,
        clock: impl FnOnce() -> Option<Arc<Clock>>,
    ) -> bool {
        let mut readers = self.readers();
        let known = wait.and_then(|number| readers.find(number));
        if let Some(at) = known {
            let reader = &mut readers.waiting[at];
            reader.waker.clone_from(waker);
            return reader.expired;
        }
        readers.count += 1;
        let number = readers.count;
        *wait = Some(number);
        readers.waiting.push(Reader {
            number,
            waker: waker.clone(),
            clock: clock(),
            ticks: 0,
            expired: false,
        });
        false
    }

    /// Notes that what was waited for came, or that nobody waits any more.
    pub(crate) fn end_wait(&self, number: u64) {
        let mut readers = self.readers();
        if let Some(at) = readers.find(number) {
            readers.waiting.swap_remove(at);
        }
    }

    fn readers(&self) -> MutexGuard<'_, Readers> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A tick has passed; who has waited for `limit` of them is woken.
    /// Where the socket takes nothing, no stream is to blame: the connection has a time for that.
    fn age_readers(&self, tick: Duration, limit: Duration, blocked: bool) {
        for reader in &mut self.readers().waiting {
            if let Some(clock) = &reader.clock
                && (clock.has_moved() || blocked)
            {
                reader.ticks = 0;
            }
            if !reader.expired && tick * reader.ticks >= limit {
                reader.expired = true;
                reader.waker.wake_by_ref();
            }
            reader.ticks += 1;
        }
    }
}

impl Readers {
    fn find(&self, number: u64) -> Option<usize> {
        self.waiting
            .iter()
            .position(|reader| reader.number == number)
    }
}

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The head of a request, the first byte of the first one included.
    Head,
    /// The next request.
    Idle,
    /// The client, to take bytes of a response.
    Write,
    /// A handler: takes the time it takes. Those that wait for a body have times of their own.
    Work,
}

/// What a timeout demands of the connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Close it as a graceful stop would.
    Leave,
    /// Close it now.
    Cut,
}

/// The one timer of a connection.
pub(super) struct Watchdog {
    sleep: Pin<Box<Sleep>>,
    armed: bool,
    tick: Duration,
    /// Of a head, of an idle connection, of a body or response.
    limits: [Duration; 3],
    mark: (Phase, u32),
    /// Ticks since the mark changed.
    quiet: u32,
    /// Calls and reads when a request was last seen in flight.
    calls: u32,
    idle_reads: u32,
    /// Reads when the connection was left to sleep through its idle time.
    asleep: Option<u32>,
}

/// What the timer looks at, beside the counters.
#[derive(Clone, Copy)]
pub(super) struct Signs {
    /// Whether this is HTTP/2, where the client may send frames while it is idle.
    pub(super) framed: bool,
    /// Whether the connection was asked to end.
    pub(super) leaving: bool,
}

impl Watchdog {
    pub(super) fn new(config: &Config) -> Self {
        let limits = [
            config.head_timeout,
            config.idle_timeout,
            config.body_timeout,
        ];
        let shortest = limits.into_iter().min().unwrap_or_default();
        let tick = (shortest / TICKS).max(Duration::from_millis(1));
        let sleep = Box::pin(tokio::time::sleep(tick));
        let mark = (Phase::Head, 0);
        Self {
            sleep,
            armed: false,
            tick,
            limits,
            mark,
            quiet: 0,
            calls: 0,
            idle_reads: 0,
            asleep: None,
        }
    }

    /// Called at the end of each turn of the connection; costs a look at the timer.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        activity: &Activity,
        signs: Signs,
    ) -> Poll<Verdict> {
        let calls = activity.calls.load(Relaxed);
        let reads = activity.traffic.reads();
        let moved = |before| calls != self.calls || (!signs.framed && reads != before);
        if self
            .asleep
            .is_some_and(|before| signs.leaving || moved(before))
        {
            self.asleep = None;
            self.quiet = 0;
            self.sleep.as_mut().reset(Instant::now() + self.tick);
            self.armed = false;
        }
        if calls != self.calls || activity.is_answering() {
            self.calls = calls;
            self.idle_reads = reads;
        }
        if self.armed && !self.sleep.is_elapsed() {
            return Poll::Pending;
        }
        let mut verdict = None;
        while self.poll_sleep(cx).is_ready() {
            verdict = verdict.or(self.tick(activity, signs));
            let pause = self.pause(reads, signs);
            self.sleep.as_mut().reset(Instant::now() + pause);
        }
        self.armed = true;
        verdict.map_or(Poll::Pending, Poll::Ready)
    }

    /// How long to the next tick: an idle connection is left alone until its time is over, or
    /// something comes, so that thousands of them cost nothing.
    fn pause(&mut self, reads: u32, signs: Signs) -> Duration {
        self.asleep = None;
        if self.mark.0 != Phase::Idle || self.quiet == 0 || signs.leaving {
            return self.tick;
        }
        let left = self.limits[1].saturating_sub(self.tick * self.quiet);
        let ticks = left
            .as_nanos()
            .div_ceil(self.tick.as_nanos())
            .clamp(1, MOST_TICKS);
        let ticks = ticks as u32;
        self.quiet += ticks - 1;
        self.asleep = Some(reads);
        self.tick * ticks
    }

    /// Outside of tokio's budget: a turn that used it up would be told to come again, without the
    /// timer knowing whom to wake.
    fn poll_sleep(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        pin!(tokio::task::unconstrained(self.sleep.as_mut())).poll(cx)
    }

    fn tick(&mut self, activity: &Activity, signs: Signs) -> Option<Verdict> {
        activity.age_readers(self.tick, self.limits[2], activity.traffic.is_blocked());
        let (phase, change) = self.phase(activity, signs);
        if self.mark != (phase, change) {
            self.mark = (phase, change);
            self.quiet = 0;
            return None;
        }
        self.quiet += 1;
        let limit = match phase {
            Phase::Head => self.limits[0],
            // A client of HTTP/2 that was told to leave has as long for its answer as for a head.
            Phase::Idle if signs.leaving => self.limits[0],
            Phase::Idle => self.limits[1],
            Phase::Write => self.limits[2],
            Phase::Work => return None,
        };
        if self.tick * self.quiet < limit {
            return None;
        }
        match phase {
            Phase::Idle => Some(Verdict::Leave),
            Phase::Head | Phase::Write | Phase::Work => Some(Verdict::Cut),
        }
    }

    /// What is waited for, and a number whose change is progress.
    fn phase(&self, activity: &Activity, signs: Signs) -> (Phase, u32) {
        let (reads, writes) = (activity.traffic.reads(), activity.traffic.writes());
        if activity.traffic.is_blocked() {
            return (Phase::Write, writes);
        }
        if activity.is_answering() {
            return if activity.owed.load(Relaxed) == activity.in_flight.load(Relaxed) {
                (Phase::Write, writes)
            } else {
                (Phase::Work, 0)
            };
        }
        if signs.leaving {
            // What is left of responses may still be on its way.
            return (Phase::Idle, writes);
        }
        let begun = self.calls == 0 || (!signs.framed && reads != self.idle_reads);
        (if begun { Phase::Head } else { Phase::Idle }, self.calls)
    }
}
