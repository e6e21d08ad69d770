//! Stands between a program and Postgres: counts its queries, holds answers back, is cut.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

pub(crate) struct Proxy {
    /// The URL it was made for, with the proxy in place of the server.
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    server: String,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    is_cut: bool,
    sockets: Vec<TcpStream>,
    /// Queries that were sent, by their `Bind` messages.
    queries: usize,
    /// Answers wait until there were so many queries.
    held_until: usize,
}

impl Proxy {
    pub(crate) fn new(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").expect("a URL");
        let (authority, rest) = rest.split_once('/').expect("a URL with a database");
        let (user, server) = authority.rsplit_once('@').unwrap_or(("", authority));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            server: match server.contains(':') {
                true => server.to_owned(),
                false => format!("{server}:5432"),
            },
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let proxy = Self {
            url: format!("{scheme}://{user}@{addr}/{rest}").replace("//@", "//"),
            shared: Arc::clone(&shared),
        };
        thread::spawn(move || {
            for client in listener.incoming() {
                let _ = shared.connect(client);
            }
        });
        proxy
    }

    /// Ends all connections, and refuses new ones until it is mended.
    pub(crate) fn cut(&self) {
        let mut state = self.shared.state.lock().unwrap();
        state.is_cut = true;
        for socket in state.sockets.drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
        self.shared.changed.notify_all();
    }

    pub(crate) fn mend(&self) {
        self.shared.state.lock().unwrap().is_cut = false;
    }

    /// How many queries were sent so far.
    pub(crate) fn sent(&self) -> usize {
        self.shared.state.lock().unwrap().queries
    }

    /// Holds answers back until this many more queries were sent.
    pub(crate) fn hold(&self, queries: usize) {
        let mut state = self.shared.state.lock().unwrap();
        state.held_until = state.queries + queries;
    }
}

impl Shared {
    fn connect(self: &Arc<Self>, client: io::Result<TcpStream>) -> io::Result<()> {
        let client = client?;
        let mut state = self.state.lock().unwrap();
        if state.is_cut {
            return Ok(());
        }
        let server = TcpStream::connect(&self.server)?;
        for socket in [&client, &server] {
            socket.set_nodelay(true)?;
            state.sockets.push(socket.try_clone()?);
        }
        let (from_client, to_client) = (client.try_clone()?, client);
        let (from_server, to_server) = (server.try_clone()?, server);
        let (one, other) = (Arc::clone(self), Arc::clone(self));
        thread::spawn(move || {
            let mut queries = Queries::default();
            pump(from_client, to_server, |bytes| {
                one.count(queries.read(bytes))
            })
        });
        thread::spawn(move || pump(from_server, to_client, |_| other.wait()));
        Ok(())
    }

    fn count(&self, queries: usize) {
        self.state.lock().unwrap().queries += queries;
        self.changed.notify_all();
    }

    fn wait(&self) {
        let state = self.state.lock().unwrap();
        let is_held = |state: &mut State| !state.is_cut && state.queries < state.held_until;
        let waited = self
            .changed
            .wait_timeout_while(state, Duration::from_secs(30), is_held);
        let is_over = waited.unwrap().1.timed_out();
        assert!(!is_over, "it waits for answers in between");
    }
}

/// Copies until one side ends, and ends the other.
fn pump(mut from: TcpStream, mut to: TcpStream, mut seen: impl FnMut(&[u8])) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        seen(&buffer[..count]);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// Reads messages of the frontend: the first has no type, then comes a letter before each length.
#[derive(Default)]
struct Queries {
    bytes: Vec<u8>,
    started: bool,
}

impl Queries {
    /// How many `Bind` messages end with these bytes.
    fn read(&mut self, bytes: &[u8]) -> usize {
        self.bytes.extend_from_slice(bytes);
        let mut queries = 0;
        loop {
            let typed = usize::from(self.started);
            let Some(length) = self.bytes.get(typed..typed + 4) else {
                return queries;
            };
            let length = u32::from_be_bytes(length.try_into().unwrap()) as usize + typed;
            if self.bytes.len() < length {
                return queries;
            }
            queries += usize::from(self.started && self.bytes[0] == b'B');
            self.started = true;
            self.bytes.drain(..length);
        }
    }
}
