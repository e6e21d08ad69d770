//! A TCP proxy in front of a server, which cuts, stalls, refuses or delays.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What the proxy does with what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    Passes,
    /// Each piece waits this long.
    Delays(Duration),
    /// Nothing arrives, and nothing ends.
    Stalls,
    /// All connections are cut, and none is accepted.
    Refuses,
}

pub struct Proxy {
    addr: SocketAddr,
    target: String,
    state: watch::Sender<State>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[derive(Clone, Copy)]
struct State {
    line: Line,
    /// Connections that were accepted before the last cut are over.
    cuts: u32,
    /// Connections that were accepted before hang for ever.
    hung: u32,
    is_over: bool,
}

impl Proxy {
    /// In front of the server of this URL.
    pub fn to(url: &str) -> Self {
        let target = address(url).to_owned();
        let (state, seen) = watch::channel(State {
            line: Line::Passes,
            cuts: 0,
            hung: 0,
            is_over: false,
        });
        let (tell, told) = mpsc::channel();
        let to = target.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                serve(listener, to, seen).await;
            });
        });
        Self {
            addr: told.recv_timeout(Duration::from_secs(10)).unwrap(),
            target,
            state,
            thread: Some(thread),
        }
    }

    /// The URL with the proxy's address in place of the server's.
    pub fn url(&self, url: &str) -> String {
        url.replacen(&self.target, &self.addr.to_string(), 1)
    }

    pub fn set(&self, line: Line) {
        self.state.send_modify(|state| {
            state.line = line;
            state.cuts += u32::from(line == Line::Refuses);
        });
    }

    /// Ends all connections that are open now.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }

    /// Lets new connections pass, while nothing arrives on those that are open now, and nothing ends.
    pub fn pass_new(&self) {
        self.state.send_modify(|state| {
            state.line = Line::Passes;
            state.hung += 1;
        });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.send_modify(|state| state.is_over = true);
        self.thread.take().unwrap().join().unwrap();
    }
}

/// `127.0.0.1:5432` of a URL.
fn address(url: &str) -> &str {
    let rest = url.split_once('@').unwrap().1;
    rest.split('/').next().unwrap()
}

async fn serve(mut listener: TcpListener, target: String, mut seen: watch::Receiver<State>) {
    let addr = listener.local_addr().unwrap();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            changed = seen.changed() => changed.unwrap(),
            accepted = listener.accept() => {
                let (client, _) = accepted.unwrap();
                connections.spawn(pass(client, target.clone(), seen.clone()));
                continue;
            }
        }
        let state = *seen.borrow_and_update();
        if state.is_over {
            return;
        }
        if state.line == Line::Refuses {
            drop(listener);
            connections.abort_all();
            let back = seen.wait_for(|state| state.line != Line::Refuses || state.is_over);
            if back.await.unwrap().is_over {
                return;
            }
            listener = TcpListener::bind(addr).await.unwrap();
        }
    }
}

async fn pass(client: TcpStream, target: String, mut seen: watch::Receiver<State>) {
    let State { cuts, hung, .. } = *seen.borrow_and_update();
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    for stream in [&client, &server] {
        stream.set_nodelay(true).unwrap();
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let (up, down) = (seen.clone(), seen.clone());
    tokio::select! {
        () = copy(from_client, to_server, up, (cuts, hung)) => {}
        () = copy(from_server, to_client, down, (cuts, hung)) => {}
        _ = seen.wait_for(|state| state.cuts > cuts) => {}
    }
}

/// What comes after a cut is never passed on, even where the cut is not noticed yet.
async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut seen: watch::Receiver<State>,
    (cuts, hung): (u32, u32),
) {
    let mut piece = [0; 4096];
    loop {
        let Ok(length @ 1..) = from.read(&mut piece).await else {
            return;
        };
        let flows = seen.wait_for(|state| {
            let hangs = state.line == Line::Stalls || state.hung > hung;
            !hangs || state.cuts > cuts
        });
        let Ok(state) = flows.await.map(|state| *state) else {
            return;
        };
        if state.cuts > cuts {
            return;
        }
        if let Line::Delays(delay) = state.line {
            tokio::time::sleep(delay).await;
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}
