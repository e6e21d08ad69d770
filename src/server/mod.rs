//! The server: listens, serves connections, stops gracefully.
//!
//! Before it: a client connects. After it: `connection` turns bytes into requests. With `body`,
//! this is the only place that knows hyper's types.

mod connection;
mod io;
mod listener;
mod run_error;
mod shutdown;

use std::net::{SocketAddr, ToSocketAddrs};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;

pub use run_error::RunError;
pub(crate) use shutdown::Lifecycle;
pub use shutdown::Stopping;

use crate::app::App;
use crate::log::{self, Level};
use crate::service::AppService;
use shutdown::{Either, race};

/// How long a graceful stop waits for requests in flight.
const STOP_DEADLINE: Duration = Duration::from_secs(30);

/// An app on its way to listen; [`App::run`] and [`App::listen`] in steps, for programs and tests
/// that need the address or stop the server themselves.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::Server;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), RunError> {
/// let server = Server::new(App::new().get("/", async || "hi")).bind("127.0.0.1:0").await?;
/// println!("listening on {}", server.local_addr());
/// let stop = server.stop_handle();
/// stop.stop();
/// server.serve().await
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a server does nothing until it is bound and served"]
pub struct Server {
    app: App,
}

/// A server that has its addresses and does not accept yet.
#[derive(Debug)]
#[must_use = "the server accepts nothing until `serve` is awaited"]
pub struct BoundServer {
    service: AppService,
    listener: TcpListener,
    addr: SocketAddr,
    stop: StopHandle,
}

/// Stops a server from elsewhere. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct StopHandle(Arc<Notify>);

impl StopHandle {
    /// Begins a graceful stop: no new connections, requests in flight are finished. Returns at
    /// once; [`BoundServer::serve`] returns when it is over.
    pub fn stop(&self) {
        self.0.notify_one();
    }
}

impl Server {
    /// A server for this app.
    pub fn new(app: App) -> Self {
        Self { app }
    }

    /// Builds the app and binds the address; port 0 lets the system choose one.
    ///
    /// # Errors
    /// Problems of the app, or an address that cannot be bound.
    pub async fn bind(self, addr: impl ToSocketAddrs) -> Result<BoundServer, RunError> {
        let service = self.app.build().map_err(RunError::Build)?;
        service
            .warnings()
            .iter()
            .for_each(|warning| log::emit(Level::Warn, &warning.to_string()));
        let listener = listener::bind(addr)?;
        let addr = listener.local_addr().map_err(RunError::Runtime)?;
        Ok(BoundServer {
            service,
            listener,
            addr,
            stop: StopHandle::default(),
        })
    }
}

impl BoundServer {
    /// The address it listens on, with the port the system chose.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// A handle that stops it.
    #[must_use]
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// Runs the start hooks, then accepts connections until it is told to stop, by a
    /// [`StopHandle`], SIGTERM or Ctrl-C; then finishes what is in flight and runs the stop hooks.
    ///
    /// # Errors
    /// A start hook that fails (nothing was accepted then), or a stop hook that fails.
    pub async fn serve(self) -> Result<(), RunError> {
        self.service.start().await.map_err(RunError::Start)?;
        log::emit(
            Level::Info,
            &format!("listening on http://{}", self.addr),
        );
        let mut connections = JoinSet::new();
        let mut told = pin!(race(self.stop.0.notified(), shutdown::signal()));
        while let Either::Left(stream) = race(listener::accept(&self.listener), told.as_mut()).await {
            connections.spawn(connection::serve(stream, self.service.clone()));
            while connections.try_join_next().is_some() {}
        }
        drop(self.listener);
        log::emit(Level::Info, "stopping: finishing what is in flight");
        self.service.lifecycle().stop();
        let finished = async {
            while connections.join_next().await.is_some() {}
            self.service.lifecycle().idle().await;
        };
        let limited = race(tokio::time::timeout(STOP_DEADLINE, finished), shutdown::signal());
        match limited.await {
            Either::Left(Ok(())) => {}
            Either::Left(Err(_)) => log::emit(Level::Warn, "stopping: cut what took over 30 s"),
            Either::Right(_) => log::emit(Level::Warn, "stopping: told twice, cut what was left"),
        }
        connections.shutdown().await;
        self.service.run_stop_hooks().await.map_err(RunError::Stop)
    }
}
