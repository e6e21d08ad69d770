//! What becomes of a response: whether it was sent, and who wants to know.
//!
//! Before it: middleware asked to be told, by `on_end`. After it: the server counts what it sends.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use crate::error::Error;
use crate::log;

/// How the sending of a response ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// All of it was handed to the connection.
    Sent {
        /// Bytes of the body.
        bytes: u64,
    },
    /// The body's source failed, so the response was broken off.
    Failed {
        /// Bytes of the body until then.
        bytes: u64,
    },
    /// The client went away, or the response was dropped unsent.
    Cancelled {
        /// Bytes of the body until then.
        bytes: u64,
    },
}

impl Outcome {
    /// Bytes of the body that were handed to the connection.
    #[must_use]
    pub fn bytes(self) -> u64 {
        match self {
            Self::Sent { bytes } | Self::Failed { bytes } | Self::Cancelled { bytes } => bytes,
        }
    }
}

type EndHook = Box<dyn FnOnce(Outcome) + Send>;

/// The hooks of [`Response::on_end`](super::Response::on_end); those not called when it is dropped are told of the
/// cancellation. The mutex makes it `Sync` and is never contended.
#[derive(Default)]
pub(crate) struct EndHooks {
    hooks: Mutex<Vec<EndHook>>,
    bytes: u64,
    /// What the head promises: who sends a body asks for no more than that.
    pub(super) length: Option<u64>,
}

impl EndHooks {
    pub(super) fn add(&mut self, hook: EndHook) {
        self.hooks().push(hook);
    }

    pub(crate) fn count(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    pub(crate) fn sent(&mut self) {
        let bytes = self.bytes;
        self.call(Outcome::Sent { bytes });
    }

    pub(crate) fn failed(&mut self) {
        let bytes = self.bytes;
        self.call(Outcome::Failed { bytes });
    }

    /// The panic of a hook goes to the log: it may run while another panic unwinds.
    fn call(&mut self, outcome: Outcome) {
        for hook in std::mem::take(self.hooks()) {
            let called = catch_unwind(AssertUnwindSafe(|| hook(outcome)));
            if let Err(panic) = called {
                let line = format!("`on_end`: {}", Error::from_panic(&*panic));
                log::emit(log::Level::Error, &line);
            }
        }
    }

    fn hooks(&mut self) -> &mut Vec<EndHook> {
        self.hooks.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for EndHooks {
    fn drop(&mut self) {
        let bytes = self.bytes;
        self.call(match self.length {
            Some(length) if length == bytes => Outcome::Sent { bytes },
            _ => Outcome::Cancelled { bytes },
        });
    }
}

impl fmt::Debug for EndHooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndHooks")
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}
