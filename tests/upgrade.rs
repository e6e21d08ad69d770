//! Other protocols on a connection: taken over from HTTP/1.1, and as a stream of HTTP/2.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod wire;

use std::io::Read as _;
use std::sync::mpsc;
use std::time::Duration;

use cepa::prelude::*;
use cepa::{RunError, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wire::{Client, Running};

const SHORT: Duration = Duration::from_millis(200);
const HEAD: &str =
    "GET /echo HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";

/// Sends every byte back, until there are none or the server stops.
async fn echo(mut req: Request) -> Result<Response> {
    let upgrade = req
        .upgrade()
        .or_status(StatusCode::UPGRADE_REQUIRED, "ask for `echo`")?;
    let res = upgrade.accept("echo");
    let mut stopping = req.stopping();
    req.spawn(async move {
        let mut bytes = upgrade.await.expect("the response agreed");
        let mut buf = [0; 1024];
        loop {
            let read = tokio::select! {
                read = bytes.read(&mut buf) => read.unwrap_or(0),
                () = stopping.wait() => 0,
            };
            if read == 0 || bytes.write_all(&buf[..read]).await.is_err() {
                break;
            }
            bytes.flush().await.unwrap();
        }
        let _ = bytes.write_all(b"bye").await;
        let _ = bytes.shutdown().await;
    });
    Ok(res)
}

fn app() -> App {
    App::new()
        .get("/echo", echo)
        .get("/", async || "no echo")
        .get("/liar", async || StatusCode::SWITCHING_PROTOCOLS)
}

fn upgraded(server: &Running, more: &str) -> Client {
    let mut client = server.connect();
    client.send(format!("{HEAD}{more}"));
    let head = client.read_response().to_ascii_lowercase();
    assert!(
        head.starts_with("http/1.1 101") && head.contains("\r\nupgrade: echo\r\n"),
        "{head}"
    );
    assert!(head.contains("\r\nconnection: upgrade\r\n"), "{head}");
    client
}

fn expect(client: &mut Client, text: &str) {
    let mut bytes = vec![0; text.len()];
    client.stream.read_exact(&mut bytes).unwrap();
    assert_eq!(String::from_utf8_lossy(&bytes), text);
}

#[test]
fn the_bytes_after_the_head_belong_to_the_other_protocol() {
    let server = Running::start(Server::new(app()));
    let mut client = upgraded(&server, "early ");
    expect(&mut client, "early ");
    client.send("and late");
    expect(&mut client, "and late");
    client.stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(client.read_all(), "bye");
}

#[test]
fn without_an_upgrade_there_is_nothing_to_take() {
    let server = Running::start(Server::new(app()));
    let mut client = server.connect();
    client.send("GET /echo HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert!(client.read_response().starts_with("HTTP/1.1 426"));
    // Whoever does not know the protocol answers as ever (RFC 9110, 7.8).
    client.send(HEAD.replace("/echo", "/"));
    assert!(client.read_response().ends_with("no echo"));
    client.send(HEAD.replace("/echo", "/liar"));
    // A 101 that agrees to nothing is an error of the program.
    assert!(client.read_response().starts_with("HTTP/1.1 500"));
}

#[test]
fn no_timeout_of_the_server_ends_it() {
    let server = Server::new(app())
        .with_head_timeout(SHORT)
        .with_body_timeout(SHORT)
        .with_idle_timeout(SHORT);
    let server = Running::start(server);
    let mut client = upgraded(&server, "");
    std::thread::sleep(SHORT * 5);
    client.send("still here");
    expect(&mut client, "still here");
}

#[test]
fn it_keeps_its_place_among_the_connections() {
    let server = Running::start(Server::new(app()).with_connection_limit(1));
    let client = upgraded(&server, "");
    let mut second = server.connect();
    second.send("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
    second.stream.set_read_timeout(Some(SHORT)).unwrap();
    assert!(second.stream.read(&mut [0]).is_err(), "it waits its turn");
    drop(client);
    second
        .stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    assert!(second.read_response().ends_with("no echo"));
}

#[test]
fn a_graceful_stop_is_told_and_waited_for() {
    let server = Running::start(Server::new(app()));
    let mut client = upgraded(&server, "hi");
    expect(&mut client, "hi");
    server.begin_stop();
    assert_eq!(client.read_all(), "bye");
    server.stop().unwrap();
}

#[test]
fn what_does_not_end_is_cut_at_the_deadline() {
    let (send, receive) = mpsc::channel();
    let app = App::new().get("/echo", move |mut req: Request| {
        let send = send.clone();
        async move {
            let upgrade = req
                .upgrade()
                .or_status(StatusCode::UPGRADE_REQUIRED, "ask for `echo`")?;
            let res = upgrade.accept("echo");
            // Not tracked: it lives on, but its socket does not.
            tokio::spawn(async move {
                let mut bytes = upgrade.await.expect("the response agreed");
                let _ = send.send(bytes.read(&mut [0]).await.map_err(|error| error.kind()));
            });
            Ok::<_, Error>(res)
        }
    });
    let server = Running::start(Server::new(app).with_stop_timeout(SHORT));
    let client = upgraded(&server, "");
    match server.stop() {
        Err(RunError::Cut { connections: 1, .. }) => {}
        ended => panic!("{ended:?}"),
    }
    drop(client);
    if let Ok(read) = receive.recv_timeout(SHORT * 10) {
        assert_eq!(read, Err(std::io::ErrorKind::ConnectionAborted));
    }
}

#[cfg(feature = "http2")]
mod http2 {
    use super::*;
    use h2::client::SendRequest;
    use h2::ext::Protocol;
    use h2::{RecvStream, SendStream};
    use tokio::net::TcpStream;

    async fn connect(server: &Running) -> SendRequest<Bytes> {
        let socket = TcpStream::connect(server.addr).await.unwrap();
        let (send, connection) = h2::client::handshake(socket).await.unwrap();
        tokio::spawn(connection);
        // The settings arrive with the first answer.
        let (status, ..) = ask(&send, Method::GET, "/", None).await;
        assert_eq!(status, 200);
        assert!(send.is_extended_connect_protocol_enabled());
        send
    }

    async fn ask(
        send: &SendRequest<Bytes>,
        method: Method,
        path: &str,
        protocol: Option<&'static str>,
    ) -> (u16, SendStream<Bytes>, RecvStream) {
        let mut send = send.clone().ready().await.unwrap();
        let uri = format!("http://localhost{path}");
        let ends = protocol.is_none();
        let mut req = http::Request::builder().method(method).uri(uri);
        if let Some(protocol) = protocol {
            req = req.extension(Protocol::from_static(protocol));
        }
        let (res, stream) = send.send_request(req.body(()).unwrap(), ends).unwrap();
        let (head, body) = res.await.unwrap().into_parts();
        (head.status.as_u16(), stream, body)
    }

    async fn text(body: &mut RecvStream, length: usize) -> String {
        let mut text = Vec::new();
        while text.len() < length {
            match tokio::time::timeout(Duration::from_secs(20), body.data()).await {
                Ok(Some(data)) => {
                    let data = data.unwrap();
                    body.flow_control().release_capacity(data.len()).unwrap();
                    text.extend_from_slice(&data);
                }
                end => panic!("{end:?} after {:?}", String::from_utf8_lossy(&text)),
            }
        }
        String::from_utf8(text).unwrap()
    }

    /// The end may come in a frame of its own.
    async fn ended(body: &mut RecvStream) -> bool {
        match body.data().await {
            Some(last) => last.unwrap().is_empty() && body.data().await.is_none(),
            None => true,
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn an_extended_connect_is_a_get_whose_stream_is_taken_over() {
        let server = Server::new(app())
            .with_idle_timeout(SHORT)
            .with_head_timeout(SHORT)
            .with_body_timeout(SHORT);
        let server = Running::start(server);
        let send = connect(&server).await;
        let (status, mut stream, mut body) =
            ask(&send, Method::CONNECT, "/echo", Some("echo")).await;
        assert_eq!(status, 200);
        stream.send_data("hello".into(), false).unwrap();
        assert_eq!(text(&mut body, 5).await, "hello");
        // The connection is not idle while the stream is open.
        tokio::time::sleep(SHORT * 5).await;
        stream.send_data("again".into(), true).unwrap();
        assert_eq!(text(&mut body, 8).await, "againbye");
        assert!(ended(&mut body).await);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn what_does_not_speak_the_protocol_does_not_agree_by_chance() {
        let server = Running::start(Server::new(app()));
        let send = connect(&server).await;
        let table = [("/", 501), ("/nothing", 404), ("/echo", 200)];
        for (path, wanted) in table {
            let (status, ..) = ask(&send, Method::CONNECT, path, Some("echo")).await;
            assert_eq!(status, wanted, "{path}");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_graceful_stop_is_told_and_waits_for_the_stream() {
        let server = Running::start(Server::new(app()));
        let send = connect(&server).await;
        let (_, mut stream, mut body) = ask(&send, Method::CONNECT, "/echo", Some("echo")).await;
        stream.send_data("hi".into(), false).unwrap();
        assert_eq!(text(&mut body, 2).await, "hi");
        server.begin_stop();
        assert_eq!(text(&mut body, 3).await, "bye");
        assert!(ended(&mut body).await);
        drop((stream, send));
        server.stop().unwrap();
    }
}
