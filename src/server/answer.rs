//! The service as hyper calls it: checks that belong to the protocol, then the app, then the body
//! on its way out.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{HOST, SERVER, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::{HttpService, service_fn};

use super::config::Config;
use super::connection::Peer;
use super::received::Received;
use super::streams::{Clock, Piece};
use super::target::check_target;
use super::upgrade::{check_agreed, route_connect};
use crate::body::{Body, BodyError};
use crate::chain::enter_in;
use crate::error::{Error, render_outside, told};
use crate::extract::split_host;
use crate::log::{self, Level};
use crate::response::{EndHooks, Response};
use crate::service::View;

/// Answers the requests of one connection; each may have a clock of its own.
pub(super) fn answers(
    peer: Peer,
    clock: impl Fn() -> Option<Arc<Clock>> + Send + 'static,
) -> impl Answers {
    let Peer { view, config } = peer;
    let known = KnownHost::default();
    service_fn(move |req: http::Request<Incoming>| {
        let flight = Flight::begin(&view);
        let head = *req.method() == Method::HEAD;
        let tunnels = *req.method() == Method::CONNECT;
        let signed = config.server_header;
        let clock = clock();
        let refused = config.check(&req, &known).err();
        let (mut parts, body) = req.into_parts();
        if tunnels {
            route_connect(&mut parts);
        }
        let mut req = view.receive(parts, Received::body(body, &view), refused);
        if config.allowed_hosts.is_some() {
            req.know_host();
        }
        async move {
            let res = enter_in(&flight.0, req).await;
            flight.0.lifecycle.tell(&res);
            Ok(outgoing(res, flight, clock, head, tunnels, signed))
        }
    })
}

/// What hyper calls for each request, its future's type unnamed.
pub(super) trait Answers:
    HttpService<
        Incoming,
        ResBody = Outgoing,
        Error = Infallible,
        Future: Future<Output = Result<http::Response<Outgoing>, Infallible>> + Send + 'static,
    > + Send
{
}

impl<S> Answers for S where
    S: HttpService<
            Incoming,
            ResBody = Outgoing,
            Error = Infallible,
            Future: Future<Output = Result<http::Response<Outgoing>, Infallible>> + Send + 'static,
        > + Send
{
}

impl Config {
    /// What RFC 9112 leaves to the server to refuse, and the limits hyper has no setting for.
    fn check<B: HttpBody>(&self, req: &http::Request<B>, known: &KnownHost) -> Result<(), Error> {
        check_target(req.method(), req.uri())?;
        let target = req
            .uri()
            .path_and_query()
            .map_or(0, |target| target.as_str().len());
        if target > self.target_limit {
            let message = format!(
                "the path and query are longer than {} bytes",
                self.target_limit
            );
            return Err(Error::new(StatusCode::URI_TOO_LONG, message));
        }
        if req.headers().len() > self.header_limit {
            let message = format!("there are more than {} headers", self.header_limit);
            return Err(Error::new(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                message,
            ));
        }
        // Where hyper sees no body there is no coding, or it was refused.
        if !req.body().is_end_stream() {
            check_transfer(req.headers())?;
        }
        if known.is_of(req) {
            return Ok(());
        }
        let host = host(req)?;
        if let Some(allowed) = &self.allowed_hosts {
            allowed.admit(host)?;
        }
        known.keep(req);
        Ok(())
    }
}

/// The `Host` header that was found right last, since a client hardly ever sends another.
#[derive(Default)]
struct KnownHost(RefCell<Known>);

#[derive(Default)]
struct Known {
    host: Vec<u8>,
    /// There was a request before; many connections have but one, which is none the better for it.
    again: bool,
}

/// Longer ones are not worth the room.
const KNOWN_HOST: usize = 256;

impl KnownHost {
    fn is_of<B>(&self, req: &http::Request<B>) -> bool {
        let known = self.0.borrow();
        !known.host.is_empty() && header_host(req).is_some_and(|host| *host == *known.host)
    }

    fn keep<B>(&self, req: &http::Request<B>) {
        let known = &mut *self.0.borrow_mut();
        if !std::mem::replace(&mut known.again, true) {
            return;
        }
        let host = header_host(req).filter(|host| host.len() <= KNOWN_HOST);
        known.host.clear();
        known.host.extend_from_slice(host.unwrap_or_default());
    }
}

/// The one `Host` header, where it alone names the host.
fn header_host<B>(req: &http::Request<B>) -> Option<&[u8]> {
    let mut values = req.headers().get_all(HOST).iter();
    match (values.next(), values.next(), req.uri().authority()) {
        (Some(host), None, None) => Some(host.as_bytes()),
        _ => None,
    }
}

/// `chunked`, once, or nothing (RFC 9112, 6.1). Beside `Content-Length`, hyper obeys it alone and
/// closes the connection after the response, as 6.3 asks.
fn check_transfer(headers: &HeaderMap) -> Result<(), Error> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(Error::bad_request(
            "the only transfer coding understood is `chunked`, once",
        )),
    }
}

