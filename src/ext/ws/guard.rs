//! What goes on beside a socket's handler, in the same task: the stop of the server, and the end.
//!
//! Before it: the handshake was answered and the bytes are here. After it: the connection is closed.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::error::SocketError;
use super::message::CloseCode;
use super::receive::Reader;
use super::socket::Rest;
use super::writer::Writer;
use crate::{Error, Stopping, log};

/// How long the client has to answer a close, and all that is left to do at a stop takes at most.
const GRACE: Duration = Duration::from_secs(5);

/// How long the client has to close the connection after that.
const FAREWELL: Duration = Duration::from_secs(1);

/// What a function for a socket may return: nothing, or a `Result` whose errors are logged and
/// close the socket with 1011. A [`SocketError`] is an end like others.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::ws::{CloseCode, Socket, TestClientExt, WebSocket};
///
/// async fn report(ws: WebSocket) -> Response {
///     ws.on_upgrade(async |socket: Socket| -> Result<()> {
///         let report = std::fs::read_to_string("/nowhere/report.txt")?; // `tokio::fs` in a program
///         socket.send(report).await?;
///         Ok(())
///     })
/// }
///
/// let client = App::new().get("/", report).test();
/// client.block_on(async {
///     let mut ws = client.ws("/").connect().await;
///     assert_eq!(ws.closed().await.0, Some(CloseCode::INTERNAL));
/// });
/// ```
#[diagnostic::on_unimplemented(
    message = "the function of a WebSocket returns nothing, or a `Result<(), E>`",
    label = "it cannot return `{Self}`"
)]
pub trait SocketEnd: Send {
    /// What went wrong, if it did.
    fn into_failure(self) -> Option<Error>;
}

impl SocketEnd for () {
    fn into_failure(self) -> Option<Error> {
        None
    }
}

impl<E: Into<Error> + Send> SocketEnd for Result<(), E> {
    fn into_failure(self) -> Option<Error> {
        let error: Error = self.err()?.into();
        match error.downcast_ref::<SocketError>() {
            Some(_) => None,
            None => Some(error),
        }
    }
}

/// Runs the handler's future to its end, and sees the socket to its own.
pub(super) async fn guard<W>(rest: Rest, stopping: Stopping, work: W)
where
    W: Future<Output: SocketEnd>,
{
    let Rest {
        writer,
        reader,
        released,
    } = rest;
    let work = async {
        if let Some(failure) = caught(work).await {
            log::error(&format!("a WebSocket failed: {failure}"));
            let _ = writer.close(CloseCode::INTERNAL, "").await;
        }
    };
    let to_the_end = async {
        if let ((), Some(reader)) = join(work, in_background(reader, released)).await {
            finish(&writer, reader).await;
        }
    };
    race(to_the_end, stop(&writer, stopping)).await;
}

/// Says that the server stops; ends when the handler had enough time to notice.
async fn stop(writer: &Writer, mut stopping: Stopping) {
    stopping.wait().await;
    writer.stops.store(true, Relaxed);
    // It waits for what is sent, and for ever where the client takes nothing of that.
    let close = async {
        let _ = writer
            .close(CloseCode::GOING_AWAY, "the server stops")
            .await;
        std::future::pending::<()>().await;
    };
    let _ = timeout(GRACE, close).await;
}

/// Reads on where the handler does not, until all it had of the socket is dropped.
async fn in_background(
    reader: oneshot::Receiver<Reader>,
    released: oneshot::Receiver<Infallible>,
) -> Option<Reader> {
    let mut reader = reader.await.ok()?;
    let dropped = async { drop(released.await) };
    let read = async {
        reader.drain().await;
        std::future::pending::<()>().await;
    };
    race(read, dropped).await;
    Some(reader)
}

/// The closing handshake (RFC 6455, 7.1.1), and the end of the connection.
async fn finish(writer: &Writer, mut reader: Reader) {
    if !writer.is_closed().await {
        let _ = writer.close(CloseCode::NORMAL, "").await;
    }
    let _ = timeout(GRACE, reader.drain()).await;
    let _ = timeout(FAREWELL, writer.shutdown()).await;
    let _ = timeout(FAREWELL, reader.exhaust()).await;
}

/// What a future failed with; a panic is a failure too.
async fn caught<W: Future<Output: SocketEnd>>(work: W) -> Option<String> {
    let mut work = pin!(work);
    let ended = std::future::poll_fn(|cx| {
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    });
    match ended.await {
        Ok(end) => end.into_failure().map(|error| told(&error)),
        Err(panic) => Some(format!("it panicked: {}", words(&*panic))),
    }
}

/// The error with its causes, in one line.
fn told(error: &Error) -> String {
    let mut line = error.to_string();
    for source in error.sources() {
        line.push_str(": ");
        line.push_str(&source.to_string());
    }
    line
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a text")
}

/// Which of two was first.
pub(super) enum First<A, B> {
    Left(A),
    Right(B),
}

/// Waits for the first of two futures and drops the other.
pub(super) async fn race<A: Future, B: Future>(left: A, right: B) -> First<A::Output, B::Output> {
    let (mut left, mut right) = (pin!(left), pin!(right));
    std::future::poll_fn(|cx| {
        if let Poll::Ready(output) = left.as_mut().poll(cx) {
            return Poll::Ready(First::Left(output));
        }
        right.as_mut().poll(cx).map(First::Right)
    })
    .await
}

/// Waits for both.
async fn join<A: Future, B: Future>(left: A, right: B) -> (A::Output, B::Output) {
    let (mut left, mut right) = (pin!(left), pin!(right));
    let (mut first, mut second) = (None, None);
    std::future::poll_fn(|cx| {
        if first.is_none()
            && let Poll::Ready(output) = left.as_mut().poll(cx)
        {
            first = Some(output);
        }
        if second.is_none()
            && let Poll::Ready(output) = right.as_mut().poll(cx)
        {
            second = Some(output);
        }
        match (first.take(), second.take()) {
            (Some(left), Some(right)) => Poll::Ready((left, right)),
            (left, right) => {
                (first, second) = (left, right);
                Poll::Pending
            }
        }
    })
    .await
}
