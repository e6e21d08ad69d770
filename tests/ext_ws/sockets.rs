//! WebSockets over real sockets: HTTP/1.1 by its bytes, HTTP/2 by an extended CONNECT.

use std::io::Read as _;
use std::time::Duration;

use cepa::Server;
use cepa::prelude::*;

use crate::echo;
use crate::wire::{Client, Running};

const HEAD: &str = "GET /echo HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\n\
    upgrade: websocket\r\nsec-websocket-version: 13\r\n\
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn server() -> Server {
    Server::new(App::new().get("/echo", echo))
}

fn open(server: &Running, more: &[u8]) -> Client {
    let mut client = server.connect();
    client.send([HEAD.as_bytes(), more].concat());
    let head = client.read_response();
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    client
}

/// A frame with a mask of zeros, which leaves its bytes as they are.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

fn expect(client: &mut Client, bytes: &[u8]) {
    let mut seen = vec![0; bytes.len()];
    client.stream.read_exact(&mut seen).unwrap();
    assert_eq!(seen, bytes);
}

#[test]
fn an_echo_over_http_1_to_the_close_of_the_connection() {
    let server = Running::start(server());
    // The first message may come with the head.
    let mut client = open(&server, &frame(0x81, b"early"));
    expect(&mut client, b"\x81\x05early");
    client.send([frame(0x01, b"in "), frame(0x89, b"?"), frame(0x80, b"two")].concat());
    expect(&mut client, b"\x8a\x01?\x81\x06in two");
    client.send(frame(0x88, b"\x03\xe8"));
    assert_eq!(client.read_all_bytes(), b"\x88\x02\x03\xe8");
}

#[test]
fn what_is_no_websocket_is_closed_with_the_reason_before_the_connection_ends() {
    let server = Running::start(server());
    let table: [(&[u8], [u8; 2]); 3] = [
        (b"\xff\xff\xff\xff\xff\xff\xff\xff", [0x03, 0xea]),
        (&frame(0x81, b"\xff\xfe"), [0x03, 0xef]),
        (b"\x82\xff\0\0\0\0\0\x10\0\x01\0\0\0\0data", [0x03, 0xf1]),
    ];
    for (bytes, code) in table {
        let mut client = open(&server, bytes);
        let seen = client.read_all_bytes();
        assert_eq!((seen[0], &seen[2..4]), (0x88, &code[..]), "{bytes:x?}");
    }
}

#[test]
fn a_graceful_stop_closes_sockets_with_1001() {
    let server = Running::start(server());
    let mut client = open(&server, b"");
    client.send(frame(0x81, b"hi"));
    expect(&mut client, b"\x81\x02hi");
    server.begin_stop();
    expect(&mut client, b"\x88\x12\x03\xe9the server stops");
    client.send(frame(0x88, b"\x03\xe9"));
    assert_eq!(client.read_all_bytes(), b"");
    server.stop().unwrap();
}

#[test]
fn a_client_that_ignores_the_stop_does_not_hold_it_up_for_long() {
    let server = Running::start(server().with_stop_timeout(Duration::from_secs(30)));
    let client = open(&server, b"");
    let start = std::time::Instant::now();
    server.stop().unwrap();
    assert!(start.elapsed() < Duration::from_secs(15));
    drop(client);
}

#[cfg(feature = "http2")]
mod http2 {
    use super::*;
    use h2::client::SendRequest;
    use h2::ext::Protocol;
    use h2::{RecvStream, SendStream};
    use tokio::net::TcpStream;

    type Headers<'a> = &'a [(&'a str, &'a str)];

    async fn connect(server: &Running) -> SendRequest<Bytes> {
        let socket = TcpStream::connect(server.addr).await.unwrap();
        let (send, connection) = h2::client::handshake(socket).await.unwrap();
        tokio::spawn(connection);
        // The settings come with the first answer.
        let (head, ..) = ask(&send, None, &[]).await;
        assert_eq!(head.status, 426);
        assert!(send.is_extended_connect_protocol_enabled());
        send
    }

    async fn ask(
        send: &SendRequest<Bytes>,
        protocol: Option<&'static str>,
        headers: Headers<'_>,
    ) -> (http::response::Parts, SendStream<Bytes>, RecvStream) {
        let mut send = send.clone().ready().await.unwrap();
        let method = if protocol.is_some() { "CONNECT" } else { "GET" };
        let mut req = http::Request::builder()
            .method(method)
            .uri("http://localhost/echo");
        for (name, value) in headers {
            req = req.header(*name, *value);
        }
        if let Some(protocol) = protocol {
            req = req.extension(Protocol::from_static(protocol));
        }
        let ends = protocol.is_none();
        let (res, stream) = send.send_request(req.body(()).unwrap(), ends).unwrap();
        let (head, body) = res.await.unwrap().into_parts();
        (head, stream, body)
    }

    async fn bytes(body: &mut RecvStream, length: usize) -> Vec<u8> {
        let mut seen = Vec::new();
        while seen.len() < length {
            let data = tokio::time::timeout(Duration::from_secs(20), body.data()).await;
            let data = data
                .expect("it comes in time")
                .expect("there is more")
                .unwrap();
            body.flow_control().release_capacity(data.len()).unwrap();
            seen.extend_from_slice(&data);
        }
        seen
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn sockets_side_by_side_on_one_connection() {
        let server = Running::start(server());
        let send = connect(&server).await;
        let version = [("sec-websocket-version", "13")];
        let mut open = Vec::new();
        for _ in 0..3 {
            let (head, stream, body) = ask(&send, Some("websocket"), &version).await;
            assert_eq!(head.status, 200);
            assert!(!head.headers.contains_key("sec-websocket-accept"));
            open.push((stream, body));
        }
        for (at, (stream, body)) in open.iter_mut().enumerate() {
            let text = format!("number {at}");
            stream
                .send_data(frame(0x81, text.as_bytes()).into(), false)
                .unwrap();
            assert_eq!(
                bytes(body, 10).await,
                [b"\x81\x08", text.as_bytes()].concat()
            );
        }
        let (stream, body) = &mut open[1];
        stream
            .send_data(frame(0x88, b"\x03\xe8").into(), false)
            .unwrap();
        assert_eq!(bytes(body, 4).await, b"\x88\x02\x03\xe8");
        while let Some(data) = body.data().await {
            assert!(data.unwrap().is_empty());
        }
        let (stream, body) = &mut open[2];
        stream.send_data(frame(0x89, b"!").into(), false).unwrap();
        assert_eq!(bytes(body, 3).await, b"\x8a\x01!");
        server.begin_stop();
        assert_eq!(bytes(body, 4).await[..4], *b"\x88\x12\x03\xe9");
        drop((open, send));
        server.stop().unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_wrong_extended_connect_is_refused() {
        let server = Running::start(server());
        let send = connect(&server).await;
        let table: [(&str, Headers<'_>, u16); 4] = [
            ("websocket", &[("sec-websocket-version", "8")], 426),
            ("connect-udp", &[("sec-websocket-version", "13")], 501),
            ("connect-udp", &[], 501),
            (
                "websocket",
                &[
                    ("sec-websocket-version", "13"),
                    ("origin", "https://evil.example"),
                ],
                403,
            ),
        ];
        for (protocol, headers, status) in table {
            let (head, ..) = ask(&send, Some(protocol), headers).await;
            assert_eq!(head.status, status, "{protocol} {headers:?}");
        }
    }
}
