//! Responses of HTTP/2 side by side: each has the body timeout to itself.
//!
//! A client gives each stream a window of its own, so that one can stall while others flow. hyper
//! runs each stream as a task; here that task is ended when the client took nothing of its response
//! for too long, which resets the stream and leaves the connection to the others.

use std::io::IoSlice;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use bytes::{Buf, Bytes};

/// What the task of a stream, its response and its pieces know of each other.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    /// A piece of the response was handed over and no other asked for since.
    owed: AtomicBool,
    /// Bytes of it went out since the last tick.
    moved: AtomicBool,
    /// The client took too long, and the stream is reset.
    expired: AtomicBool,
}

impl Clock {
    pub(super) fn owe(&self, owed: bool) {
        self.owed.store(owed, Relaxed);
    }

    pub(super) fn is_expired(&self) -> bool {
        self.expired.load(Relaxed)
    }

    pub(super) fn has_moved(&self) -> bool {
        self.moved.swap(false, Relaxed)
    }
}

/// A piece of a response on its way out, that notes when bytes of it are written.
pub(super) struct Piece {
    bytes: Bytes,
    /// Of HTTP/2 only.
    clock: Option<Arc<Clock>>,
}

impl Piece {
    pub(super) fn new(bytes: Bytes, clock: Option<&Arc<Clock>>) -> Self {
        let clock = clock.map(Arc::clone);
        Self { bytes, clock }
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, count: usize) {
        if let Some(clock) = &self.clock {
            clock.moved.store(true, Relaxed);
        }
        self.bytes.advance(count);
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.bytes.chunks_vectored(slices)
    }
}

#[cfg(feature = "http2")]
pub(super) use tasks::Streams;

#[cfg(feature = "http2")]
mod tasks {
    use std::cell::RefCell;
    use std::future::Future;
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Poll};

    use super::{Clock, Relaxed};
    use crate::server::shutdown::Counted;
    use crate::service::View;

    thread_local! {
        /// Of the request that is being passed on: hyper runs its task right after, on the same
        /// thread and without a pause.
        static NEXT: RefCell<Option<Arc<Clock>>> = const { RefCell::new(None) };
    }

    /// What runs the streams of one connection.
    #[derive(Clone)]
    pub(in super::super) struct Streams {
        view: Arc<View>,
        /// Held by each stream, for a stop that waits for their ends.
        counted: Arc<Counted>,
    }

    impl Streams {
        pub(in super::super) fn new(view: &Arc<View>) -> Self {
            let (view, counted) = (Arc::clone(view), view.lifecycle.spread());
            Self { view, counted }
        }

        /// The clock of a request that is being passed on.
        pub(in super::super) fn begin() -> Arc<Clock> {
            let clock = Arc::new(Clock::default());
            NEXT.set(Some(Arc::clone(&clock)));
            clock
        }
    }

    impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Streams {
        fn execute(&self, stream: F) {
            let Some(clock) = NEXT.take() else {
                // What an extended CONNECT became.
                tokio::spawn(stream);
                return;
            };
            let mut wait = Wait {
                view: Arc::clone(&self.view),
                _counted: Arc::clone(&self.counted),
                clock,
                number: None,
            };
            tokio::spawn(async move {
                let mut stream = pin!(stream);
                std::future::poll_fn(|cx| match stream.as_mut().poll(cx) {
                    Poll::Ready(()) => Poll::Ready(()),
                    Poll::Pending => wait.poll(cx),
                })
                .await;
            });
        }
    }

    /// The stream's wait for its client, noted in the activity of the connection.
    struct Wait {
        view: Arc<View>,
        _counted: Arc<Counted>,
        clock: Arc<Clock>,
        number: Option<u64>,
    }

    impl Wait {
        /// Ready once the client took too long.
        fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
            if !self.clock.owed.load(Relaxed) {
                self.end();
                return Poll::Pending;
            }
            let (activity, number) = (&self.view.activity, &mut self.number);
            match activity.wait_for_client(number, cx.waker(), &self.clock) {
                true => {
                    self.clock.expired.store(true, Relaxed);
                    Poll::Ready(())
                }
                false => Poll::Pending,
            }
        }

        fn end(&mut self) {
            if let Some(number) = self.number.take() {
                self.view.activity.end_wait(number);
            }
        }
    }

    impl Drop for Wait {
        fn drop(&mut self) {
            self.end();
        }
    }
}
