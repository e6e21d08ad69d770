//! The end: signals, the news that the server stops, and tasks that are waited for.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Timeout;

use crate::response::Response;

/// Tells when the server begins to stop; an extractor, and [`Request::stopping`](crate::Request::stopping).
///
/// ```
/// use cepa::prelude::*;
///
/// async fn long(stopping: Stopping) -> &'static str {
///     if stopping.is_stopping() { "not now" } else { "done" }
/// }
///
/// App::new().get("/", long).test().get("/").send().assert_text("done");
/// ```
#[derive(Clone)]
pub struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Whether it has begun.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it begins.
    pub async fn wait(&mut self) {
        // An error means that the server is gone, which is the end as well.
        let _ = self.0.wait_for(|stopping| *stopping).await;
    }
}

impl fmt::Debug for Stopping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stopping")
            .field(&self.is_stopping())
            .finish()
    }
}

/// Where the body of a response that ends with the server hears of it. It travels with the response,
/// and is filled when that leaves the app.
#[derive(Clone, Default)]
pub(crate) struct StopSlot(Arc<Mutex<Option<Stopping>>>);

impl StopSlot {
    fn fill(&self, stopping: Stopping) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(stopping);
    }

    pub(crate) fn take(&self) -> Option<Stopping> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// One per service: whether it stops, and how many tasks run beside its requests.
pub(crate) struct Lifecycle {
    stopping: watch::Sender<bool>,
    /// The same as a flag, for those who look at every turn.
    stopped: AtomicBool,
    tasks: watch::Sender<usize>,
    /// Connections whose requests are answered in tasks of their own, until those are over.
    spread: watch::Sender<usize>,
}

impl Lifecycle {
    pub(crate) fn new() -> Self {
        Self {
            stopping: watch::Sender::new(false),
            stopped: AtomicBool::new(false),
            tasks: watch::Sender::new(0),
            spread: watch::Sender::new(0),
        }
    }

    pub(crate) fn stopping(&self) -> Stopping {
        Stopping(self.stopping.subscribe())
    }

    /// Lets the body of a response hear of the stop, if it wants to.
    pub(crate) fn tell(&self, res: &Response) {
        if let Some(slot) = res.extensions().get::<StopSlot>() {
            slot.fill(self.stopping());
        }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopped.load(Relaxed)
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Relaxed);
        self.stopping.send_replace(true);
    }

    /// Runs a task that a stop waits for.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let counted = Counted::one(&self.tasks);
        tokio::spawn(async move {
            let _counted = counted;
            task.await
        })
    }

    /// How many tasks run.
    pub(crate) fn tasks(&self) -> usize {
        *self.tasks.borrow()
    }

    /// Waits until no task runs.
    pub(crate) async fn idle(&self) {
        let _ = self.tasks.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Counts a connection whose requests run in tasks of their own; each of them holds this.
    #[cfg(feature = "http2")]
    pub(super) fn spread(&self) -> Arc<Counted> {
        Arc::new(Counted::one(&self.spread))
    }

    /// Waits until no request runs in a task of its own.
    pub(super) async fn gathered(&self) {
        let _ = self.spread.subscribe().wait_for(|count| *count == 0).await;
    }
}

/// Takes one off the count when its task ends, however it ends.
pub(super) struct Counted(watch::Sender<usize>);

impl Counted {
    fn one(count: &watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// Which of two futures was first.
pub(crate) enum Either<A, B> {
    Left(A),
    Right(B),
}

/// Waits for the first of two futures and drops the other.
pub(crate) async fn race<A: Future, B: Future>(left: A, right: B) -> Either<A::Output, B::Output> {
    let (mut left, mut right) = (pin!(left), pin!(right));
    std::future::poll_fn(move |cx| {
        if let Poll::Ready(output) = left.as_mut().poll(cx) {
            return Poll::Ready(Either::Left(output));
        }
        right.as_mut().poll(cx).map(Either::Right)
    })
    .await
}

/// A thread that watches signals and timers, whatever blocks the workers of another runtime.
///
/// It ends with this value.
pub(super) struct Watch {
    handle: Handle,
    _end: oneshot::Sender<()>,
}

impl Watch {
    pub(super) fn start() -> io::Result<Self> {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build()?;
        let handle = runtime.handle().clone();
        let (_end, ended) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name("cepa-watch".to_owned());
        thread.spawn(move || drop(runtime.block_on(ended)))?;
        Ok(Self { handle, _end })
    }
}

/// SIGTERM and Ctrl-C, noticed from the moment this is made, and the time that a stop takes.
pub(super) struct Signals {
    /// Whose signals and timers these are, if not those of the running runtime.
    watch: Option<Watch>,
    #[cfg(unix)]
    streams: [Option<tokio::signal::unix::Signal>; 2],
}

impl Signals {
    pub(super) fn new(watch: Option<Watch>) -> Self {
        let entered = watch.as_ref().map(|watch| watch.handle.enter());
        let signals = Self {
            #[cfg(unix)]
            streams: {
                use tokio::signal::unix::{SignalKind, signal};
                [SignalKind::terminate(), SignalKind::interrupt()].map(|kind| signal(kind).ok())
            },
            watch: None,
        };
        drop(entered);
        Self { watch, ..signals }
    }

    /// A limit for a future, kept also where the workers are blocked.
    pub(super) fn limit<F: Future>(&self, time: Duration, future: F) -> Timeout<F> {
        let _entered = self.watch.as_ref().map(|watch| watch.handle.enter());
        tokio::time::timeout(time, future)
    }

    /// Waits for the next one; forever, if the system does not tell.
    #[cfg(unix)]
    pub(super) async fn next(&mut self) {
        let [term, interrupt] = &mut self.streams;
        race(receive(term), receive(interrupt)).await;
    }

    /// Waits for Ctrl-C; forever, if the system does not tell.
    #[cfg(not(unix))]
    pub(super) async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
async fn receive(stream: &mut Option<tokio::signal::unix::Signal>) {
    match stream {
        Some(stream) => drop(stream.recv().await),
        None => std::future::pending().await,
    }
}
