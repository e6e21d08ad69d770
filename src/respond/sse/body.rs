//! The body of an event stream: events as they come, comments in between, an end with the server.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{Event, Source};
use crate::chain::BoxFuture;
use crate::error::Error;
use crate::server::StopSlot;

/// A piece is sent when it has this many bytes, be there more events or not.
const PIECE: usize = 16 * 1024;

/// How many bytes of events that are there already are sent after the server was told to stop.
const REST: usize = 1024 * 1024;

/// A comment that says nothing, and an end of an event that is none.
const STILL_HERE: &[u8] = b":\n\n";

pub(super) struct SseBody {
    /// `None` once it ended.
    pub(super) source: Option<Source>,
    pub(super) farewell: Option<Event>,
    pub(super) silence: Option<Silence>,
    pub(super) stop: Stop,
    /// What may still be sent, once the server stops.
    pub(super) rest: Option<usize>,
    /// Why it ended, to be told after the events before.
    pub(super) failed: Option<Error>,
}

impl SseBody {
    /// Adds the events that are there; ends the source where it ended.
    fn take_ready(&mut self, cx: &mut Context<'_>, piece: &mut Vec<u8>) {
        while let Some(source) = &mut self.source
            && piece.len() < PIECE
        {
            let written = match source.as_mut().poll_next(cx) {
                Poll::Pending => return,
                Poll::Ready(Some(event)) => event.and_then(|event| event.write_to(piece)),
                Poll::Ready(None) => return self.source = None,
            };
            if let Err(error) = written {
                self.source = None;
                self.failed = Some(error);
            }
        }
    }
}

impl Stream for SseBody {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let mut piece = Vec::new();
        if this.rest.is_none() && this.source.is_some() && this.stop.is_told(cx) {
            this.rest = Some(REST);
        }
        this.take_ready(cx, &mut piece);
        if let Some(rest) = &mut this.rest
            && this.source.is_some()
        {
            *rest = rest.saturating_sub(piece.len());
            // A piece that is not full is the last one of what was there.
            if piece.len() < PIECE || *rest == 0 {
                this.source = None;
                let written = this.farewell.take().map(|event| event.write_to(&mut piece));
                this.failed = written.and_then(Result::err);
            }
        }
        if !piece.is_empty() {
            if let Some(silence) = &mut this.silence {
                silence.end();
            }
            return Poll::Ready(Some(Ok(piece.into())));
        }
        if this.source.is_none() {
            return Poll::Ready(this.failed.take().map(Err));
        }
        match &mut this.silence {
            None => Poll::Pending,
            Some(silence) => silence
                .poll(cx)
                .map(|()| Some(Ok(Bytes::from_static(STILL_HERE)))),
        }
    }
}

/// How long nothing was sent.
pub(super) struct Silence {
    most: Duration,
    /// When it was long enough. The timer is set to it only when it rings too early.
    until: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Silence {
    pub(super) fn new(most: Duration) -> Self {
        let until = Instant::now();
        let (most, timer) = (most, None);
        Self { most, until, timer }
    }

    /// Something was sent.
    fn end(&mut self) {
        // Thirty years, beyond which tokio has no instants.
        let most = self.most.min(Duration::from_secs(946_080_000));
        self.until = Instant::now() + most;
    }

    /// Ready when it was long enough; it begins anew then.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.timer.is_none() {
            // The head went out just now.
            self.end();
        }
        let timer = &mut self.timer;
        let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(self.until)));
        while timer.as_mut().poll(cx).is_ready() {
            if Instant::now() < self.until {
                timer.as_mut().reset(self.until);
                continue;
            }
            self.end();
            if let Some(timer) = &mut self.timer {
                timer.as_mut().reset(self.until);
            }
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

/// The news that the server stops.
pub(super) struct Stop {
    slot: StopSlot,
    waiting: Option<BoxFuture<'static, ()>>,
}

impl Stop {
    pub(super) fn new(slot: StopSlot) -> Self {
        Self {
            slot,
            waiting: None,
        }
    }

    fn is_told(&mut self, cx: &mut Context<'_>) -> bool {
        if let Some(mut stopping) = self.slot.take() {
            self.waiting = Some(Box::pin(async move { stopping.wait().await }));
        }
        let told = |waiting: &mut BoxFuture<'_, ()>| waiting.as_mut().poll(cx).is_ready();
        self.waiting.as_mut().is_some_and(told)
    }
}
