//! `Pool`: where hashes are computed, as many at once as there are threads for them, and a queue of bounded
//! length before it.
//!
//! Before it: a password and what to do with it. After it: what came of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::Block;
use tokio::sync::Semaphore;

use crate::{Error, Result, blocking};

/// When a client may come again that found no place in the queue.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Room for hashes: some are at work, some wait, and there are no more.
pub(super) struct Pool {
    working: Arc<Semaphore>,
    /// Those that work and those that wait.
    present: Arc<Semaphore>,
    /// The memory of hashes that are done, for the next ones: as many as work at once. An allocator
    /// keeps what many threads gave back, each for itself.
    memories: Arc<Mutex<Vec<Vec<Block>>>>,
}

impl Pool {
    pub(super) fn new(threads: usize, queue: usize) -> Self {
        let most = Semaphore::MAX_PERMITS;
        Self {
            working: Arc::new(Semaphore::new(threads.min(most))),
            present: Arc::new(Semaphore::new(threads.saturating_add(queue).min(most))),
            memories: Arc::default(),
        }
    }

    /// Runs it on a thread. A client that goes away gives its place in the queue free; what works
    /// already keeps its own until it is done.
    /// Of the memory, so many KiB are kept.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        kept: u32,
        work: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T> {
        let Ok(place) = Arc::clone(&self.present).try_acquire_owned() else {
            let full = Error::unavailable("too many passwords wait to be hashed");
            return Err(full.with_retry_after(RETRY_AFTER));
        };
        let thread = Arc::clone(&self.working).acquire_owned().await?;
        let memories = Arc::clone(&self.memories);
        let work = move || {
            let memories = || memories.lock().unwrap_or_else(PoisonError::into_inner);
            let mut memory = memories().pop().unwrap_or_default();
            let done = work(&mut memory);
            if memory.len() <= kept as usize {
                memories().push(memory);
            }
            drop((thread, place));
            done
        };
        blocking(work).await
    }
}
