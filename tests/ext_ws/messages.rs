//! Messages in both directions, in one task and in two.

use cepa::prelude::*;
use cepa::ws::{
    CloseCode, Message, Socket, SocketError, TestClientExt as _, WebSocket, WebSockets,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::echo;

#[tokio::test]
async fn text_and_bytes_of_all_sizes_come_back() {
    let client = App::new().get("/", echo).test();
    let mut ws = client.ws("/").connect().await;
    for size in [0, 1, 125, 126, 127, 65_535, 65_536, 300_000, 1 << 20] {
        ws.send("x".repeat(size)).await;
        assert!(ws.recv_text().await == "x".repeat(size), "{size}");
        ws.send(vec![7; size]).await;
        assert!(ws.recv().await == Message::from(vec![7; size]), "{size}");
    }
    ws.send("žluťoučký \u{1f40e}").await;
    assert_eq!(ws.recv_text().await, "žluťoučký \u{1f40e}");
    ws.close().await;
}

#[tokio::test]
async fn a_ping_is_answered_and_a_pong_is_not() {
    let client = App::new().get("/", echo).test();
    let mut ws = client.ws("/").connect().await;
    ws.send(Message::Pong(Bytes::from_static(b"unasked"))).await;
    for at in 0..10_u8 {
        ws.send(Message::Ping(vec![at; 125].into())).await;
    }
    ws.send("after").await;
    for at in 0..10 {
        let pong = ws.try_recv().await.unwrap();
        assert_eq!(pong, Message::Pong(vec![at; 125].into()));
    }
    assert_eq!(ws.recv_text().await, "after");
}

#[tokio::test]
async fn json_goes_both_ways_and_what_is_none_does_not_end_the_socket() {
    async fn double(ws: WebSocket) -> Response {
        ws.on_upgrade(async |mut socket: Socket| -> Result<(), SocketError> {
            loop {
                match socket.recv_json::<i64>().await {
                    Ok(number) => socket.send_json(&(number * 2)).await?,
                    Err(error @ SocketError::Json(_)) => socket.send(error.to_string()).await?,
                    Err(error) => return Err(error),
                }
            }
        })
    }
    let client = App::new().get("/", double).test();
    let mut ws = client.ws("/").connect().await;
    ws.send_json(&21).await;
    assert_eq!(ws.recv_json::<i64>().await, 42);
    ws.send("twenty").await;
    assert_eq!(ws.recv_text().await, "the message is not the expected JSON");
    ws.send(b"5".to_vec()).await;
    assert_eq!(ws.recv_json::<i64>().await, 10);
    ws.close().await;
}

#[tokio::test]
async fn the_halves_live_in_two_tasks_and_many_may_send() {
    async fn handler(ws: WebSocket) -> Response {
        ws.on_upgrade(async |socket: Socket| {
            let (sender, mut receiver) = socket.split();
            for task in 0..4 {
                let sender = sender.clone();
                tokio::spawn(async move {
                    for at in 0..50 {
                        let text = format!("{task}:{at}:{}", "-".repeat(at * 100));
                        sender.send(text).await.unwrap();
                    }
                });
            }
            // The function is over, the halves are not.
            tokio::spawn(async move {
                while let Ok(message) = receiver.recv().await {
                    sender.send(message).await.unwrap();
                }
            });
        })
    }
    let client = App::new().get("/", handler).test();
    let mut ws = client.ws("/").connect().await;
    ws.send("still read").await;
    let mut next = [0; 4];
    let mut read = 0;
    while next.iter().sum::<usize>() + read < 201 {
        let text = ws.recv_text().await;
        if text == "still read" {
            read += 1;
            continue;
        }
        let mut parts = text.split(':');
        let task: usize = parts.next().unwrap().parse().unwrap();
        let at: usize = parts.next().unwrap().parse().unwrap();
        assert_eq!((next[task], parts.next().unwrap().len()), (at, at * 100));
        next[task] += 1;
    }
    ws.close().await;
}

#[tokio::test]
async fn a_message_larger_than_the_limit_closes_with_1009() {
    let small = WebSockets::new().with_message_limit(10);
    let client = App::new()
        .get("/", echo.with(small))
        .get("/default", echo)
        .test();
    let mut ws = client.ws("/").connect().await;
    ws.send("0123456789").await;
    assert_eq!(ws.recv_text().await, "0123456789");
    ws.send("0123456789-").await;
    assert_eq!(ws.closed().await.0, Some(CloseCode::TOO_LARGE));
    let mut ws = client.ws("/default").connect().await;
    ws.send(vec![0; (1 << 20) + 1]).await;
    assert_eq!(ws.closed().await.0, Some(CloseCode::TOO_LARGE));
}

#[tokio::test(start_paused = true)]
async fn a_receive_that_is_dropped_loses_nothing() {
    async fn handler(ws: WebSocket) -> Response {
        ws.on_upgrade(async |mut socket: Socket| {
            let moment = std::time::Duration::from_millis(1);
            loop {
                match tokio::time::timeout(moment, socket.recv()).await {
                    Err(_) => {}
                    Ok(Ok(message)) => socket.send(message).await.unwrap(),
                    Ok(Err(_)) => return,
                }
            }
        })
    }
    let client = App::new().get("/", handler).test();
    let req = client.get("/").header("connection", "upgrade");
    let req = req
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13");
    let req = req.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let mut bytes = req.upgrade().await.1.unwrap();
    // A ping and a text, a byte at a time, each slower than the receives.
    let frames = b"\x89\x81\0\0\0\0p\x81\x82\0\0\0\0hi";
    for byte in frames {
        bytes.write_all(&[*byte]).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(7)).await;
    }
    let mut answer = [0; 7];
    bytes.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"\x8a\x01p\x81\x02hi");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_pings_whose_answers_are_not_read_is_held_back() {
    let client = App::new().get("/", echo).test();
    let req = client.get("/").header("connection", "upgrade");
    let req = req
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13");
    let req = req.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let mut bytes = req.upgrade().await.1.unwrap();
    let mut ping = b"\x89\xfd\0\0\0\0".to_vec();
    ping.extend([7; 125]);
    let mut taken = 0;
    let moment = std::time::Duration::from_secs(1);
    while tokio::time::timeout(moment, bytes.write_all(&ping))
        .await
        .is_ok()
    {
        taken += ping.len();
        assert!(taken < 1 << 20, "the server takes pings without end");
    }
    // What was taken lies in the two directions of the connection, 64 KiB each, not in the server.
    assert!(taken < 150 * 1024, "{taken}");
    // Once they are read, it goes on where it was.
    let mut pong = vec![0; 127];
    for _ in 0..200 {
        bytes.read_exact(&mut pong).await.unwrap();
        assert_eq!((pong[0], pong[1], pong[126]), (0x8a, 125, 7));
    }
}

