//! Silence, and clients that take nothing, by a paused clock.

use std::time::Duration;

use cepa::prelude::*;
use cepa::ws::{
    CloseCode, Message, Socket, SocketError, TestClientExt as _, WebSocket, WebSockets,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::echo;

const MINUTE: Duration = Duration::from_secs(60);

fn raw(client: &cepa::testing::TestClient) -> cepa::testing::TestRequest<'_> {
    let req = client.get("/").header("connection", "upgrade");
    let req = req
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13");
    req.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
}

#[tokio::test(start_paused = true)]
async fn a_client_that_answers_pings_may_be_silent_for_hours() {
    let client = App::new().get("/", echo).test();
    let mut ws = client.ws("/").connect().await.with_patience(MINUTE);
    let start = Instant::now();
    let mut pings = 0;
    while start.elapsed() < MINUTE * 180 {
        assert_eq!(ws.try_recv().await.unwrap(), Message::Ping(Bytes::new()));
        pings += 1;
    }
    assert_eq!(pings, 540, "one every 20 s");
    ws.send("still there").await;
    assert_eq!(ws.recv_text().await, "still there");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_answers_nothing_is_closed_with_1001() {
    let client = App::new().get("/", echo).test();
    let mut bytes = raw(&client).upgrade().await.1.unwrap();
    let start = Instant::now();
    let mut seen = Vec::new();
    bytes.read_to_end(&mut seen).await.unwrap();
    let closed = seen
        .windows(4)
        .any(|frame| frame[0] == 0x88 && frame[2..] == [3, 0xe9]);
    assert!(closed, "{seen:x?}");
    let waited = start.elapsed();
    // The idle timeout, and the time it has to answer the close.
    assert!(
        waited >= MINUTE && waited <= MINUTE + Duration::from_secs(12),
        "{waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_times_are_options() {
    let options = WebSockets::new()
        .with_idle_timeout(Duration::from_secs(4))
        .with_ping_interval(Duration::from_secs(1));
    let client = App::new().get("/", echo.with(options)).test();
    let mut ws = client.ws("/").connect().await;
    let start = Instant::now();
    assert_eq!(ws.try_recv().await.unwrap(), Message::Ping(Bytes::new()));
    assert!(start.elapsed() <= Duration::from_millis(1100));
    // From here on the client does not even read.
    sleep(Duration::from_secs(10)).await;
    let (code, reason) = ws.closed().await;
    assert_eq!(code, Some(CloseCode::GOING_AWAY));
    assert_eq!(reason, "nothing came for too long");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_given_up_after_the_idle_timeout() {
    let (send, mut receive) = mpsc::unbounded_channel();
    let app = App::new().get("/", move |ws: WebSocket| {
        let send = send.clone();
        async move {
            ws.on_upgrade(async move |socket: Socket| {
                let start = Instant::now();
                let error = loop {
                    if let Err(error) = socket.send(vec![0; 1000]).await {
                        break error;
                    }
                };
                send.send((start.elapsed(), error)).unwrap();
            })
        }
    });
    let client = app.test();
    let bytes = raw(&client).upgrade().await.1.unwrap();
    let (waited, error) = receive.recv().await.unwrap();
    assert!(matches!(error, SocketError::Stalled), "{error:?}");
    assert!(waited >= MINUTE && waited < MINUTE * 2, "{waited:?}");
    drop(bytes);
}

/// Who sends is told first, and may be a task that says it to nobody.
#[tokio::test(start_paused = true)]
async fn who_receives_learns_that_the_client_takes_nothing() {
    let (send, mut receive) = mpsc::unbounded_channel();
    let app = App::new().get("/", move |ws: WebSocket| {
        let send = send.clone();
        async move {
            ws.on_upgrade(async move |mut socket: Socket| {
                let sender = socket.sender();
                tokio::spawn(async move { while sender.send(vec![0; 1000]).await.is_ok() {} });
                if let Err(error) = socket.recv().await {
                    drop(send.send(error));
                }
            })
        }
    });
    let client = app.test();
    let mut bytes = raw(&client).upgrade().await.1.unwrap();
    let start = Instant::now();
    // It goes on talking, so it is not idle.
    let error = loop {
        bytes.write_all(b"\x8a\x80\0\0\0\0").await.unwrap();
        if let Ok(error) = timeout(Duration::from_secs(1), receive.recv()).await {
            break error.unwrap();
        }
        assert!(start.elapsed() < MINUTE * 2);
    };
    assert!(matches!(error, SocketError::Stalled), "{error:?}");
}

/// The close stands behind what the client does not take.
#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_does_not_hold_up_a_stop() {
    async fn flood(ws: WebSocket) -> Response {
        ws.on_upgrade(async |socket: Socket| while socket.send(vec![0; 1000]).await.is_ok() {})
    }
    async fn last_words(ws: WebSocket) -> Response {
        ws.on_upgrade(async |socket: Socket| drop(socket.send(vec![0; 1_000_000]).await))
    }
    let app = App::new().get("/", flood).get("/done", last_words);
    let client = app.test();
    let mut open = Vec::new();
    for path in ["/", "/done"] {
        let handshake = client.ws(path);
        open.push(handshake.connect().await);
    }
    sleep(Duration::from_secs(1)).await;
    let start = Instant::now();
    client.service().stop().await.unwrap();
    let waited = start.elapsed();
    assert!(waited <= Duration::from_secs(6), "{waited:?}");
    drop(open);
}
