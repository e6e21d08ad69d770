//! The two ends of a channel of events: one for who sends them, one for the response.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::Event;
use crate::error::{Error, Result};

/// Sends events to a client; made by [`Sse::channel`](crate::Sse::channel). Clones send to the
/// same client, and its stream ends when all of them are dropped.
///
/// ```
/// use cepa::{Event, Sse, prelude::*};
///
/// async fn two() -> Result<Sse> {
///     let (events, sse) = Sse::channel(2);
///     events.send(Event::data("one")).await?;
///     events.try_send(Event::data("two"))?;
///     assert!(events.try_send(Event::data("three")).is_err(), "nobody took any so far");
///     Ok(sse)
/// }
///
/// App::new().get("/", two).test().get("/").send().assert_text("data: one\n\ndata: two\n\n");
/// ```
#[derive(Clone)]
pub struct EventSender(Sender<Event>);

impl EventSender {
    pub(super) fn pair(capacity: usize) -> (Self, Events) {
        // The channel itself would panic beyond these.
        let (sender, receiver) = channel(capacity.clamp(1, usize::MAX >> 4));
        (Self(sender), Events(receiver))
    }

    /// Hands over an event; waits while the client is behind by as many as the channel holds.
    ///
    /// # Errors
    /// The stream is over, because the client went away or the server stops, or the event cannot be
    /// sent ([`Event`]).
    #[track_caller]
    pub fn send(&self, event: Event) -> impl Future<Output = Result<()>> + Send {
        let over = over();
        async move {
            event.check()?;
            self.0.send(event).await.map_err(|_| over)
        }
    }

    /// Hands over an event without waiting, for those who rather lose one, or the client.
    ///
    /// # Errors
    /// As [`send`](Self::send), and if the client is behind by as many as the channel holds.
    #[track_caller]
    pub fn try_send(&self, event: Event) -> Result<()> {
        event.check()?;
        self.0.try_send(event).map_err(|error| match error {
            TrySendError::Closed(_) => over(),
            TrySendError::Full(_) => Error::internal("the client is too far behind its events"),
        })
    }

    /// Whether the stream is over.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Waits until the stream is over, so that who has nothing to send notices.
    pub async fn closed(&self) {
        self.0.closed().await;
    }
}

#[track_caller]
fn over() -> Error {
    Error::internal("the stream of events is over: the client went away, or the server stops")
}

impl fmt::Debug for EventSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSender")
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// The other end.
pub(super) struct Events(Receiver<Event>);

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.0.poll_recv(cx)
    }
}
