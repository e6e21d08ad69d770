//! TLS over real sockets: protocols, reloading, redirects, and the PROXY protocol before it.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]
#![cfg(feature = "tls")]

mod wire;

use std::path::PathBuf;
use std::sync::Arc;

use cepa::prelude::*;
use cepa::{Server, Tls};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use wire::{Running, head};

const ONE: &[u8] = include_bytes!("certificates/one.pem");
const ONE_KEY: &[u8] = include_bytes!("certificates/one.key.pem");
const TWO: &[u8] = include_bytes!("certificates/two.pem");
const TWO_KEY: &[u8] = include_bytes!("certificates/two.key.pem");

fn app() -> App {
    App::new()
        .get("/", async |req: Request| format!("{:?}", req.version()))
        .get("/secure", async |req: Request| req.is_secure().to_string())
}

/// A client that trusts this certificate alone.
fn connector(certificate: &[u8], protocols: &[&str]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(certificate).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    TlsConnector::from(Arc::new(config))
}

async fn shake(
    server: &Running,
    certificate: &[u8],
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let socket = TcpStream::connect(server.addr).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    connector(certificate, protocols)
        .connect(name, socket)
        .await
}

async fn ask(stream: &mut TlsStream<TcpStream>) -> String {
    ask_for("/", stream).await
}

async fn ask_for(path: &str, stream: &mut TlsStream<TcpStream>) -> String {
    stream
        .write_all(head(&format!("GET {path} HTTP/1.1")).as_bytes())
        .await
        .unwrap();
    let mut bytes = vec![0; 4096];
    let count = stream.read(&mut bytes).await.unwrap();
    String::from_utf8_lossy(&bytes[..count]).into_owned()
}

fn server(tls: Tls) -> Running {
    Running::start_on(Server::new(app()).tls("127.0.0.1:0", tls))
}

