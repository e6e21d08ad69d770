//! Interrupts: statements whose future was dropped before they ended, because the client went away
//! or time was up.
//!
//! Their connections go back to the pool. A statement may still run there; a `BEGIN` that was sent
//! and not counted may have left a transaction open, in which what the next one writes would be
//! lost; and where the network is gone, nobody comes back at all. So after an interrupt, connections
//! are asked on their way into the pool, for a while.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

/// For how long connections are asked.
const WHILE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Interrupts {
    begun: Instant,
    /// Milliseconds since `begun`.
    until: AtomicU64,
    /// Somebody has the pool of SeaORM, whose interrupts are not seen.
    are_unseen: AtomicBool,
    /// Closed with the pool.
    pub(super) closed: Semaphore,
}

impl Interrupts {
    pub(super) fn new() -> Self {
        Self {
            begun: Instant::now(),
            until: AtomicU64::new(0),
            are_unseen: AtomicBool::new(false),
            closed: Semaphore::new(0),
        }
    }

    /// The pool is closed: nothing is waited for any more.
    pub(super) fn close(&self) {
        self.closed.close();
    }

    /// Something begins that is an interrupt unless its end is told.
    pub(super) fn watch(&self) -> Watch<'_> {
        Watch(Some(self))
    }

    /// From here on there may be some at any time.
    pub(super) fn expect(&self) {
        self.are_unseen.store(true, Ordering::Release);
    }

    /// There was one.
    pub(super) fn note(&self) {
        let until = self.begun.elapsed() + WHILE;
        self.until
            .store(until.as_millis() as u64, Ordering::Release);
    }

    /// Whether there were some, or may have been.
    #[cfg(any(feature = "orm-postgres", feature = "orm-mysql"))]
    pub(super) fn are_recent(&self) -> bool {
        let until = self.until.load(Ordering::Acquire);
        self.are_unseen.load(Ordering::Acquire) || until > self.begun.elapsed().as_millis() as u64
    }
}

pub(super) struct Watch<'a>(Option<&'a Interrupts>);

impl Watch<'_> {
    pub(super) fn end(mut self) {
        self.0 = None;
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some(interrupts) = self.0 {
            interrupts.note();
        }
    }
}
