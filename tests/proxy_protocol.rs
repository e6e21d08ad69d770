//! The PROXY protocol over real sockets.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]
#![cfg(feature = "proxy-protocol")]

mod wire;

use cepa::Server;
use cepa::prelude::*;
use wire::{Running, head};

fn server(peers: &[&str]) -> Running {
    let app = App::new().get("/", async |ClientAddr(addr): ClientAddr| addr.to_string());
    Running::start(Server::new(app).with_proxy_protocol(peers))
}

#[test]
fn a_trusted_peer_announces_the_client() {
    let server = server(&["loopback"]);
    let mut binary = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
    binary.extend([192, 0, 2, 9, 198, 51, 100, 1, 0x13, 0x88, 0, 80]);
    let line = b"PROXY TCP4 192.0.2.9 198.51.100.1 5000 80\r\n".to_vec();
    for announcement in [binary, line] {
        let mut client = server.connect();
        client.send([announcement, head("GET / HTTP/1.1").into_bytes()].concat());
        assert!(client.read_response().ends_with("192.0.2.9"));
    }
}

#[test]
fn a_trusted_peer_has_to_announce() {
    let server = server(&["loopback"]);
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1"));
    assert_eq!(client.read_all(), "");
}

#[test]
fn others_cannot_announce() {
    let server = server(&["10.0.0.0/8"]);
    let mut client = server.connect();
    client
        .send("PROXY TCP4 192.0.2.9 198.51.100.1 5000 80\r\n".to_owned() + &head("GET / HTTP/1.1"));
    assert!(client.read_all().starts_with("HTTP/1.1 400 "));
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1"));
    assert!(client.read_response().ends_with("127.0.0.1"));
}

#[tokio::test]
async fn a_malformed_list_is_a_sentence() {
    let server = Server::new(App::new())
        .tcp("127.0.0.1:0")
        .with_proxy_protocol(["10.0.0.1/8"]);
    let error = server.bind().await.unwrap_err().to_string();
    assert!(error.contains("10.0.0.1/8"), "{error}");
}
