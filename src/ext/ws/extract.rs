//! The handshake: a request that asks for a WebSocket, checked, and the answer that agrees.
//!
//! Before it: the origin of the page and the options. After it: the function of the socket.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use tokio::sync::oneshot;

use super::config::WebSockets;
use super::deflate;
use super::frame::Role;
use super::guard::{SocketEnd, guard};
use super::receive::Reader;
use super::socket::Socket;
use super::writer::Writer;
use crate::{
    Error, FromRequest, HeaderMap, HeaderName, HeaderValue, Method, OptionalFromRequest, Request,
    Response, Result, StatusCode, Stopping, Upgrade, Upgraded,
};
use http::{Version, header};

/// A request for a WebSocket (RFC 6455, and RFC 8441 on HTTP/2): an extractor, whose
/// [`on_upgrade`](Self::on_upgrade) is the answer.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::ws::{Socket, TestClientExt, WebSocket};
///
/// async fn echo(ws: WebSocket) -> Response {
///     ws.on_upgrade(async |mut socket: Socket| {
///         while let Ok(message) = socket.recv().await {
///             if socket.send(message).await.is_err() {
///                 break;
///             }
///         }
///     })
/// }
///
/// let client = App::new().get("/echo", echo).test();
/// client.block_on(async {
///     let mut ws = client.ws("/echo").connect().await;
///     ws.send("hello").await;
///     assert_eq!(ws.recv_text().await, "hello");
/// });
/// client.get("/echo").send().assert_status(426);
/// ```
///
/// # Errors
/// - 426 (RFC 9110, 15.5.22) for a request that asks for no WebSocket, or for another version.
/// - 400 for a handshake that is malformed.
/// - 403 for a page of an origin that is not allowed.
/// - 501 on HTTP/2 for another protocol.
pub struct WebSocket {
    upgrade: Upgrade,
    options: WebSockets,
    protocol: Option<String>,
    /// The extension that was agreed on.
    extension: Option<&'static str>,
    /// What a client of HTTP/1.1 is sent for its key.
    accept: Option<HeaderValue>,
    stopping: Stopping,
    work: oneshot::Sender<Work>,
}

/// What is run beside the requests.
type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

impl FromRequest for WebSocket {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let options = req.local::<WebSockets>().cloned().unwrap_or_default();
        let key = match req.version() {
            Version::HTTP_2 => None,
            _ => Some(check_handshake(req)?),
        };
        let version = one(req.headers(), &header::SEC_WEBSOCKET_VERSION)?;
        if version != Some("13") && (version.is_some() || key.is_some()) {
            return Err(other_version(version));
        }
        if !options.0.any_origin && !options.0.origins.trusts(req) {
            return Err(Error::forbidden(
                "a page of another origin may not connect here",
            ));
        }
        let protocol = choose(req.headers(), &options.0.protocols);
        let extension = match options.0.compression {
            true => deflate::agree(items(req.headers(), &header::SEC_WEBSOCKET_EXTENSIONS)),
            false => None,
        };
        let upgrade = req.upgrade().ok_or_else(|| no_upgrade(key.is_some()))?;
        if upgrade.is_stream() && !upgrade.protocol().eq_ignore_ascii_case("websocket") {
            let message = "the only protocol spoken here is `websocket`";
            return Err(Error::new(StatusCode::NOT_IMPLEMENTED, message));
        }
        let (work, given) = oneshot::channel::<Work>();
        req.spawn(async move {
            if let Ok(work) = given.await {
                work.await;
            }
        });
        Ok(Self {
            upgrade,
            options,
            protocol,
            extension,
            accept: key.map(|key| accept_of(&key)),
            stopping: req.stopping(),
            work,
        })
    }
}

/// `None` where no WebSocket is asked for, so that one address can be a page as well.
impl OptionalFromRequest for WebSocket {
    async fn from_request(req: &mut Request) -> Result<Option<Self>> {
        let asked = match req.version() {
            Version::HTTP_2 => req.headers().contains_key(header::SEC_WEBSOCKET_VERSION),
            _ => asks(req),
        };
        match asked {
            true => <Self as FromRequest>::from_request(req).await.map(Some),
            false => Ok(None),
        }
    }
}

