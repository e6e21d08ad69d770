//! Accepts connections until told to stop, then finishes what is in flight.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;

use super::config::Config;
use super::entrance::{self, Entrance};
use super::listener::{Listener, Role};
use super::run_error::RunError;
use super::shutdown::{Either, Signals, race};
use crate::log::{self, Level};
use crate::service::AppService;

/// A server that has its addresses and does not accept yet.
#[derive(Debug)]
#[must_use = "the server accepts nothing until `serve` is awaited"]
pub struct BoundServer {
    service: AppService,
    entrances: Vec<Entrance>,
    config: Config,
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

/// What the accepting tasks share.
struct Accepting {
    config: Arc<Config>,
    places: Arc<Semaphore>,
    connections: Mutex<JoinSet<()>>,
}

impl BoundServer {
    pub(super) fn new(
        service: AppService,
        bound: Vec<(Listener, Role)>,
        config: Config,
    ) -> Result<Self, RunError> {
        let entrances = entrance::open(&service, bound)?;
        Ok(Self {
            service,
            entrances,
            config,
            stop: StopHandle::default(),
        })
    }

    /// The TCP addresses it listens on, in the order written, with the ports the system chose.
    #[must_use]
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        self.entrances
            .iter()
            .filter_map(|entrance| entrance.listener.addr())
            .collect()
    }

    /// A handle that stops it.
    #[must_use]
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// Runs the start hooks, then accepts connections until it is told to stop, by a
    /// [`StopHandle`], SIGTERM or Ctrl-C; then finishes what is in flight and runs the stop hooks.
    ///
    /// Idle connections are closed at once, streams and spawned tasks are told
    /// ([`Stopping`](crate::Stopping)). What takes longer than the stop timeout is cut; a second
    /// signal cuts at once.
    ///
    /// # Errors
    /// A start hook that fails (nothing was accepted then), or a stop hook that fails.
    pub async fn serve(self) -> Result<(), RunError> {
        let mut signals = Signals::new();
        self.service.start().await.map_err(RunError::Start)?;
        let stop_timeout = self.config.stop_timeout;
        let accepting = Arc::new(Accepting {
            places: Arc::new(Semaphore::new(
                self.config.connection_limit.min(Semaphore::MAX_PERMITS),
            )),
            config: Arc::new(self.config),
            connections: Mutex::default(),
        });
        let mut acceptors = JoinSet::new();
        for entrance in self.entrances {
            log::emit(Level::Info, &format!("listening on {}", entrance.title()));
            acceptors.spawn(Arc::clone(&accepting).accept(entrance));
        }
        race(self.stop.0.notified(), signals.next()).await;
        acceptors.shutdown().await;
        log::emit(Level::Info, "stopping: finishing what is in flight");
        self.service.lifecycle().stop();
        let mut connections = accepting.take_connections();
        let finished = async {
            while connections.join_next().await.is_some() {}
            self.service.lifecycle().idle().await;
        };
        match race(tokio::time::timeout(stop_timeout, finished), signals.next()).await {
            Either::Left(Ok(())) => {}
            Either::Left(Err(_)) => {
                let open = connections.len();
                let line =
                    format!("stopping: cut {open} connections that took over {stop_timeout:?}");
                log::emit(Level::Warn, &line);
            }
            Either::Right(()) => {
                let open = connections.len();
                log::emit(
                    Level::Warn,
                    &format!("stopping: told twice, cut {open} connections"),
                );
            }
        }
        connections.shutdown().await;
        self.service.run_stop_hooks().await.map_err(RunError::Stop)
    }
}

impl Accepting {
    /// Accepts for as long as the task lives; full, it leaves new connections in the backlog.
    async fn accept(self: Arc<Self>, entrance: Entrance) {
        let Entrance { listener, door } = entrance;
        let door = Arc::new(door);
        while let Ok(place) = Arc::clone(&self.places).acquire_owned().await {
            let accepted = listener.accept().await;
            let (door, config) = (Arc::clone(&door), Arc::clone(&self.config));
            let mut connections = self.connections();
            while connections.try_join_next().is_some() {}
            connections.spawn(async move {
                door.admit(accepted, config).await;
                drop(place);
            });
        }
    }

    fn connections(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn take_connections(&self) -> JoinSet<()> {
        std::mem::take(&mut *self.connections())
    }
}
