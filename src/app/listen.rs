//! `run` and `listen`: from the builder to a server.

use std::fmt::Debug;
use std::net::ToSocketAddrs;

use super::App;
use crate::server::{RunError, Server};
use crate::testing::TestClient;

impl App {
    /// Serves the app at this address until SIGTERM or Ctrl-C, on a runtime of its own.
    ///
    /// It prints the address, serves HTTP/1.1 and (feature `http2`) HTTP/2, and stops gracefully.
    /// Inside a runtime, use [`listen`](Self::listen).
    ///
    /// ```no_run
    /// use cepa::prelude::*;
    ///
    /// fn main() -> Result<(), RunError> {
    ///     App::new().get("/", async || "Hello, World!").run("127.0.0.1:3000")
    /// }
    /// ```
    ///
    /// # Errors
    /// Problems of the app, an address that cannot be listened on, a hook that fails.
    pub fn run(self, addr: impl ToSocketAddrs + Debug) -> Result<(), RunError> {
        Server::new(self).tcp(addr).run()
    }

    /// Serves the app at this address until SIGTERM or Ctrl-C, on the runtime it is called in.
    ///
    /// # Errors
    /// Problems of the app, an address that cannot be listened on, a hook that fails.
    pub async fn listen(self, addr: impl ToSocketAddrs + Debug) -> Result<(), RunError> {
        Server::new(self).tcp(addr).listen().await
    }

    /// A client that asks the app in process, without sockets.
    pub fn test(self) -> TestClient {
        TestClient::new(self)
    }
}