impl WebSocket {
    /// The subprotocol that was agreed on, one of
    /// [`with_protocols`](super::WebSockets::with_protocols).
    #[must_use]
    pub fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    /// The answer that agrees. The function runs once it has left, beside the requests: a graceful
    /// stop closes the socket with 1001 and waits for the function.
    ///
    /// It returns nothing or a `Result<(), E>`; an error other than a
    /// [`SocketError`](super::SocketError) is logged and closes with 1011, and so does a panic.
    pub fn on_upgrade<F, W>(self, function: F) -> Response
    where
        F: FnOnce(Socket) -> W + Send + 'static,
        W: Future<Output: SocketEnd> + Send + 'static,
    {
        let mut res = self.upgrade.accept("websocket");
        if let Some(accept) = self.accept {
            res.set_header(header::SEC_WEBSOCKET_ACCEPT, accept);
        }
        if let Some(protocol) = self.protocol {
            res.set_header(header::SEC_WEBSOCKET_PROTOCOL, protocol);
        }
        let deflates = self.extension.is_some();
        if let Some(extension) = self.extension {
            res.set_header(header::SEC_WEBSOCKET_EXTENSIONS, extension);
        }
        let (upgrade, options, stopping) = (self.upgrade, self.options, self.stopping);
        let work: Work = Box::pin(async move {
            // Without the bytes, the client has gone before it had the answer.
            if let Ok(bytes) = upgrade.await {
                let (socket, rest) = open(bytes, &options, deflates);
                guard(rest, stopping, function(socket)).await;
            }
        });
        drop(self.work.send(work));
        res
    }
}

fn open(
    bytes: Upgraded,
    WebSockets(options): &WebSockets,
    deflates: bool,
) -> (Socket, super::socket::Rest) {
    let (read, write) = tokio::io::split(bytes);
    let writer = Arc::new(Writer::new(
        write,
        Role::Server,
        deflates,
        options.idle_timeout,
    ));
    let limit = options.message_limit;
    let reader = Reader::new(read, Arc::clone(&writer), Role::Server, limit, deflates)
        .with_pulse(options.idle_timeout, options.ping_interval);
    Socket::new(reader, writer)
}

/// Nothing to take over, though a handshake of HTTP/1.1 is right.
fn no_upgrade(asked: bool) -> Error {
    match asked {
        false => Error::new(
            StatusCode::UPGRADE_REQUIRED,
            "this address is for WebSockets: ask by an extended CONNECT",
        ),
        true => Error::internal(
            "the connection cannot be taken over: something outside of the handler did, or the server that asked the service cannot do it",
        ),
    }
}

/// Whether a client of HTTP/1.1 asks for a WebSocket, which only a GET can (RFC 6455, 4.1).
fn asks(req: &Request) -> bool {
    let can = req.method() == Method::GET && req.version() >= Version::HTTP_11;
    can && lists(req.headers(), &header::UPGRADE, "websocket")
}

/// The key of a client of HTTP/1.1 (RFC 6455, 4.2.1).
fn check_handshake(req: &Request) -> Result<String> {
    let headers = req.headers();
    if !asks(req) {
        let error = Error::new(
            StatusCode::UPGRADE_REQUIRED,
            "this address is for WebSockets: ask with `Upgrade: websocket`",
        );
        return Err(error
            .with_header(header::UPGRADE, "websocket")
            .with_header(header::CONNECTION, "upgrade"));
    }
    if !lists(headers, &header::CONNECTION, "upgrade") {
        return Err(Error::bad_request("`Connection` does not say `upgrade`"));
    }
    let key = one(headers, &header::SEC_WEBSOCKET_KEY)?.unwrap_or_default();
    match STANDARD.decode(key) {
        Ok(bytes) if bytes.len() == 16 => Ok(key.to_owned()),
        _ => Err(Error::bad_request(
            "`Sec-WebSocket-Key` is not 16 bytes in base64",
        )),
    }
}

fn other_version(version: Option<&str>) -> Error {
    let (status, message) = match version {
        None => (
            StatusCode::BAD_REQUEST,
            "`Sec-WebSocket-Version` is missing",
        ),
        Some(_) => (
            StatusCode::UPGRADE_REQUIRED,
            "the only version of WebSocket spoken here is 13",
        ),
    };
    Error::new(status, message).with_header(header::SEC_WEBSOCKET_VERSION, "13")
}

/// Proves that the key was read (RFC 6455, 4.2.2).
pub(super) fn accept_of(key: &str) -> HeaderValue {
    let mut hash = Sha1::new();
    hash.update(key);
    hash.update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let accept = STANDARD.encode(hash.finalize());
    HeaderValue::try_from(accept).unwrap_or(HeaderValue::from_static(""))
}

/// The first of ours that the client speaks too.
fn choose(headers: &HeaderMap, ours: &[String]) -> Option<String> {
    let name = &header::SEC_WEBSOCKET_PROTOCOL;
    let speaks = |protocol: &&String| items(headers, name).any(|item| item == **protocol);
    ours.iter().find(speaks).cloned()
}

/// The value of a header that may be there once.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => Ok(value.to_str().ok().map(str::trim)),
        _ => Err(Error::bad_request(format!("`{name}` is there twice"))),
    }
}

/// The items of a header that is a list.
fn items<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).map(str::trim)
}

fn lists(headers: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    items(headers, name).any(|item| item.eq_ignore_ascii_case(wanted))
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}
