//! The recipe of docs/deployment.md for sockets that a supervisor holds, such as systemd's.

use std::error::Error;

use cepa::Server;
use cepa::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::var("NAME").unwrap_or_default();
    let app = App::new().get("/", move || std::future::ready(name.clone()));
    let server = Server::new(app);
    let server = match listenfd::ListenFd::from_env().take_tcp_listener(0)? {
        Some(socket) => server.listener(socket),
        None => server.tcp("127.0.0.1:3000"),
    };
    Ok(server.run()?)
}
