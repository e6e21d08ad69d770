//! A server in this process, on one kind of runtime.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};

use cepa::Server;
use tokio::net::TcpSocket;
use tokio::runtime::Builder;

use crate::child::Kind;
use crate::{app, raw};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// One thread.
    Current,
    /// As `App::run` makes it: a worker for each core.
    Multi,
    /// One thread and one listener for each core, between which the kernel shares connections out.
    PerCore,
}

impl Runtime {
    pub fn parse(name: &str) -> Self {
        match name {
            "current" => Self::Current,
            "multi" => Self::Multi,
            "per-core" => Self::PerCore,
            _ => panic!("the runtime is `current`, `multi` or `per-core`"),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Multi => "multi",
            Self::PerCore => "per-core",
        }
    }
}

/// Serves until the process is ended; says its address on standard output.
pub fn serve(kind: Kind, runtime: Runtime) {
    let local = SocketAddr::from(([127, 0, 0, 1], 0));
    let cores = std::thread::available_parallelism().map_or(1, Into::into);
    let listeners = listen(
        local,
        if runtime == Runtime::PerCore {
            cores
        } else {
            1
        },
    );
    let addr = listeners[0].local_addr().expect("an address");
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{addr}")
        .and_then(|()| stdout.flush())
        .expect("standard output");
    let threads = listeners.into_iter().map(|listener| {
        std::thread::spawn(move || match runtime {
            Runtime::Multi => on(Builder::new_multi_thread(), kind, listener),
            Runtime::Current | Runtime::PerCore => {
                on(Builder::new_current_thread(), kind, listener)
            }
        })
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.join().expect("a server");
    }
}

fn on(mut builder: Builder, kind: Kind, listener: TcpListener) {
    let runtime = builder.enable_all().build().expect("a runtime");
    match kind {
        Kind::Hyper => runtime.block_on(raw::serve(listener)),
        Kind::Cepa => runtime
            .block_on(Server::new(app::app()).listener(listener).listen())
            .expect("a server"),
    }
}

/// Listeners of one address, with room for a burst of connections.
fn listen(mut addr: SocketAddr, count: usize) -> Vec<TcpListener> {
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_io().build().expect("a runtime");
    let _entered = runtime.enter();
    let mut listeners = Vec::new();
    for _ in 0..count {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseport(true).expect("SO_REUSEPORT");
        socket.bind(addr).expect("an address");
        let listener = socket.listen(4096).and_then(|listener| listener.into_std());
        let listener = listener.expect("a listener");
        addr = listener.local_addr().expect("an address");
        listeners.push(listener);
    }
    listeners
}
