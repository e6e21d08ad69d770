//! Why a server did not run, as sentences for the terminal.

use std::fmt;
use std::io;

use crate::error::Error;
use crate::preflight::BuildError;

/// Why [`App::run`](crate::App::run) or [`App::listen`](crate::App::listen) ended early.
#[non_exhaustive]
pub enum RunError {
    /// The app, or a setting of the server, has problems; nothing was started.
    Build(BuildError),
    /// The text is no address, or its host name is unknown.
    Address {
        /// The text.
        addr: String,
        /// What is wrong with it.
        source: io::Error,
    },
    /// The address cannot be listened on.
    Bind {
        /// The address.
        addr: String,
        /// What the system says.
        source: io::Error,
    },
    /// The server was given no address.
    Nowhere,
    /// The list of peers that speak the PROXY protocol is malformed.
    Proxies(String),
    /// The certificate or its key cannot be used.
    Certificate(String),
    /// `run` was called inside a runtime.
    InsideRuntime,
    /// The runtime or the socket failed.
    Runtime(io::Error),
    /// A start hook failed.
    Start(Error),
    /// A stop hook failed.
    Stop(Error),
    /// It was told to stop while the start hooks ran.
    Interrupted,
    /// The stop timeout, or a second signal, cut what was in flight.
    Cut {
        /// Connections that were open still.
        connections: usize,
        /// Tasks of `Request::spawn` that ran still.
        tasks: usize,
    },
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build(error) => error.fmt(f),
            Self::Address { addr, source } => write!(
                f,
                "`{addr}` is no address to listen on, such as 127.0.0.1:3000: {source}"
            ),
            Self::Bind { addr, source } => match source.kind() {
                io::ErrorKind::AddrInUse => {
                    write!(f, "{addr} is in use: stop the other program, or choose another port")
                }
                io::ErrorKind::PermissionDenied => write!(
                    f,
                    "{addr} may not be listened on by this user: choose a port above 1023, or give the program the right"
                ),
                io::ErrorKind::AddrNotAvailable => {
                    write!(f, "{addr} is no address of this machine")
                }
                _ => write!(f, "{addr} cannot be listened on: {source}"),
            },
            Self::Nowhere => f.write_str("the server listens nowhere: add `.tcp(\"127.0.0.1:3000\")`"),
                    Self::Proxies(problem) | Self::Certificate(problem) => f.write_str(problem),
            Self::Cut { connections, tasks } => write!(
                f,
                "the stop cut {} and {} that took too long",
                counted(*connections, "connection"),
                counted(*tasks, "task")
            ),
            Self::Interrupted => f.write_str("told to stop before the start hooks were done"),
            Self::InsideRuntime => f.write_str(
                "`run` starts a runtime of its own and was called inside one: write `.listen(addr).await` there",
            ),
            Self::Runtime(error) => write!(f, "the server could not run: {error}"),
            Self::Start(error) => write!(f, "a start hook failed: {error}"),
            Self::Stop(error) => write!(f, "a stop hook failed: {error}"),
        }
    }
}

/// `1 task`, `2 tasks`.
fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// The sentences, since `main` prints an error this way.
impl fmt::Debug for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for RunError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Build(error) => Some(error),
            Self::Runtime(error) => Some(error),
            Self::Address { source, .. } | Self::Bind { source, .. } => Some(source),
            Self::Start(error) | Self::Stop(error) => error.source().map(|source| source as _),
            Self::Proxies(_)
            | Self::Certificate(_)
            | Self::Cut { .. }
            | Self::Interrupted
            | Self::InsideRuntime
            | Self::Nowhere => None,
        }
    }
}
