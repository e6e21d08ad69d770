//! What is done after the answer, so that the answer takes no longer for those it is done for.
//!
//! Before it: a link was asked for. After it: the mail is on its way.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};

use crate::{AppService, Error, Result};

/// Tasks that wait, and that are at work at once.
const ROOM: usize = 256;
const AT_ONCE: usize = 8;
const RETRY_AFTER: Duration = Duration::from_secs(5);

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tasks beside the requests, which a graceful stop waits for.
#[derive(Clone, Default)]
pub(super) struct Outbox(Arc<Mutex<Option<mpsc::Sender<Task>>>>);

impl Outbox {
    /// Begins to run what is put in.
    pub(super) fn open(&self, app: AppService) {
        let (sender, receiver) = mpsc::channel(ROOM);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        app.clone().spawn(run(app, receiver));
    }

    /// Puts a task in.
    ///
    /// # Errors
    /// 503 with `Retry-After` if too many wait.
    pub(super) fn put(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let sender = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Some(sender) = sender else {
            let message = "the app was not started, so nothing runs beside it";
            return Err(Error::internal(message));
        };
        sender.try_send(Box::pin(task)).map_err(|error| {
            let full = Error::unavailable(format!("a task cannot be done: {error}"));
            full.with_retry_after(RETRY_AFTER)
        })
    }
}

/// Until the app stops; what is in by then is done.
async fn run(app: AppService, mut tasks: mpsc::Receiver<Task>) {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    while let Some(task) = next(&app, &mut tasks).await {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        app.spawn(async move {
            task.await;
            drop(place);
        });
    }
}

async fn next(app: &AppService, tasks: &mut mpsc::Receiver<Task>) -> Option<Task> {
    let mut stopping = app.stopping();
    let mut stops = pin!(stopping.wait());
    let task = poll_fn(|cx| match tasks.poll_recv(cx) {
        Poll::Ready(task) => Poll::Ready(Some(task)),
        Poll::Pending => stops.as_mut().poll(cx).map(|()| None),
    });
    match task.await {
        Some(task) => task,
        None => {
            tasks.close();
            tasks.recv().await
        }
    }
}
