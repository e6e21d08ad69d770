//! The limits and timeouts of a server; each has a safe default and one method to change it.

use std::panic::Location;
use std::time::Duration;

use super::Server;
use crate::middleware::{HostGuard, Middleware};
use crate::preflight::Problem;

/// What [`Server`] was told; one value for each `with_` method there.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) head_timeout: Duration,
    pub(crate) body_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) stop_timeout: Duration,
    pub(crate) target_limit: usize,
    pub(crate) head_limit: usize,
    pub(crate) header_limit: usize,
    pub(crate) body_limit: Option<u64>,
    pub(crate) connection_limit: usize,
    pub(crate) stream_limit: u32,
    pub(crate) allowed_hosts: Option<HostGuard>,
    pub(crate) server_header: bool,
    /// What is wrong with it, each with the line that set it.
    pub(crate) problems: Vec<Problem>,
    #[cfg(feature = "proxy-protocol")]
    pub(crate) proxy_peers: Result<crate::extract::TrustedProxies, String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(60),
            stop_timeout: Duration::from_secs(30),
            target_limit: 8 * 1024,
            head_limit: 64 * 1024,
            header_limit: 100,
            body_limit: None,
            connection_limit: 25_000,
            stream_limit: 100,
            allowed_hosts: None,
            server_header: true,
            problems: Vec::new(),
            #[cfg(feature = "proxy-protocol")]
            proxy_peers: Ok(crate::extract::TrustedProxies::default()),
        }
    }
}

/// Limits and timeouts.
///
/// A timeout is noticed at most a quarter of its time late.
impl Server {
    /// How long a client may take for its first byte, and for the head of a request. Default: 10 s.
    /// Then the connection is closed.
    pub fn with_head_timeout(mut self, timeout: Duration) -> Self {
        self.config.head_timeout = timeout;
        self
    }

    /// How long a request body may bring, or a response take, not a single byte. Default: 30 s.
    /// A body that is waited for becomes a 408 where an answer is still possible; otherwise the
    /// connection is closed. On HTTP/2 each request body and each response has this time to itself,
    /// and of a response that stalls only the stream is reset.
    pub fn with_body_timeout(mut self, timeout: Duration) -> Self {
        self.config.body_timeout = timeout;
        self
    }

    /// How long a connection may stay open between requests. Default: 60 s.
    pub fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.config.idle_timeout = timeout;
        self
    }

    /// How long a graceful stop waits for requests and spawned tasks before it cuts them.
    /// Default: 30 s.
    pub fn with_stop_timeout(mut self, timeout: Duration) -> Self {
        self.config.stop_timeout = timeout;
        self
    }

    /// The longest path and query, in bytes; a longer one is a 414. Default: 8 KiB.
    pub fn with_target_limit(mut self, bytes: usize) -> Self {
        self.config.target_limit = bytes;
        self
    }

    /// The largest head of a request, in bytes; a larger one is a 431. Default: 64 KiB; at least
    /// 8 KiB.
    pub fn with_head_limit(mut self, bytes: usize) -> Self {
        self.config.head_limit = bytes.max(8 * 1024);
        self
    }

    /// The most headers of a request; more are a 431. Default: 100.
    pub fn with_header_limit(mut self, headers: usize) -> Self {
        self.config.header_limit = headers;
        self
    }

    /// The largest request body that extractors read, in bytes; a larger one is a 413, at once
    /// where `Content-Length` says so. Default: 2 MiB.
    /// [`BodyLimit`](crate::BodyLimit) changes it for a part of the app, or for a route.
    pub fn with_body_limit(mut self, bytes: u64) -> Self {
        self.config.body_limit = Some(bytes);
        self
    }

    /// The most connections at once; further ones wait in the system's backlog. Default: 25,000.
    pub fn with_connection_limit(mut self, connections: usize) -> Self {
        self.config.connection_limit = connections;
        self
    }

    /// The most requests at once on one HTTP/2 connection. Default: 100.
    pub fn with_stream_limit(mut self, streams: u32) -> Self {
        self.config.stream_limit = streams;
        self
    }

    /// The hosts this server answers for, without ports, `*.example.com` among them; others are a
    /// 421, as of [`HostGuard`], which is the same for a part of an app. Default: all.
    ///
    /// What is no host is a problem that is reported at this line when the server starts.
    #[track_caller]
    pub fn with_allowed_hosts<S: AsRef<str>>(mut self, hosts: impl IntoIterator<Item = S>) -> Self {
        let allowed = HostGuard::new(hosts);
        let place = Location::caller();
        let problems = allowed.problems().into_iter();
        let problems = problems.map(|problem| Problem::new(place, problem));
        self.config.problems.extend(problems);
        self.config.allowed_hosts = Some(allowed);
        self
    }

    /// Whether responses say `Server: cepa`. Default: yes.
    pub fn with_server_header(mut self, shown: bool) -> Self {
        self.config.server_header = shown;
        self
    }
}
