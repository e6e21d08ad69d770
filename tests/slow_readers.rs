//! Clients that read slowly: what the system keeps for them is bounded, and nothing is lost.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]
#![cfg(any(target_os = "linux", feature = "tls"))]

mod wire;

use std::time::Duration;

const SHORT: Duration = Duration::from_millis(200);

/// The system would keep megabytes for each slow client, beside all that this crate bounds.
#[cfg(target_os = "linux")]
mod kernel {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll};
    use std::time::Instant;

    use cepa::prelude::*;
    use cepa::{Server, Stream};
    use socket2::{Domain, Socket, Type};

    use super::{SHORT, wire::Running};

    const CHUNK: usize = 16 * 1024;

    struct Endless(Arc<AtomicUsize>);

    impl futures_core::Stream for Endless {
        type Item = Result<Bytes, Error>;

        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            self.0.fetch_add(CHUNK, Ordering::SeqCst);
            Poll::Ready(Some(Ok(Bytes::from_static(&[b'x'; CHUNK]))))
        }
    }

    /// Both for an address and for a socket that was bound elsewhere.
    #[test]
    fn the_system_keeps_little_of_a_response_that_is_not_taken() {
        for handed_over in [false, true] {
            let made = Arc::new(AtomicUsize::new(0));
            let count = made.clone();
            let app = App::new().get("/", move || {
                let count = count.clone();
                async move { Stream(Endless(count)) }
            });
            let server = Server::new(app);
            let server = match handed_over {
                true => {
                    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
                    Running::start_on(server.listener(listener))
                }
                false => Running::start(server),
            };
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.set_recv_buffer_size(64 * 1024).unwrap();
            socket.connect(&server.addr.into()).unwrap();
            let mut client = TcpStream::from(socket);
            client
                .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
                .unwrap();
            // Fast at first, so that the system's own measure of the connection is generous.
            let (mut taken, mut bytes) = (0, vec![0; 256 * 1024]);
            while taken < 100_000_000 {
                taken += client.read(&mut bytes).unwrap();
            }
            let mut last = (0, Instant::now());
            while last.1.elapsed() < SHORT {
                let made = made.load(Ordering::SeqCst);
                if made != last.0 {
                    last = (made, Instant::now());
                }
                std::thread::sleep(SHORT / 20);
            }
            let kept = last.0 - taken;
            assert!(kept < 700_000, "{kept} bytes are on their way");
        }
    }
}

#[cfg(feature = "tls")]
mod tls {
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

    use super::{SHORT, wire::Running};

    const ONE: &[u8] = include_bytes!("certificates/one.pem");
    const KEY: &[u8] = include_bytes!("certificates/one.key.pem");
    const SIZES: [usize; 5] = [0, 1, 16 * 1024, 200_001, 3_000_000];

    fn pattern(size: usize) -> Vec<u8> {
        (0..size).map(|at| (at / 7 % 251) as u8).collect()
    }

    fn server() -> Running {
        let app = App::new().get("/{size}", async |Path(size): Path<usize>| pattern(size));
        let server = Server::new(app).with_body_timeout(2 * SHORT);
        Running::start_on(server.tls("127.0.0.1:0", Tls::pem(ONE, KEY)))
    }

    async fn connect(server: &Running) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(ONE).unwrap())
            .unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 * 1024).unwrap();
        let socket = socket.connect(server.addr).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, socket);
        connecting.await.unwrap()
    }

    async fn ask(stream: &mut TlsStream<TcpStream>, size: usize) {
        let request = format!("GET /{size} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
    }

    /// Reads a little, waits a little; the end of the stream has to be announced (`close_notify`),
    /// or rustls says so.
    async fn read_slowly(mut stream: TlsStream<TcpStream>, size: usize) {
        let mut answer = Vec::new();
        let mut bytes = vec![0; 1 + size / 20];
        let mut pauses = 20;
        loop {
            let count = stream.read(&mut bytes).await.expect("a clean end");
            if count == 0 {
                break;
            }
            answer.extend_from_slice(&bytes[..count]);
            if pauses > 0 {
                pauses -= 1;
                tokio::time::sleep(SHORT / 4).await;
            }
        }
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        let body = &answer[end.unwrap() + 4..];
        assert!(body == pattern(size), "{} of {size} bytes", body.len());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_slow_reader_gets_the_last_byte_and_a_clean_end() {
        let server = server();
        let mut readers = tokio::task::JoinSet::new();
        for size in SIZES {
            let mut stream = connect(&server).await;
            ask(&mut stream, size).await;
            readers.spawn(read_slowly(stream, size));
        }
        while let Some(ended) = readers.join_next().await {
            ended.unwrap();
        }
    }

    /// A stop while the tail of a response is under way.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_stop_does_not_cut_the_tail_off() {
        let server = server();
        let mut readers = tokio::task::JoinSet::new();
        for size in SIZES {
            let mut stream = connect(&server).await;
            ask(&mut stream, size).await;
            let mut first = [0; 1];
            stream.read_exact(&mut first).await.unwrap();
            readers.spawn(async move {
                let mut rest = stream;
                let mut answer = first.to_vec();
                tokio::time::sleep(SHORT).await;
                rest.read_to_end(&mut answer).await.expect("a clean end");
                let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
                assert!(answer[end.unwrap() + 4..] == pattern(size), "{size}");
            });
        }
        let stopped = tokio::task::spawn_blocking(|| server.stop());
        while let Some(ended) = readers.join_next().await {
            ended.unwrap();
        }
        stopped.await.unwrap().unwrap();
    }
}
