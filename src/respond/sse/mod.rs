//! `Sse`: events that are pushed to the client as they happen (HTML, 9.2).
//!
//! A browser's `EventSource` reads them, connects again when the connection is lost, and says then
//! which event it saw last (`extract/last_event_id.rs`).

mod body;
mod channel;
mod event;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, HeaderName};

pub use channel::EventSender;
pub use event::Event;

use super::{IntoResponse, with_type};
use crate::body::Body;
use crate::error::{Error, Result};
use crate::response::Response;
use crate::server::StopSlot;
use body::{Silence, SseBody, Stop};

/// Server-sent events: a response that stays open and sends each [`Event`] as it comes.
///
/// - **A client that goes away** drops the stream, at once where it closes the connection, otherwise
///   when it takes nothing any more. Then [`EventSender::send`] fails, and a stream is dropped.
/// - **A slow client** holds back: the next event is asked for when most of those before are taken.
/// - **When nothing happens**, a comment is sent every 15 seconds, so that proxies do not take the
///   connection for a dead one.
/// - **A graceful stop** ends the stream cleanly after the events that are there, up to 1 MiB of
///   them; the browser connects again, to whoever listens then.
///
/// It is `text/event-stream`, not kept by caches (`Cache-Control: no-cache`), nor held back by nginx
/// (`X-Accel-Buffering: no`) or by compression.
///
/// ```
/// use cepa::{Event, Sse, prelude::*};
///
/// async fn countdown(req: Request) -> Sse {
///     let (events, sse) = Sse::channel(16);
///     req.spawn(async move {
///         for n in (1..=3).rev() {
///             if events.send(Event::data(n.to_string())).await.is_err() {
///                 return; // nobody listens any more
///             }
///         }
///     });
///     sse
/// }
///
/// let res = App::new().get("/", countdown).test().get("/").send();
/// res.assert_header("content-type", "text/event-stream");
/// res.assert_text("data: 3\n\ndata: 2\n\ndata: 1\n\n");
/// ```
#[must_use]
pub struct Sse {
    source: Source,
    keep_alive: Option<Duration>,
    farewell: Option<Event>,
}

/// Any stream of events, its type forgotten.
type Source = Pin<Box<dyn Stream<Item = Result<Event>> + Send>>;

/// The time after which a comment breaks the silence.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Shorter ones would flood the client.
const LEAST: Duration = Duration::from_secs(1);

impl Sse {
    /// Sends the events of a stream: of [`Event`], or of `Result<Event, E>`, where an error breaks
    /// the response off and is logged.
    pub fn new<S>(events: S) -> Self
    where
        S: Stream<Item: IntoEvent> + Send + 'static,
    {
        Self {
            source: Box::pin(Results(Box::pin(events))),
            keep_alive: Some(KEEP_ALIVE),
            farewell: None,
        }
    }

    /// A channel: what is sent at the one end, the client gets at the other.
    ///
    /// It holds so many events that the client did not take yet, 1 at least; then
    /// [`send`](EventSender::send) waits and [`try_send`](EventSender::try_send) fails, so that a
    /// slow client costs no more memory than that.
    pub fn channel(capacity: usize) -> (EventSender, Self) {
        let (sender, events) = EventSender::pair(capacity);
        (sender, Self::new(events))
    }

    /// How long nothing is sent before a comment is. Default: 15 seconds; less than 1 second counts
    /// as 1 second. `None` sends no comments, and a client that went away without a word is noticed
    /// only with the next events.
    pub fn with_keep_alive(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.keep_alive = time.into().map(|time| time.max(LEAST));
        self
    }

    /// A last event, sent where the server ends the stream because it stops. Default: none.
    pub fn with_farewell(mut self, event: Event) -> Self {
        self.farewell = Some(event);
        self
    }
}

impl IntoResponse for Sse {
    fn into_response(self) -> Response {
        let slot = StopSlot::default();
        let body = SseBody {
            source: Some(self.source),
            farewell: self.farewell,
            silence: self.keep_alive.map(Silence::new),
            stop: Stop::new(slot.clone()),
            rest: None,
            failed: None,
        };
        let mut res = with_type(Body::from_stream(body), "text/event-stream");
        let headers = res.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let buffering = HeaderName::from_static("x-accel-buffering");
        headers.insert(buffering, HeaderValue::from_static("no"));
        res.extensions_mut().insert(slot);
        res
    }
}

impl fmt::Debug for Sse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sse")
            .field("keep_alive", &self.keep_alive)
            .field("farewell", &self.farewell)
            .finish_non_exhaustive()
    }
}

/// What a stream for [`Sse::new`] is of: [`Event`], or `Result<Event, E>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "neither `Event` nor `Result<Event, E>`",
    note = "make one by `Event::data(text)` or `Event::json(&value)`"
)]
pub trait IntoEvent {
    /// As a result of this crate.
    ///
    /// # Errors
    /// The error inside, if there is one.
    fn into_event(self) -> Result<Event>;
}

impl IntoEvent for Event {
    fn into_event(self) -> Result<Event> {
        Ok(self)
    }
}

impl<E: Into<Error>> IntoEvent for Result<Event, E> {
    fn into_event(self) -> Result<Event> {
        self.map_err(Into::into)
    }
}

/// The items of a stream as results.
struct Results<S>(Pin<Box<S>>);

impl<S: Stream<Item: IntoEvent>> Stream for Results<S> {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = self.0.as_mut().poll_next(cx);
        item.map(|item| item.map(IntoEvent::into_event))
    }
}
