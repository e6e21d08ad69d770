//! From a request to another protocol on its connection, or on its stream of HTTP/2.
//!
//! Before it: a handler takes [`Request::upgrade`] and answers with [`Upgrade::accept`]. After it:
//! hyper lets go of the bytes once that answer left, and they are the handler's.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use http::header::{CONNECTION, UPGRADE};
use http::{HeaderValue, Method, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::sync::oneshot;

use super::answer::Flight;
use crate::request::Request;
use crate::respond::IntoResponse;
use crate::response::Response;

/// The most that is handed on at once: HTTP/2 keeps what it was given until the client takes it.
const PIECE: usize = 64 * 1024;

/// Bytes on their way in process, in each direction.
const IN_PROCESS: usize = 64 * 1024;

/// The right to go on with another protocol once the response left; made by [`Request::upgrade`].
///
/// It is a future of the bytes. They come after the response that [`accept`](Self::accept) made, so
/// it is awaited beside the request, in [`Request::spawn`], which a graceful stop waits for:
///
/// ```
/// use cepa::prelude::*;
/// use cepa::Upgrade;
///
/// async fn shout(mut req: Request) -> Result<Response> {
///     let upgrade: Upgrade = req.upgrade().or_status(StatusCode::UPGRADE_REQUIRED, "this is for `shout` alone")?;
///     let res = upgrade.accept("shout");
///     req.spawn(async move {
///         if let Ok(bytes) = upgrade.await {
///             // `bytes` can be read and written: tokio's `AsyncRead` and `AsyncWrite`
///             drop(bytes);
///         }
///     });
///     Ok(res)
/// }
///
/// let client = App::new().get("/", shout).test();
/// client.get("/").send().assert_status(426);
/// client.block_on(async {
///     let (res, bytes) = client.get("/").header("upgrade", "shout").upgrade().await;
///     assert_eq!((res.status().as_u16(), bytes.is_some()), (101, true));
/// });
/// ```
///
/// # Errors
/// The client went away, or the response was another one.
#[must_use = "the connection goes on as HTTP unless `accept` makes the response"]
pub struct Upgrade {
    pending: Pending,
    protocol: Box<str>,
    /// Asked for by CONNECT, as on HTTP/2.
    connects: bool,
    flight: Option<Flight>,
}

enum Pending {
    Hyper(OnUpgrade),
    InProcess(oneshot::Receiver<DuplexStream>),
}

/// Says of a response that it agrees to an upgrade.
#[derive(Clone)]
pub(super) struct Agreed;

impl Request {
    /// The right to go on with another protocol in place of HTTP, if the client asks for one and
    /// nobody took it before: by `Upgrade` on HTTP/1.1 (RFC 9110, 7.8), by an extended CONNECT on
    /// HTTP/2 (RFC 8441), which is routed as GET.
    ///
    /// The timeouts of the server end there; connection limit and graceful stop go on.
    pub fn upgrade(&mut self) -> Option<Upgrade> {
        let connects = protocol_of(self).is_some() || *self.method() == Method::CONNECT;
        let pending = if let Some(pending) = self.extensions_mut().remove::<OnUpgrade>() {
            Pending::Hyper(pending)
        } else {
            let offer = self.extensions_mut().remove::<Offer>()?;
            let mut offer = offer.0.lock().unwrap_or_else(PoisonError::into_inner);
            Pending::InProcess(offer.take()?)
        };
        let named = self.header(UPGRADE.as_str()).unwrap_or("");
        let protocol = protocol_of(self).unwrap_or(named).into();
        // On HTTP/2 the connection goes on, and has to know that it is not idle.
        let flight = connects.then(|| Flight::begin(self.view()));
        Some(Upgrade {
            pending,
            protocol,
            connects,
            flight,
        })
    }
}

/// What an extended CONNECT asks for.
#[cfg(feature = "http2")]
fn protocol_of(req: &Request) -> Option<&str> {
    let protocol = req.extensions().get::<hyper::ext::Protocol>();
    protocol.map(hyper::ext::Protocol::as_str)
}

#[cfg(not(feature = "http2"))]
fn protocol_of(_: &Request) -> Option<&str> {
    None
}

/// Makes a GET of an extended CONNECT (RFC 8441, 5): the same routes answer to both.
pub(super) fn route_connect(head: &mut http::request::Parts) {
    #[cfg(feature = "http2")]
    if head.extensions.get::<hyper::ext::Protocol>().is_some() {
        head.method = Method::GET;
    }
    #[cfg(not(feature = "http2"))]
    let _ = head;
}

/// To a CONNECT, any 2xx agrees to the tunnel, so that of a handler that knows of none is a 501.
pub(super) fn check_agreed(res: &mut Response) {
    if res.status().is_success() && res.extensions().get::<Agreed>().is_none() {
        let refusal = "this address does not speak the protocol that was asked for";
        *res = (StatusCode::NOT_IMPLEMENTED, refusal).into_response();
    }
}

impl Upgrade {
    /// What the client asks for: the `Upgrade` header, which may be a list, or `:protocol`.
    #[must_use]
    pub fn protocol(&self) -> &str {
        &self.protocol
    }

    /// Whether it is a stream of HTTP/2, beside others of the same connection. Protocols such as
    /// WebSocket leave parts of their handshake out then.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        self.connects
    }

    /// The response that agrees: 101 with this protocol, 200 on HTTP/2. Headers may be added.
    pub fn accept(&self, protocol: &'static str) -> Response {
        let mut res = if self.connects {
            Response::new()
        } else {
            let mut res = StatusCode::SWITCHING_PROTOCOLS.into_response();
            res.set_header(CONNECTION, HeaderValue::from_static("upgrade"));
            res.set_header(UPGRADE, protocol);
            res
        };
        res.extensions_mut().insert(Agreed);
        res
    }
}

