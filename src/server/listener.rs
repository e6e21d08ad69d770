//! Sockets: bind addresses, accept connections.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use super::RunError;

/// Binds the first address that works.
pub(super) fn bind(addr: impl ToSocketAddrs) -> Result<TcpListener, RunError> {
    let mut failure = None;
    for addr in addr.to_socket_addrs().map_err(RunError::Address)? {
        match bind_one(addr) {
            Ok(listener) => return Ok(listener),
            Err(source) => failure = failure.or(Some(RunError::Bind { addr, source })),
        }
    }
    let none = || RunError::Address(io::Error::other("the name has no address"));
    Err(failure.unwrap_or_else(none))
}

fn bind_one(addr: SocketAddr) -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(addr)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// The next connection. Where the system is short of descriptors, waits a little and tries again.
pub(super) async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) if is_of_connection(&error) => {}
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
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
