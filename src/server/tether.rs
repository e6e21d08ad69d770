//! What ties the bytes of an upgraded connection to the server: it has a place there until they are
//! let go, and a hard stop ends them wherever they are.

use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;

/// One per connection, used after an upgrade only.
#[derive(Debug, Default)]
pub(crate) struct Tether {
    cut: AtomicBool,
    /// Who waits to read, and who to write.
    parked: Mutex<[Option<Waker>; 2]>,
    gone: Notify,
}

/// Which of the two waits.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    Read,
    Write,
}

impl Tether {
    /// Has a wait of the socket end with the tether too.
    pub(super) fn hold<T>(&self, side: Side, cx: &Context<'_>) -> Poll<io::Result<T>> {
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut parked[side as usize] {
            Some(waker) => waker.clone_from(cx.waker()),
            empty => *empty = Some(cx.waker().clone()),
        }
        // Looked at behind the lock, which `cut` takes after it set this.
        match self.cut.load(Relaxed) {
            true => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
            false => Poll::Pending,
        }
    }

    /// The socket is dropped.
    pub(super) fn release(&self) {
        self.gone.notify_one();
    }

    /// Waits until the socket is dropped.
    pub(super) async fn released(&self) {
        self.gone.notified().await;
    }

    /// Ends all waiting for the socket with an error.
    pub(super) fn cut(&self) {
        self.cut.store(true, Relaxed);
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        let wakers = std::mem::take(&mut *parked);
        drop(parked);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}
