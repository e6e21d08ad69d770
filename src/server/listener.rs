//! Sockets: bind addresses, accept connections.

use std::fmt::Debug;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::RunError;
use super::io::Socket;

/// Where a server listens, as it was told; bound when it starts.
#[derive(Debug)]
pub(super) struct Source {
    place: Place,
    pub(super) role: Role,
}

#[derive(Debug)]
enum Place {
    /// As it was written, and what it means.
    Tcp(String, io::Result<Vec<SocketAddr>>),
    Ready(std::net::TcpListener),
    #[cfg(unix)]
    Unix(std::path::PathBuf),
}

/// What is done with the connections of a listener.
#[derive(Debug)]
pub(super) enum Role {
    /// They are served as they are.
    Plain,
    /// They are served after a TLS handshake.
    #[cfg(feature = "tls")]
    Tls(super::Tls),
    /// They are sent to https.
    #[cfg(feature = "tls")]
    Redirect,
}

/// A bound socket.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(tokio::net::UnixListener, std::path::PathBuf),
}

impl Source {
    pub(super) fn tcp(addr: impl ToSocketAddrs + Debug, role: Role) -> Self {
        let written = format!("{addr:?}").trim_matches('"').to_owned();
        let place = Place::Tcp(written, addr.to_socket_addrs().map(Iterator::collect));
        Self { place, role }
    }

    pub(super) fn ready(listener: std::net::TcpListener, role: Role) -> Self {
        let place = Place::Ready(listener);
        Self { place, role }
    }

    #[cfg(unix)]
    pub(super) fn unix(path: std::path::PathBuf, role: Role) -> Self {
        let place = Place::Unix(path);
        Self { place, role }
    }

    pub(super) fn bind(self) -> Result<(Listener, Role), RunError> {
        let listener = match self.place {
            Place::Tcp(written, addrs) => bind_first(written, addrs),
            Place::Ready(listener) => adopt(listener).map_err(RunError::Runtime),
            #[cfg(unix)]
            Place::Unix(path) => bind_unix(path),
        };
        Ok((listener?, self.role))
    }
}

/// Binds the first address that works.
fn bind_first(written: String, addrs: io::Result<Vec<SocketAddr>>) -> Result<Listener, RunError> {
    let none = |source| RunError::Address {
        addr: written,
        source,
    };
    let addrs = match addrs {
        Ok(addrs) => addrs,
        Err(source) => return Err(none(source)),
    };
    let mut failure = None;
    for addr in addrs {
        match bind_one(addr) {
            Ok(listener) => return Ok(listener),
            Err(source) => {
                failure = failure.or(Some(RunError::Bind {
                    addr: addr.to_string(),
                    source,
                }))
            }
        }
    }
    Err(failure.unwrap_or_else(|| none(io::Error::other("the name has no address"))))
}

/// Connections that the system keeps for us before they are accepted.
const BACKLOG: u32 = 4096;

fn bind_one(addr: SocketAddr) -> io::Result<Listener> {
    let socket = if addr.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    // As the standard library does: an address is free once its listener is gone. On Windows the
    // option means something else.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    tune(&socket2::SockRef::from(&socket));
    socket.listen(BACKLOG).map(Listener::Tcp)
}

/// Bytes that the system keeps of a response beyond what is on its way. Without a bound it is
/// megabytes for each slow client, and taken in steps that look like a stall in between.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 128 * 1024;

/// Sets what connections inherit of their listener.
fn tune(socket: &socket2::SockRef<'_>) {
    // A system without these options serves as well, with a little more delay and memory.
    let _ = socket.set_tcp_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = socket.set_tcp_notsent_lowat(UNSENT);
}

fn adopt(listener: std::net::TcpListener) -> io::Result<Listener> {
    listener.set_nonblocking(true)?;
    tune(&socket2::SockRef::from(&listener));
    TcpListener::from_std(listener).map(Listener::Tcp)
}

/// Binds a path; a socket file that nobody listens on any more is replaced.
#[cfg(unix)]
fn bind_unix(path: std::path::PathBuf) -> Result<Listener, RunError> {
    use std::os::unix::fs::FileTypeExt as _;
    use std::os::unix::net::UnixStream;

    let is_socket = std::fs::symlink_metadata(&path).is_ok_and(|meta| meta.file_type().is_socket());
    if is_socket && UnixStream::connect(&path).is_err() {
        let _ = std::fs::remove_file(&path);
    }
    match tokio::net::UnixListener::bind(&path) {
        Ok(listener) => Ok(Listener::Unix(listener, path)),
        Err(source) => Err(RunError::Bind {
            addr: path.display().to_string(),
            source,
        }),
    }
}

impl Listener {
    /// The address, for sockets that have one.
    pub(super) fn addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Self::Unix(..) => None,
        }
    }

    /// The address as it is printed.
    pub(super) fn title(&self, scheme: &str) -> String {
        match self {
            Self::Tcp(_) => match self.addr() {
                Some(addr) => format!("{scheme}://{addr}"),
                None => "a socket".to_owned(),
            },
            #[cfg(unix)]
            Self::Unix(_, path) if scheme == "http" => format!("unix:{}", path.display()),
            #[cfg(unix)]
            Self::Unix(_, path) => format!("unix:{} ({scheme})", path.display()),
        }
    }

    /// The next connection. Where the system is short of descriptors, waits and tries again.
    pub(super) async fn accept(&self) -> Accepted {
        loop {
            let error = match self.accept_once().await {
                Ok(accepted) => return accepted,
                Err(error) => error,
            };
            if !is_of_connection(&error) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }

    async fn accept_once(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener) => {
                let (stream, addr) = listener.accept().await?;
                // Only Linux lets it inherit this. A peer that is gone has no options to set.
                #[cfg(not(target_os = "linux"))]
                let _ = stream.set_nodelay(true);
                Ok(Accepted::Tcp(stream, addr))
            }
            #[cfg(unix)]
            Self::Unix(listener, _) => Ok(Accepted::Unix(listener.accept().await?.0)),
        }
    }
}

/// A connection that was accepted.
pub(super) enum Accepted {
    Tcp(TcpStream, SocketAddr),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

impl Accepted {
    pub(super) fn peer(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(_, addr) => Some(*addr),
            #[cfg(unix)]
            Self::Unix(_) => None,
        }
    }

    pub(super) fn into_socket(self) -> Box<dyn Socket> {
        match self {
            Self::Tcp(stream, _) => Box::new(stream),
            #[cfg(unix)]
            Self::Unix(stream) => Box::new(stream),
        }
    }
}

/// A socket file is removed with its listener.
impl Drop for Listener {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Self::Unix(_, path) = self {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// The client went away before it was accepted.
fn is_of_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}
