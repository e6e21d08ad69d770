//! Accepts connections until told to stop, then finishes what is in flight.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;

use super::FAREWELL;
use super::config::Config;
use super::entrance::{self, Entrance};
use super::listener::{Listener, Role};
use super::run_error::RunError;
use super::shutdown::{Either, Signals, Stopping, Watch, race};
use crate::error::Error;
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
        stop: StopHandle,
    ) -> Result<Self, RunError> {
        let entrances = entrance::open(&service, bound)?;
        Ok(Self {
            service,
            entrances,
            config,
            stop,
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
    /// A start hook that fails or is interrupted (nothing was accepted then), a stop hook that
    /// fails or takes longer than the stop timeout, and [`RunError::Cut`].
    pub async fn serve(self) -> Result<(), RunError> {
        self.serve_watched(None).await
    }

    /// The same, with the signals and timers of a thread that no handler can block.
    pub(super) async fn serve_watched(self, watch: Option<Watch>) -> Result<(), RunError> {
        let mut signals = Signals::new(watch);
        let told = race(self.stop.0.notified(), signals.next());
        let started = match race(self.service.start(), told).await {
            Either::Left(started) => started.map_err(RunError::Start),
            Either::Right(_) => Err(RunError::Interrupted),
        };
        if let Err(error) = started {
            // Tasks of the hooks that did run: nothing else would end them.
            self.service.lifecycle().stop();
            return Err(error);
        }
        let stop_timeout = self.config.stop_timeout;
        let places = self.config.connection_limit.min(Semaphore::MAX_PERMITS);
        let accepting = Arc::new(Accepting {
            places: Arc::new(Semaphore::new(places)),
            config: Arc::new(self.config),
            connections: Mutex::default(),
        });
        let mut acceptors = JoinSet::new();
        for entrance in self.entrances {
            log::emit(Level::Info, &format!("listening on {}", entrance.title()));
            let stopping = self.service.lifecycle().stopping();
            acceptors.spawn(Arc::clone(&accepting).accept(entrance, stopping));
        }
        race(self.stop.0.notified(), signals.next()).await;
        log::emit(Level::Info, "stopping: finishing what is in flight");
        self.service.lifecycle().stop();
        let finished = finish(
            &self.service,
            &accepting,
            acceptors,
            stop_timeout,
            &mut signals,
        );
        let finished = finished.await;
        let hooks = signals.limit(stop_timeout, self.service.run_stop_hooks());
        match race(hooks, signals.next()).await {
            Either::Left(Ok(ended)) => ended.map_err(RunError::Stop)?,
            Either::Left(Err(_)) | Either::Right(()) => {
                return Err(RunError::Stop(Error::internal("cut before they were done")));
            }
        }
        finished
    }
}

/// Lets what is in flight come to its end, for as long as it may take.
async fn finish(
    service: &AppService,
    accepting: &Accepting,
    mut acceptors: JoinSet<()>,
    stop_timeout: Duration,
    signals: &mut Signals,
) -> Result<(), RunError> {
    let mut connections = JoinSet::new();
    let finished = async {
        while acceptors.join_next().await.is_some() {}
        connections = accepting.take_connections();
        while connections.join_next().await.is_some() {}
        service.lifecycle().idle().await;
    };
    let limited = signals.limit(stop_timeout, finished);
    if let Either::Left(Ok(())) = race(limited, signals.next()).await {
        return Ok(());
    }
    if !acceptors.is_empty() {
        // They could not run either.
        connections = accepting.take_connections();
    }
    let cut = RunError::Cut {
        connections: connections.len(),
        tasks: service.lifecycle().tasks(),
    };
    log::emit(Level::Warn, &cut.to_string());
    // Requests of HTTP/2 run beside their connection and end after it.
    let ended = async {
        connections.shutdown().await;
        service.lifecycle().gathered().await;
    };
    // One whose handler blocks its thread does not end.
    let _ = signals.limit(FAREWELL, ended).await;
    Err(cut)
}

impl Accepting {
    /// Accepts until the server stops and nobody waits in the backlog; full, it leaves new
    /// connections there.
    async fn accept(self: Arc<Self>, entrance: Entrance, mut stopping: Stopping) {
        let Entrance { listener, door } = entrance;
        let door = Arc::new(door);
        loop {
            let place = async {
                let accepted = listener.accept().await;
                (accepted, Arc::clone(&self.places).acquire_owned().await)
            };
            let Either::Left((accepted, Ok(place))) = race(place, stopping.wait()).await else {
                return;
            };
            let (door, config) = (Arc::clone(&door), Arc::clone(&self.config));
            let mut connections = self.connections();
            while connections.try_join_next().is_some() {}
            // Boxed, because the runtime moves what it is given several times.
            connections.spawn(Box::pin(async move {
                door.admit(accepted, config).await;
                drop(place);
            }));
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
