//! One connection: hyper reads heads and writes responses, the service answers in between.
//!
//! hyper's `http1` and `http2` builders are used directly; nothing here grows with the app.

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;

use super::io::Io;
use super::shutdown::{Either, Stopping, race};
use crate::body::{Body, BodyError};
use crate::chain::BoxFuture;
use crate::response::{EndHooks, Response};
use crate::service::{AppService, View};

/// How long a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves a connection to its end; at a graceful stop, to the end of the request in flight.
pub(super) async fn serve(stream: TcpStream, service: AppService) {
    let _ = stream.set_nodelay(true);
    let view = service.view(stream.peer_addr().ok());
    let stopping = service.lifecycle().stopping();
    drop(service);
    #[cfg_attr(
        not(feature = "http2"),
        expect(unused_mut, reason = "only HTTP/2 is sniffed")
    )]
    let mut io = Io::new(stream);
    #[cfg(feature = "http2")]
    {
        let mut waiting = stopping.clone();
        let told = waiting.wait();
        let sniffed = tokio::time::timeout(HEAD_TIMEOUT, io.speaks_http2());
        match race(sniffed, told).await {
            Either::Left(Ok(Ok(true))) => return serve_http2(io, view, stopping).await,
            Either::Left(Ok(Ok(false))) => {}
            Either::Left(Ok(Err(_)) | Err(_)) | Either::Right(()) => return,
        }
    }
    serve_http1(io, view, stopping).await;
}

async fn serve_http1(io: Io, view: Arc<View>, mut stopping: Stopping) {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT);
    let connection = builder
        .serve_connection(TokioIo::new(io), Answers { view })
        .with_upgrades();
    let mut connection = pin!(connection);
    if let Either::Right(()) = race(connection.as_mut(), stopping.wait()).await {
        connection.as_mut().graceful_shutdown();
        // Its end is the client's business: a broken connection concerns nobody else.
        let _ = connection.await;
    }
}

#[cfg(feature = "http2")]
async fn serve_http2(io: Io, view: Arc<View>, mut stopping: Stopping) {
    let executor = hyper_util::rt::TokioExecutor::new();
    let mut builder = hyper::server::conn::http2::Builder::new(executor);
    builder.timer(TokioTimer::new()).max_concurrent_streams(100);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(io), Answers { view }));
    if let Either::Right(()) = race(connection.as_mut(), stopping.wait()).await {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

/// The service as hyper calls it.
struct Answers {
    view: Arc<View>,
}

impl hyper::service::Service<http::Request<Incoming>> for Answers {
    type Response = http::Response<Outgoing>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, req: http::Request<Incoming>) -> Answering {
        let head = *req.method() == Method::HEAD;
        Answering {
            answer: self.view.answer(req.map(Body::incoming)),
            head,
        }
    }
}

/// A response in the making.
struct Answering {
    answer: BoxFuture<Response>,
    head: bool,
}

impl Future for Answering {
    type Output = Result<http::Response<Outgoing>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut res = ready!(self.answer.as_mut().poll(cx));
        if self.head {
            res.drop_body();
        }
        let (res, end) = res.into_http();
        Poll::Ready(Ok(res.map(|body| Outgoing { body, end })))
    }
}

/// A response body on its way out, that tells the end hooks what became of it.
struct Outgoing {
    body: Body,
    end: Option<Box<EndHooks>>,
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(end) = &mut self.end {
            match &frame {
                None => end.sent(),
                Some(Err(_)) => end.failed(),
                Some(Ok(frame)) => end.count(frame.data_ref().map_or(0, Bytes::len)),
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// hyper does not ask a body that says it is at its end for another frame.
impl Drop for Outgoing {
    fn drop(&mut self) {
        if let Some(end) = &mut self.end
            && self.body.is_end_stream()
        {
            end.sent();
        }
    }
}
