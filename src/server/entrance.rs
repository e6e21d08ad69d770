//! From an accepted connection to one that can be served: who is the client, and is it encrypted?

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::RunError;
use super::complaint::{Complaints, Refusal, Step};
use super::config::Config;
use super::connection::{self, Peer};
use super::io::Socket;
use super::listener::{Accepted, Listener, Role};
use super::shutdown::{Either, race};
use crate::service::{AppService, Arrival, Channel};

/// A listener and what is done with its connections.
#[derive(Debug)]
pub(super) struct Entrance {
    pub(super) listener: Listener,
    pub(super) door: Door,
}

/// What all connections of one listener go through.
pub(super) struct Door {
    service: AppService,
    complaints: Complaints,
    #[cfg(feature = "tls")]
    tls: Option<tokio_rustls::TlsAcceptor>,
}

/// Makes the entrances of a server; certificates are read here.
pub(super) fn open(
    service: &AppService,
    bound: Vec<(Listener, Role)>,
) -> Result<Vec<Entrance>, RunError> {
    #[cfg(feature = "tls")]
    let port = bound
        .iter()
        .filter(|(_, role)| matches!(role, Role::Tls(_)))
        .find_map(|(listener, _)| listener.addr())
        .map_or(443, |addr| addr.port());
    let door = |role: Role| -> Result<Door, RunError> {
        Ok(match role {
            Role::Plain => Door::plain(service.clone()),
            #[cfg(feature = "tls")]
            Role::Tls(tls) => Door {
                complaints: Complaints::default(),
                service: service.clone(),
                tls: Some(tls.acceptor()?),
            },
            #[cfg(feature = "tls")]
            Role::Redirect => {
                let redirect = redirect_to(port).build().map_err(RunError::Build)?;
                Door::plain(redirect.beside(service))
            }
        })
    };
    let entrance = |(listener, role)| {
        Ok(Entrance {
            listener,
            door: door(role)?,
        })
    };
    bound.into_iter().map(entrance).collect()
}

impl Entrance {
    /// The address as it is printed.
    pub(super) fn title(&self) -> String {
        self.listener.title(self.door.scheme())
    }
}

impl Door {
    fn plain(service: AppService) -> Self {
        Self {
            service,
            complaints: Complaints::default(),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    fn scheme(&self) -> &'static str {
        #[cfg(feature = "tls")]
        if self.tls.is_some() {
            return "https";
        }
        "http"
    }

    fn channel(&self) -> Channel {
        #[cfg(feature = "tls")]
        if self.tls.is_some() {
            return Channel::Encrypted;
        }
        Channel::Plain
    }

    /// Serves a connection to its end. One that fails at the door is closed, with a word in the
    /// log only.
    pub(super) async fn admit(&self, accepted: Accepted, config: Arc<Config>) {
        let mut stopping = self.service.lifecycle().stopping();
        let entered = tokio::time::timeout(config.head_timeout, self.enter(accepted, &config));
        match race(entered, stopping.wait()).await {
            Either::Left(Ok(Ok((socket, arrival)))) => {
                let view = self.service.view(arrival, config.body_limit);
                connection::serve(socket, Peer { view, config }).await;
            }
            Either::Left(Ok(Err(refusal))) => self.complaints.tell(&refusal),
            Either::Left(Err(_)) | Either::Right(()) => {}
        }
    }

    async fn enter(
        &self,
        accepted: Accepted,
        config: &Config,
    ) -> Result<(Box<dyn Socket>, Arrival), Refusal> {
        let arrival = Arrival {
            peer: accepted.peer(),
            channel: self.channel(),
            is_announced: false,
        };
        let socket = accepted.into_socket();
        #[cfg(feature = "proxy-protocol")]
        let (socket, arrival) = announced(socket, arrival, config)
            .await
            .map_err(refusal(Step::Announcement, arrival.peer))?;
        #[cfg(not(feature = "proxy-protocol"))]
        let _ = config;
        #[cfg(feature = "tls")]
        if let Some(acceptor) = &self.tls {
            let accepted = acceptor.accept(socket).await;
            let socket = accepted.map_err(refusal(Step::Handshake, arrival.peer))?;
            return Ok((Box::new(socket), arrival));
        }
        Ok((socket, arrival))
    }
}

#[allow(dead_code, reason = "without features nothing is asked at the door")]
fn refusal(step: Step, peer: Option<SocketAddr>) -> impl FnOnce(io::Error) -> Refusal {
    move |error| Refusal { step, peer, error }
}

/// The client that a trusted load balancer announces, or the peer itself.
#[cfg(feature = "proxy-protocol")]
async fn announced(
    mut socket: Box<dyn Socket>,
    arrival: Arrival,
    config: &Config,
) -> io::Result<(Box<dyn Socket>, Arrival)> {
    let trusted = match (&config.proxy_peers, arrival.peer) {
        (Ok(peers), Some(peer)) => peers.contain(peer.ip()),
        _ => false,
    };
    if !trusted {
        return Ok((socket, arrival));
    }
    let client = super::proxy_protocol::read(&mut socket).await?;
    let arrival = Arrival {
        peer: client.or(arrival.peer),
        is_announced: true,
        ..arrival
    };
    Ok((socket, arrival))
}

/// An app that sends everyone to the same place on https.
#[cfg(feature = "tls")]
fn redirect_to(port: u16) -> crate::App {
    use crate::{App, Host, Redirect, Uri};

    let port = if port == 443 {
        String::new()
    } else {
        format!(":{port}")
    };
    App::new().fallback(move |Host(host): Host, uri: Uri| {
        let path = uri
            .path_and_query()
            .map_or("/", http::uri::PathAndQuery::as_str);
        let there = Redirect::permanent(format!("https://{host}{port}{path}"));
        async move { there }
    })
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.scheme())
    }
}