#[tokio::test]
async fn messages_are_compressed_where_both_sides_want_it() {
    let options = WebSockets::new()
        .with_compression()
        .with_message_limit(100_000);
    let client = App::new()
        .get("/", echo.with(options))
        .get("/plain", echo)
        .test();
    let offer = "permessage-deflate; client_max_window_bits";
    let agreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    for (path, wanted) in [("/", Some(agreed)), ("/plain", None)] {
        let req = client.get(path).header("connection", "upgrade");
        let req = req
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13");
        let req = req.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        let (res, _) = req
            .header("sec-websocket-extensions", offer)
            .upgrade()
            .await;
        assert_eq!(res.header("sec-websocket-extensions"), wanted);
    }
    let ws = client.ws("/").header("sec-websocket-extensions", offer);
    let mut ws = ws.connect().await;
    let text = "many words, the same, ".repeat(4000);
    ws.send(&text[..]).await;
    assert!(ws.recv_text().await == text);
    ws.send("short").await;
    assert_eq!(ws.recv_text().await, "short");
    ws.send(vec![7; 100_000]).await;
    assert!(ws.recv().await == Message::from(vec![7; 100_000]));
    // A few hundred bytes on the wire, too large all the same.
    ws.send(vec![7; 100_001]).await;
    assert_eq!(ws.closed().await.0, Some(CloseCode::TOO_LARGE));
}
