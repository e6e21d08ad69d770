//! One connection: hyper reads heads and writes responses, the service answers in between.
//!
//! hyper's `http1` and `http2` builders are used directly; nothing here grows with the app.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
#[cfg(feature = "http2")]
use std::time::Duration;

use hyper_util::rt::TokioIo;

use super::activity::{Signs, Verdict, Watchdog};
use super::answer::{Answers, answers};
use super::config::Config;
use super::io::{Io, Socket};
#[cfg(feature = "http2")]
use super::shutdown::{Either, race};
#[cfg(feature = "http2")]
use super::streams::Streams;
use crate::service::View;

/// The header limit that hyper has without being told.
const HYPER_HEADERS: usize = 100;

/// How long a new connection may still take for its first byte once the server stops.
#[cfg(feature = "http2")]
const LAST_CALL: Duration = Duration::from_millis(250);

/// What a connection needs to be served.
pub(super) struct Peer {
    pub(super) view: Arc<View>,
    pub(super) config: Arc<Config>,
}

/// A connection of hyper, of either protocol.
trait Served: Future<Output = Result<(), hyper::Error>> {
    /// Whether the client may send frames while it is idle.
    const FRAMED: bool;
    fn leave(self: Pin<&mut Self>);
}

/// Serves a connection to its end; at a graceful stop, to the end of the requests in flight.
pub(super) async fn serve<S: Socket + 'static>(socket: S, peer: Peer) {
    #[cfg_attr(
        not(feature = "http2"),
        expect(unused_mut, reason = "nothing is read ahead")
    )]
    let mut io = Io::new(socket, Arc::clone(&peer.view));
    let turns = Turns {
        watchdog: Watchdog::new(&peer.config),
        view: Arc::clone(&peer.view),
    };
    #[cfg(feature = "http2")]
    {
        let mut stopping = turns.view.lifecycle.stopping();
        let over = async {
            stopping.wait().await;
            tokio::time::sleep(LAST_CALL).await;
        };
        let sniffed = tokio::time::timeout(peer.config.head_timeout, io.speaks_http2());
        match race(sniffed, over).await {
            Either::Left(Ok(Ok(true))) => return serve_http2(io, peer, turns).await,
            Either::Left(Ok(Ok(false))) => {}
            _ => return,
        }
    }
    serve_http1(io, peer, turns).await;
}

async fn serve_http1<S: Socket + 'static>(io: Io<S>, peer: Peer, turns: Turns) {
    let mut builder = hyper::server::conn::http1::Builder::new();
    // Any other number costs hyper an allocation per request.
    if peer.config.header_limit != HYPER_HEADERS {
        builder.max_headers(peer.config.header_limit);
    }
    builder
        .max_header_size(peer.config.head_limit)
        .max_buf_size(peer.config.head_limit)
        // A body is copied behind its head: one piece costs less than a list of them.
        .writev(false);
    let tied = Tied(Arc::clone(&peer.view));
    let answers = answers(peer, || None);
    {
        let connection = builder
            .serve_connection(TokioIo::new(io), answers)
            .with_upgrades();
        turns.drive(pin!(connection)).await;
    }
    // At once, unless hyper handed the socket over: it keeps its place then.
    tied.0.activity.traffic.tether.released().await;
}

/// Ends what became of a connection where the server cuts its task.
struct Tied(Arc<View>);

impl Drop for Tied {
    fn drop(&mut self) {
        self.0.activity.traffic.tether.cut();
    }
}

impl<I, S> Served for hyper::server::conn::http1::UpgradeableConnection<I, S>
where
    Self: Future<Output = Result<(), hyper::Error>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    S: Answers,
{
    const FRAMED: bool = false;

    fn leave(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

#[cfg(feature = "http2")]
async fn serve_http2<S: Socket + 'static>(io: Io<S>, peer: Peer, turns: Turns) {
    peer.view.activity.spread();
    let streams = Streams::new(&peer.view);
    let mut builder = hyper::server::conn::http2::Builder::new(streams);
    builder
        .max_concurrent_streams(peer.config.stream_limit)
        .max_header_list_size(u32::try_from(peer.config.head_limit).unwrap_or(u32::MAX))
        .max_send_buf_size(64 * 1024)
        .enable_connect_protocol();
    let answers = answers(peer, || Some(Streams::begin()));
    turns
        .drive(pin!(builder.serve_connection(TokioIo::new(io), answers)))
        .await;
}

#[cfg(feature = "http2")]
impl<I, S> Served for hyper::server::conn::http2::Connection<I, S, Streams>
where
    S: Answers,
    Self: Future<Output = Result<(), hyper::Error>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
{
    const FRAMED: bool = true;

    fn leave(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// Gives hyper its turns, and looks after what it cannot: gathered bytes, timeouts, the stop.
struct Turns {
    watchdog: Watchdog,
    view: Arc<View>,
}

impl Turns {
    async fn drive<C: Served>(mut self, mut connection: Pin<&mut C>) {
        let mut stopping = self.view.lifecycle.stopping();
        // Outside of tokio's budget, so that the first look always leaves a waker behind.
        let mut told = pin!(tokio::task::unconstrained(stopping.wait()));
        let (mut begun, mut leaving) = (false, false);
        std::future::poll_fn(|cx| {
            if connection.as_mut().poll(cx).is_ready() {
                return self.finish();
            }
            // Its waker is kept from the first look; later ones cost only a flag.
            let stops = self.view.lifecycle.is_stopping();
            if !leaving && (!begun || stops) && told.as_mut().poll(cx).is_ready() {
                leaving = true;
                connection.as_mut().leave();
                cx.waker().wake_by_ref();
            }
            begun = true;
            self.turn(cx, &mut leaving, connection.as_mut())
        })
        .await;
    }

    /// What follows each turn of hyper; ready if the connection is over.
    fn turn<C: Served>(
        &mut self,
        cx: &mut Context<'_>,
        leaving: &mut bool,
        mut connection: Pin<&mut C>,
    ) -> Poll<()> {
        let traffic = &self.view.activity.traffic;
        // What hyper wrote and did not read after is still here: of a response that goes on, or
        // before the rest of a request. It flushes in each turn, so one more sends it.
        if traffic.is_unsent() && !traffic.flushes() {
            traffic.set_flushes(true);
            if connection.as_mut().poll(cx).is_ready() {
                return self.finish();
            }
        }
        let traffic = &self.view.activity.traffic;
        traffic.set_flushes(C::FRAMED || traffic.is_unsent());
        let signs = Signs {
            framed: C::FRAMED,
            leaving: *leaving,
        };
        match self.watchdog.poll(cx, &self.view.activity, signs) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Verdict::Leave) if !*leaving => {
                *leaving = true;
                connection.leave();
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Ready(Verdict::Leave | Verdict::Cut) => Poll::Ready(()),
        }
    }

    /// hyper is done: it closed the connection, or handed it over to an upgrade.
    fn finish(&self) -> Poll<()> {
        self.view.activity.traffic.hand_over();
        Poll::Ready(())
    }
}