impl Future for Upgrade {
    type Output = io::Result<Upgraded>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let bytes = match &mut self.pending {
            Pending::Hyper(pending) => {
                let upgraded = ready!(Pin::new(pending).poll(cx));
                let upgraded =
                    upgraded.map_err(|error| io::Error::new(io::ErrorKind::NotConnected, error))?;
                Bytes::Hyper(Mutex::new(TokioIo::new(upgraded)))
            }
            Pending::InProcess(pending) => {
                let bytes = ready!(Pin::new(pending).poll(cx));
                Bytes::InProcess(bytes.map_err(|_| io::ErrorKind::NotConnected)?)
            }
        };
        let _flight = self.flight.take();
        Poll::Ready(Ok(Upgraded { bytes, _flight }))
    }
}

impl fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Upgrade").field(&self.protocol).finish()
    }
}

/// The bytes of a connection, or of a stream of HTTP/2, for another protocol; an [`Upgrade`] is the
/// future of them.
///
/// Reading and writing are tokio's. It ends for the client when it is dropped; while it lives, it
/// counts as a connection.
pub struct Upgraded {
    bytes: Bytes,
    _flight: Option<Flight>,
}

enum Bytes {
    /// Never locked: so that what holds it can be shared, as the future of `&self` methods is.
    Hyper(Mutex<TokioIo<hyper::upgrade::Upgraded>>),
    InProcess(DuplexStream),
}

/// Left with a request in process: where its handler finds the other end.
#[derive(Clone)]
pub(crate) struct Offer(Arc<Mutex<Option<oneshot::Receiver<DuplexStream>>>>);

impl Offer {
    /// An offer, and what fulfils it.
    pub(crate) fn new() -> (Self, Offered) {
        let (send, receive) = oneshot::channel();
        let offer = Self(Arc::new(Mutex::new(Some(receive))));
        (offer, Offered(send))
    }
}

/// The client's side of an [`Offer`].
pub(crate) struct Offered(oneshot::Sender<DuplexStream>);

impl Offered {
    /// The client's end, if the response agrees and the handler waits for the other one.
    pub(crate) fn fulfil(self, res: &Response) -> Option<Upgraded> {
        if res.status() != StatusCode::SWITCHING_PROTOCOLS {
            return None;
        }
        let (here, there) = tokio::io::duplex(IN_PROCESS);
        self.0.send(there).ok()?;
        Some(Upgraded {
            bytes: Bytes::InProcess(here),
            _flight: None,
        })
    }
}

fn whole<T>(bytes: &mut Mutex<T>) -> &mut T {
    bytes.get_mut().unwrap_or_else(PoisonError::into_inner)
}

impl AsyncRead for Upgraded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.bytes {
            Bytes::Hyper(bytes) => Pin::new(whole(bytes)).poll_read(cx, buf),
            Bytes::InProcess(bytes) => Pin::new(bytes).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Upgraded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let piece = &bytes[..bytes.len().min(PIECE)];
        match &mut self.bytes {
            Bytes::Hyper(bytes) => Pin::new(whole(bytes)).poll_write(cx, piece),
            Bytes::InProcess(bytes) => Pin::new(bytes).poll_write(cx, piece),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.bytes {
            Bytes::Hyper(bytes) => Pin::new(whole(bytes)).poll_flush(cx),
            Bytes::InProcess(bytes) => Pin::new(bytes).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.bytes {
            Bytes::Hyper(bytes) => Pin::new(whole(bytes)).poll_shutdown(cx),
            Bytes::InProcess(bytes) => Pin::new(bytes).poll_shutdown(cx),
        }
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgraded").finish_non_exhaustive()
    }
}
