//! The server: listens, serves connections, stops gracefully.
//!
//! Before it: a client connects. After it: `connection` turns bytes into requests. This is the only
//! place that knows hyper's types.

mod activity;
mod answer;
mod complaint;
mod config;
mod connection;
mod entrance;
mod hosted;
mod io;
mod listener;
#[cfg(feature = "proxy-protocol")]
mod proxy_protocol;
mod received;
mod run_error;
mod serve;
mod shutdown;
mod streams;
mod target;
mod tether;
#[cfg(feature = "tls")]
mod tls;
mod traffic;
mod upgrade;

use std::fmt::Debug;
use std::net::{TcpListener, ToSocketAddrs};
use std::time::Duration;

pub(crate) use activity::Activity;
pub(crate) use received::Received;
pub use run_error::RunError;
pub use serve::{BoundServer, StopHandle};
pub use shutdown::Stopping;
use shutdown::Watch;
pub(crate) use shutdown::{Lifecycle, StopSlot};
pub(crate) use target::check_target;
#[cfg(feature = "tls")]
pub use tls::{Tls, TlsError};
pub(crate) use upgrade::Offer;
pub use upgrade::{Upgrade, Upgraded};

use crate::app::App;
use crate::log::{self, Level};
use crate::preflight::BuildError;
use config::Config;
use listener::{Role, Source};

/// What work that blocks its thread, its request gone, may still take when all else has ended.
const FAREWELL: Duration = Duration::from_secs(1);

/// An app with the addresses it listens on, its limits and its timeouts.
///
/// [`App::run`] and [`App::listen`] serve with the defaults; this is for everything else.
///
/// ```
/// use std::time::Duration;
/// use cepa::prelude::*;
/// use cepa::Server;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), RunError> {
/// let app = App::new().get("/", async || "hi");
/// let server = Server::new(app)
///     .tcp("127.0.0.1:0")
///     .with_body_limit(10 * 1024 * 1024)
///     .with_idle_timeout(Duration::from_secs(20))
///     .bind()
///     .await?;
/// println!("the system chose {:?}", server.local_addrs());
/// server.stop_handle().stop();
/// server.serve().await
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a server does nothing until it runs: `.run()`, or `.listen().await` inside a runtime"]
pub struct Server {
    app: App,
    sources: Vec<Source>,
    config: Config,
    stop: StopHandle,
}

impl Server {
    /// A server for this app, that listens nowhere yet.
    pub fn new(app: App) -> Self {
        Self {
            app,
            sources: Vec::new(),
            config: Config::default(),
            stop: StopHandle::default(),
        }
    }

    /// Listens on an address too: `127.0.0.1:3000`, `[::]:80`, `localhost:8080`. Of a name with
    /// several addresses, the first that works is taken. Port 0 lets the system choose.
    pub fn tcp(mut self, addr: impl ToSocketAddrs + Debug) -> Self {
        self.sources.push(Source::tcp(addr, Role::Plain));
        self
    }

    /// Listens on a Unix socket at this path too. A socket file that nobody listens on is
    /// replaced; the file is removed at the end.
    #[cfg(unix)]
    pub fn unix(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.sources.push(Source::unix(path.into(), Role::Plain));
        self
    }

    /// Listens on a socket that was bound elsewhere too, for example by systemd. Its backlog is
    /// that of whoever bound it.
    pub fn listener(mut self, listener: TcpListener) -> Self {
        self.sources.push(Source::ready(listener, Role::Plain));
        self
    }

    /// Listens on an address for TLS too (feature `tls`).
    #[cfg(feature = "tls")]
    pub fn tls(mut self, addr: impl ToSocketAddrs + Debug, tls: Tls) -> Self {
        self.sources.push(Source::tcp(addr, Role::Tls(tls)));
        self
    }

    /// Listens for TLS on a socket that was bound elsewhere too (feature `tls`); see
    /// [`listener`](Self::listener).
    #[cfg(feature = "tls")]
    pub fn tls_listener(mut self, listener: TcpListener, tls: Tls) -> Self {
        self.sources.push(Source::ready(listener, Role::Tls(tls)));
        self
    }

    /// Listens for TLS on a Unix socket too (feature `tls`); see [`unix`](Self::unix).
    #[cfg(all(feature = "tls", unix))]
    pub fn tls_unix(mut self, path: impl Into<std::path::PathBuf>, tls: Tls) -> Self {
        self.sources.push(Source::unix(path.into(), Role::Tls(tls)));
        self
    }

    /// Listens on an address too and redirects everything there to https (308), on the port of
    /// the first socket for TLS that has one, or 443 (feature `tls`).
    #[cfg(feature = "tls")]
    pub fn redirect_to_https(mut self, addr: impl ToSocketAddrs + Debug) -> Self {
        self.sources.push(Source::tcp(addr, Role::Redirect));
        self
    }

    /// Reads a PROXY protocol header, version 1 or 2, from connections of these peers (feature
    /// `proxy-protocol`); from them it is required, from others it is refused as a bad request.
    ///
    /// Entries are addresses, ranges, `loopback` or `private`, as in [`App::trust_proxies`].
    #[cfg(feature = "proxy-protocol")]
    pub fn with_proxy_protocol<P: AsRef<str>>(
        mut self,
        peers: impl IntoIterator<Item = P>,
    ) -> Self {
        self.config.proxy_peers = crate::extract::TrustedProxies::parse(peers);
        self
    }

    /// A handle that stops the server from elsewhere.
    #[must_use]
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// Builds the app and binds the addresses.
    ///
    /// # Errors
    /// Problems of the app or of the settings, or an address that cannot be bound.
    pub async fn bind(self) -> Result<BoundServer, RunError> {
        let service = self.app.build().map_err(RunError::Build)?;
        crate::error::note_places();
        for warning in service.warnings() {
            log::emit(Level::Warn, &warning.to_string());
        }
        if !self.config.problems.is_empty() {
            return Err(RunError::Build(BuildError::new(self.config.problems)));
        }
        if self.sources.is_empty() {
            return Err(RunError::Nowhere);
        }
        #[cfg(feature = "proxy-protocol")]
        self.config
            .proxy_peers
            .as_ref()
            .map_err(|problem| RunError::Proxies(problem.clone()))?;
        let bound: Result<Vec<_>, _> = self.sources.into_iter().map(Source::bind).collect();
        BoundServer::new(service, bound?, self.config, self.stop)
    }

    /// Serves until SIGTERM or Ctrl-C, on the runtime it is called in.
    ///
    /// # Errors
    /// Problems of the app, an address that cannot be listened on, a hook that fails.
    pub async fn listen(self) -> Result<(), RunError> {
        self.bind().await?.serve().await
    }

    /// Serves until SIGTERM or Ctrl-C, on a runtime of its own.
    ///
    /// # Errors
    /// As [`listen`](Self::listen), and if it is called inside a runtime.
    pub fn run(self) -> Result<(), RunError> {
        if tokio::runtime::Handle::try_current().is_ok() {
            return Err(RunError::InsideRuntime);
        }
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.enable_all().build().map_err(RunError::Runtime)?;
        let watch = Watch::start().map_err(RunError::Runtime)?;
        let served = async { self.bind().await?.serve_watched(Some(watch)).await };
        let ended = runtime.block_on(served);
        // What blocks its thread cannot be cut; without this, one that hangs would keep the process.
        runtime.shutdown_timeout(FAREWELL);
        ended
    }
}
