//! What went through a connection's IO, for the task that watches over it.
//!
//! hyper owns the IO while it serves, so the two share no more than these flags and counters. Both
//! sides run in one task, so each is a plain load or store: no lock, and nothing to wait for.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32};

use super::tether::Tether;

/// Counters and flags of one connection's IO.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// How often bytes came in and went out, modulo 2³²; any change is progress.
    reads: AtomicU32,
    writes: AtomicU32,
    /// The socket did not take the last piece that went straight to it.
    full: AtomicBool,
    /// Bytes were taken from hyper that the socket, or TLS inside of it, has not taken yet.
    unsent: AtomicBool,
    /// A flush writes out what was gathered.
    flushes: AtomicBool,
    /// After an upgrade nobody takes turns any more, so writes go straight through.
    direct: AtomicBool,
    pub(super) tether: Tether,
}

impl Traffic {
    pub(super) fn reads(&self) -> u32 {
        self.reads.load(Relaxed)
    }

    pub(super) fn writes(&self) -> u32 {
        self.writes.load(Relaxed)
    }

    pub(super) fn note_read(&self) {
        self.reads.store(self.reads().wrapping_add(1), Relaxed);
    }

    pub(super) fn note_write(&self) {
        self.writes.store(self.writes().wrapping_add(1), Relaxed);
    }

    /// Whether the client takes nothing of what there is for it.
    pub(super) fn is_blocked(&self) -> bool {
        self.full.load(Relaxed) || self.is_unsent()
    }

    pub(super) fn set_full(&self, full: bool) {
        self.full.store(full, Relaxed);
    }

    pub(super) fn is_unsent(&self) -> bool {
        self.unsent.load(Relaxed)
    }

    pub(super) fn set_unsent(&self, unsent: bool) {
        self.unsent.store(unsent, Relaxed);
    }

    pub(super) fn flushes(&self) -> bool {
        self.flushes.load(Relaxed)
    }

    pub(super) fn set_flushes(&self, flushes: bool) {
        self.flushes.store(flushes, Relaxed);
    }

    pub(super) fn is_direct(&self) -> bool {
        self.direct.load(Relaxed)
    }

    /// Leaves the socket to whom hyper gave its end; what is still here goes out with the next
    /// read or write there.
    pub(super) fn hand_over(&self) {
        self.flushes.store(true, Relaxed);
        self.direct.store(true, Relaxed);
    }
}