#[tokio::test]
async fn http_1_is_served_over_tls() {
    let server = server(Tls::pem(ONE, ONE_KEY));
    let mut stream = shake(&server, ONE, &["http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let answer = ask(&mut stream).await;
    assert!(answer.ends_with("HTTP/1.1"), "{answer}");
}

#[tokio::test]
async fn a_socket_bound_elsewhere_is_served_with_tls() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let server = Server::new(app())
        .redirect_to_https("127.0.0.1:0")
        .tls_listener(listener, Tls::pem(ONE, ONE_KEY));
    let server = Running::start_on(server);
    let mut plain = server.connect();
    plain.send(head("GET / HTTP/1.1"));
    let answer = plain.read_response();
    let there = format!("location: https://localhost:{}/\r\n", addr.port());
    assert!(answer.contains(&there), "{answer}");
    assert_eq!(server.addrs[1], addr);
    let socket = TcpStream::connect(addr).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connecting = connector(ONE, &[]).connect(name, socket);
    let mut stream = connecting.await.unwrap();
    let answer = ask_for("/secure", &mut stream).await;
    assert!(answer.ends_with("\r\n\r\ntrue"), "{answer}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_is_served_with_tls() {
    let path = std::env::temp_dir().join(format!("cepa-tls-{}.sock", std::process::id()));
    let server = Server::new(app())
        .tls_unix(&path, Tls::pem(ONE, ONE_KEY))
        .redirect_to_https("127.0.0.1:0");
    let server = Running::start_on(server);
    let mut plain = server.connect();
    plain.send(head("GET / HTTP/1.1"));
    let answer = plain.read_response();
    assert!(
        answer.contains("location: https://localhost/\r\n"),
        "{answer}"
    );
    let socket = tokio::net::UnixStream::connect(&path).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connecting = connector(ONE, &[]).connect(name, socket);
    let mut stream = connecting.await.unwrap();
    let request = head("GET /secure HTTP/1.1");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = vec![0; 4096];
    let count = stream.read(&mut bytes).await.unwrap();
    assert!(bytes[..count].ends_with(b"\r\n\r\ntrue"));
    drop(server);
    assert!(!path.exists(), "the file is removed at the end");
}

#[tokio::test]
async fn a_request_over_tls_is_secure() {
    let server = server(Tls::pem(ONE, ONE_KEY));
    let mut stream = shake(&server, ONE, &[]).await.unwrap();
    let answer = ask_for("/secure", &mut stream).await;
    assert!(answer.ends_with("\r\n\r\ntrue"), "{answer}");
}

#[cfg(feature = "http2")]
#[tokio::test]
async fn http_2_is_chosen_by_alpn() {
    let server = server(Tls::pem(ONE, ONE_KEY));
    let mut stream = shake(&server, ONE, &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await
        .unwrap();
    let mut frame = [0; 9];
    stream.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[3], 4, "the first frame is SETTINGS");
}

#[tokio::test]
async fn a_certificate_is_reloaded_under_open_connections() {
    let folder = std::env::temp_dir().join(format!("cepa-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (cert, key): (PathBuf, PathBuf) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&cert, ONE).unwrap();
    std::fs::write(&key, ONE_KEY).unwrap();
    let tls = Tls::files(&cert, &key);
    let server = server(tls.clone());
    let mut old = shake(&server, ONE, &[]).await.unwrap();
    std::fs::write(&cert, TWO).unwrap();
    assert!(
        tls.reload()
            .unwrap_err()
            .to_string()
            .contains("does not belong")
    );
    std::fs::write(&key, TWO_KEY).unwrap();
    tls.reload().unwrap();
    let mut new = shake(&server, TWO, &[]).await.unwrap();
    assert!(shake(&server, ONE, &[]).await.is_err());
    assert!(ask(&mut old).await.ends_with("HTTP/1.1"));
    assert!(ask(&mut new).await.ends_with("HTTP/1.1"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_client_that_speaks_no_tls_is_let_go() {
    let server = server(Tls::pem(ONE, ONE_KEY));
    let mut client = server.connect();
    client.send(head("GET / HTTP/1.1"));
    let answer = client.read_all();
    assert!(!answer.contains("HTTP/1.1"), "{answer}");
}

#[tokio::test]
async fn bad_certificates_are_sentences() {
    let rows: [(Tls, &str); 4] = [
        (
            Tls::files("/nowhere/cert.pem", "/nowhere/key.pem"),
            "/nowhere/cert.pem cannot be read",
        ),
        (
            Tls::pem(ONE, TWO_KEY),
            "the key does not belong to the certificate",
        ),
        (Tls::pem(ONE_KEY, ONE_KEY), "there is no certificate"),
        (Tls::pem(ONE, ONE), "the private key is not valid PEM"),
    ];
    for (tls, sentence) in rows {
        let error = Server::new(app())
            .tls("127.0.0.1:0", tls)
            .bind()
            .await
            .unwrap_err();
        assert!(error.to_string().contains(sentence), "{error}");
    }
}

#[tokio::test]
async fn plain_http_is_redirected_to_the_port_of_tls() {
    let server = Server::new(app())
        .redirect_to_https("127.0.0.1:0")
        .tls("127.0.0.1:0", Tls::pem(ONE, ONE_KEY));
    let server = Running::start_on(server);
    let secure = server.addrs[1].port();
    let mut client = server.connect();
    client.send("GET /a?b=c HTTP/1.1\r\nhost: example.com:80\r\n\r\n");
    let answer = client.read_response();
    assert!(answer.starts_with("HTTP/1.1 308 "), "{answer}");
    assert!(
        answer.contains(&format!("location: https://example.com:{secure}/a?b=c\r\n")),
        "{answer}"
    );
}

/// The listener that redirects is stopped like the others.
#[tokio::test]
async fn an_idle_connection_of_the_redirect_does_not_hold_the_stop() {
    let server = Server::new(app())
        .redirect_to_https("127.0.0.1:0")
        .tls("127.0.0.1:0", Tls::pem(ONE, ONE_KEY));
    let server = Running::start_on(server);
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nhost: example.com\r\n\r\n");
    client.read_response();
    let start = std::time::Instant::now();
    server.stop().unwrap();
    assert!(
        start.elapsed() < std::time::Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
}
