//! The options of WebSockets, checked when the app is built.

use std::sync::Arc;
use std::time::Duration;

use crate::{CrossOrigin, Middleware};

/// The options of the WebSockets inside: a middleware, for an app or for one handler.
///
/// Without it the defaults hold. Of several around a handler, the innermost counts.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::ws::{Socket, TestClientExt, WebSocket, WebSockets};
///
/// async fn feed(ws: WebSocket) -> Response {
///     ws.on_upgrade(async |socket: Socket| {
///         let _ = socket.send("first").await;
///     })
/// }
///
/// let options = WebSockets::new()
///     .with_protocols(["feed.v2", "feed.v1"])
///     .with_origins(["https://app.example.com"]);
/// let client = App::new().get("/feed", feed.with(options)).test();
/// client.block_on(async {
///     let ws = client.ws("/feed").header("origin", "https://app.example.com");
///     let mut ws = ws.protocols("feed.v1, feed.v2").connect().await;
///     assert_eq!(ws.protocol(), Some("feed.v2"));
///     assert_eq!(ws.recv_text().await, "first");
///
///     let refused = client.ws("/feed").header("origin", "https://evil.example").try_connect().await;
///     assert_eq!(refused.unwrap_err().status(), 403);
/// });
/// ```
///
/// # Errors
/// Times and sizes of zero, a ping interval that is not shorter than the idle timeout, and what is
/// no protocol or origin are problems that [`App::build`](crate::App::build) reports.
#[derive(Clone, Debug)]
pub struct WebSockets(pub(super) Arc<Options>);

#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) message_limit: usize,
    pub(super) idle_timeout: Duration,
    pub(super) ping_interval: Duration,
    pub(super) protocols: Vec<String>,
    pub(super) origins: CrossOrigin,
    pub(super) any_origin: bool,
    pub(super) compression: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            message_limit: 1024 * 1024,
            idle_timeout: Duration::from_secs(60),
            ping_interval: Duration::from_secs(20),
            protocols: Vec::new(),
            origins: CrossOrigin::new(),
            any_origin: false,
            compression: false,
        }
    }
}

impl Default for WebSockets {
    fn default() -> Self {
        Self::new()
    }
}

impl WebSockets {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::default())
    }

    fn options(&mut self) -> &mut Options {
        Arc::make_mut(&mut self.0)
    }

    /// The largest message of a client, in bytes; a larger one closes with 1009 as soon as its
    /// size is known. Default: 1 MiB.
    #[must_use]
    pub fn with_message_limit(mut self, bytes: usize) -> Self {
        self.options().message_limit = bytes;
        self
    }

    /// How long nothing may come from a client, not even the answer to a ping, and how long it may
    /// take nothing of what is sent. Default: 60 s. The first closes with 1001; with the second,
    /// the connection is dropped. Noticed at most a quarter of the ping interval late.
    #[must_use]
    pub fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.options().idle_timeout = timeout;
        self
    }

    /// How often a client is sent a ping, which also keeps proxies from closing a silent
    /// connection. Default: 20 s.
    #[must_use]
    pub fn with_ping_interval(mut self, interval: Duration) -> Self {
        self.options().ping_interval = interval;
        self
    }

    /// The subprotocols that are spoken here, the preferred one first. Of those a client asks for,
    /// the first on this list is agreed on ([`WebSocket::protocol`](super::WebSocket::protocol));
    /// without a match none is, and browsers close then. Default: none.
    #[must_use]
    pub fn with_protocols<S: Into<String>>(
        mut self,
        protocols: impl IntoIterator<Item = S>,
    ) -> Self {
        self.options().protocols = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// Pages of these origins may connect too, such as `https://app.example.com`. Default: those of
    /// the request's own host alone.
    #[must_use]
    pub fn with_origins<S: AsRef<str>>(mut self, origins: impl IntoIterator<Item = S>) -> Self {
        let options = self.options();
        options.origins = options.origins.clone().with_trusted(origins);
        self
    }

    /// Pages of all origins may connect: for what is public, and the same for everybody. Where
    /// cookies say who is there, any page could speak in its visitor's name.
    #[must_use]
    pub fn with_any_origin(mut self) -> Self {
        self.options().any_origin = true;
        self
    }

    /// Compresses messages for clients that offer it, and takes compressed ones: `permessage-deflate`
    /// (RFC 7692), each message for itself, so that nothing is kept between two. The message limit
    /// is that of the message as it was before. Default: no, since it costs more time than it saves
    /// for short messages, and because what is secret must not be compressed beside what others
    /// choose (as in BREACH).
    #[must_use]
    pub fn with_compression(mut self) -> Self {
        self.options().compression = true;
        self
    }

    pub(super) fn wrong_options(&self) -> Vec<String> {
        let options = &*self.0;
        let mut problems = options.origins.problems();
        if options.message_limit == 0 {
            problems.push("a message limit of zero lets no message through".to_owned());
        }
        if options.idle_timeout.is_zero() || options.ping_interval.is_zero() {
            problems.push("idle timeout and ping interval are longer than zero".to_owned());
        } else if options.ping_interval >= options.idle_timeout {
            problems.push(format!(
                "the ping interval of {:?} has to be shorter than the idle timeout of {:?}, so that a silent client can answer in time",
                options.ping_interval, options.idle_timeout
            ));
        }
        for protocol in &options.protocols {
            if !is_token(protocol) {
                problems.push(format!(
                    "`{protocol}` is no subprotocol: its name is letters, digits and signs such as `.` and `-`"
                ));
            }
        }
        problems
    }
}

/// A token as headers have them (RFC 9110, 5.6.2).
pub(super) fn is_token(text: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_sign)
}