/// The host, of which HTTP/1.1 has exactly one (RFC 9112, 3.2), and HTTP/2 at least one.
fn host<B>(req: &http::Request<B>) -> Result<&[u8], Error> {
    let mut values = req.headers().get_all(HOST).iter();
    let (first, second) = (values.next(), values.next());
    if second.is_some() {
        return Err(Error::bad_request("there is more than one `Host` header"));
    }
    let authority = req
        .uri()
        .authority()
        .map(|authority| authority.as_str().as_bytes());
    let framed = req.version() == Version::HTTP_2;
    if first.is_none() && (req.version() == Version::HTTP_11 || framed && authority.is_none()) {
        return Err(Error::bad_request("the `Host` header is missing"));
    }
    if let (true, Some(authority), Some(first)) = (framed, authority, first)
        && !authority.eq_ignore_ascii_case(first.as_bytes())
    {
        // RFC 9113, 8.3.1.
        return Err(Error::bad_request("`:authority` and `Host` differ"));
    }
    let Some(named) = authority.or(first.map(HeaderValue::as_bytes)) else {
        // HTTP/1.0 knows no host.
        return Ok(b"");
    };
    let malformed = || Error::bad_request("the `Host` header is malformed");
    if authority.is_some()
        && let Some(first) = first
    {
        split_host(first.as_bytes()).ok_or_else(malformed)?;
    }
    split_host(named)
        .map(|(host, _port)| host)
        .ok_or_else(malformed)
}

/// Counts a request as in flight for as long as it lives.
pub(super) struct Flight(Arc<View>);

impl Flight {
    pub(super) fn begin(view: &Arc<View>) -> Self {
        view.activity.begin();
        Self(Arc::clone(view))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.activity.end();
    }
}

/// The response as hyper sends it.
fn outgoing(
    mut res: Response,
    flight: Flight,
    clock: Option<Arc<Clock>>,
    head: bool,
    tunnels: bool,
    signed: bool,
) -> http::Response<Outgoing> {
    res.check_length(head);
    if res.has_open_error() {
        // Middleware said so; a handler's own is rendered in its step.
        res = render_outside(res);
    }
    res.finish(head);
    if tunnels {
        check_agreed(&mut res);
    }
    if tunnels && res.status().is_success() || res.status() == StatusCode::SWITCHING_PROTOCOLS {
        // hyper hands the connection over right after, so nothing may wait for more.
        flight.0.activity.traffic.set_flushes(true);
    }
    if signed {
        let signature = || HeaderValue::from_static("cepa");
        res.headers_mut().entry(SERVER).or_insert_with(signature);
    }
    let (head, body, end) = res.into_sent();
    let body = Outgoing {
        body,
        end,
        owed: false,
        flight,
        clock,
    };
    http::Response::from_parts(head, body)
}

/// The largest piece given to hyper at once. It takes any, ahead of the client; in pieces the
/// response is in flight until the client has taken nearly all of it, and hyper's copy is small.
const PIECE: usize = 32 * 1024;

/// A response body on its way out, that tells the end hooks what became of it.
pub(super) struct Outgoing {
    body: Body,
    end: Option<Box<EndHooks>>,
    /// A piece was handed over and no other asked for since.
    owed: bool,
    flight: Flight,
    clock: Option<Arc<Clock>>,
}

impl Outgoing {
    /// Notes whether it is the client's turn, to take what was handed over.
    fn owe(&mut self, owed: bool) {
        if let Some(clock) = &self.clock {
            return clock.owe(owed);
        }
        if self.owed == owed {
            return;
        }
        self.owed = owed;
        let activity = &self.flight.0.activity;
        if owed {
            activity.owe();
        } else {
            activity.paid();
        }
    }
}

impl HttpBody for Outgoing {
    type Data = Piece;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, BodyError>>> {
        self.owe(false);
        let frame = ready!(self.body.poll_piece(cx, PIECE));
        if let Some(Err(BodyError::Source(why))) = &frame {
            let line = format!("a response was broken off: {}", told(&**why));
            log::emit(Level::Error, &line);
        }
        if let Some(end) = &mut self.end {
            match &frame {
                None => end.sent(),
                Some(Err(_)) => end.failed(),
                Some(Ok(frame)) => end.count(frame.data_ref().map_or(0, Bytes::len)),
            }
        }
        // A stream of HTTP/2 waits for the client with its last piece as well.
        let more = self.clock.is_some() || !self.is_end_stream();
        self.owe(more && matches!(frame, Some(Ok(_))));
        let piece = |bytes| Piece::new(bytes, self.clock.as_ref());
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    /// Asked for before the first frame only.
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// hyper does not ask a body that says it is at its end for another frame.
impl Drop for Outgoing {
    fn drop(&mut self) {
        self.owe(false);
        let expired = self.clock.as_ref().is_some_and(|clock| clock.is_expired());
        let ended = self.body.is_end_stream() && !expired;
        if let Some(end) = &mut self.end
            && ended
        {
            end.sent();
        }
    }
}
