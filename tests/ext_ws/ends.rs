//! All the ways in which a socket ends.

use std::sync::Arc;

use cepa::prelude::*;
use cepa::testing::TestClient;
use cepa::ws::{
    CloseCode, Message, Socket, SocketError, TestClientExt as _, TestSocket, WebSocket,
};
use tokio::sync::mpsc;

/// A handler that receives to the end, and tells what it was.
fn told() -> (TestClient, mpsc::UnboundedReceiver<SocketError>) {
    let (send, receive) = mpsc::unbounded_channel();
    let app = App::new().get("/", move |ws: WebSocket| {
        let send = send.clone();
        async move {
            ws.on_upgrade(async move |mut socket: Socket| {
                let ended = loop {
                    if let Err(error) = socket.recv().await {
                        break error;
                    }
                };
                let again = socket.recv().await.unwrap_err();
                assert!(
                    matches!(again, SocketError::Ended | SocketError::Stopping),
                    "{again:?}"
                );
                send.send(ended).unwrap();
            })
        }
    });
    (app.test(), receive)
}

#[tokio::test]
async fn a_close_of_the_client_is_answered_with_its_code() {
    let (client, mut told) = told();
    let table = [
        (Some(1000), "done"),
        (Some(1001), ""),
        (Some(3000), "mine"),
        (Some(4999), "é"),
        (None, ""),
    ];
    for (code, reason) in table {
        let code = code.map(|code| CloseCode::new(code).unwrap());
        let mut ws = client.ws("/").connect().await;
        ws.send(Message::Close(code, reason.to_owned())).await;
        assert_eq!(ws.closed().await, (code, String::new()));
        match told.recv().await.unwrap() {
            SocketError::Closed(seen, why) => assert_eq!((seen, &why[..]), (code, reason)),
            ended => panic!("{ended:?}"),
        }
    }
}

#[tokio::test]
async fn a_client_that_is_gone_is_noticed() {
    let (client, mut told) = told();
    drop(client.ws("/").connect().await);
    assert!(matches!(told.recv().await, Some(SocketError::Gone)));
}

/// What the client of a handler sees: its close.
async fn seen<F, W>(handler: F) -> (Option<CloseCode>, String)
where
    F: FnOnce(Socket) -> W + Clone + Send + Sync + 'static,
    W: Future<Output: cepa::ws::SocketEnd> + Send + 'static,
{
    let app = App::new().get("/", move |ws: WebSocket| {
        let handler = handler.clone();
        async move { ws.on_upgrade(handler) }
    });
    let client = app.test();
    let mut ws: TestSocket = client.ws("/").connect().await;
    ws.closed().await
}

#[tokio::test]
async fn a_handler_that_is_done_closes_by_how_it_ended() {
    let code = |code| (Some(code), String::new());
    let done = seen(async |_socket: Socket| {}).await;
    assert_eq!(done, code(CloseCode::NORMAL));
    let fine = seen(async |_socket| Ok::<(), Error>(())).await;
    assert_eq!(fine, code(CloseCode::NORMAL));
    let own = seen(async |_socket| Err::<(), _>(SocketError::Gone)).await;
    assert_eq!(own, code(CloseCode::NORMAL));
    let failed = seen(async |_socket| Err::<(), _>(Error::not_found("no such room"))).await;
    assert_eq!(failed, code(CloseCode::INTERNAL));
    let failed = seen(async |_socket| std::fs::read("/nowhere").map(drop)).await;
    assert_eq!(failed, code(CloseCode::INTERNAL));
    let panics: fn() = || panic!("as asked");
    let panicked = seen(async move |_socket: Socket| panics()).await;
    assert_eq!(panicked, code(CloseCode::INTERNAL));
    let closed = seen(async |socket: Socket| {
        let code = CloseCode::new(4001).unwrap();
        drop(socket.close(code, "kicked out").await);
    });
    assert_eq!(
        closed.await,
        (CloseCode::new(4001), "kicked out".to_owned())
    );
}

#[tokio::test]
async fn nothing_is_sent_after_a_close() {
    let handler = async |socket: Socket| {
        let sender = socket.sender();
        drop(socket.close(CloseCode::NORMAL, "").await);
        let refused = sender.send("too late").await.unwrap_err();
        assert!(matches!(refused, SocketError::Ended), "{refused:?}");
        assert!(sender.close(CloseCode::NORMAL, "").await.is_err());
    };
    let closed = seen(handler).await;
    assert_eq!(closed, (Some(CloseCode::NORMAL), String::new()));
}

#[tokio::test]
async fn without_its_receiving_half_a_socket_still_answers() {
    let (send, mut receive) = mpsc::unbounded_channel();
    let app = App::new().get("/", move |ws: WebSocket| {
        let send = send.clone();
        async move {
            ws.on_upgrade(async move |socket: Socket| {
                let (sender, receiver) = socket.split();
                drop(receiver);
                send.send(sender).unwrap();
            })
        }
    });
    let client = app.test();
    let mut ws = client.ws("/").connect().await;
    let sender = receive.recv().await.unwrap();
    ws.send("to nowhere").await;
    ws.send(Message::Ping("p".into())).await;
    assert_eq!(ws.try_recv().await.unwrap(), Message::Pong("p".into()));
    sender.send("one way").await.unwrap();
    assert_eq!(ws.recv_text().await, "one way");
    ws.close().await;
    // The client has left, and the sender learns it.
    let start = std::time::Instant::now();
    while sender.send("?").await.is_ok() {
        assert!(start.elapsed().as_secs() < 5);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_graceful_stop_closes_with_1001_and_waits_for_the_handler() {
    let (client, mut told) = told();
    let client = Arc::new(client);
    let mut ws = client.ws("/").connect().await;
    let service = client.service().clone();
    let stopped = tokio::spawn(async move { service.stop().await });
    let closed = ws.closed().await;
    assert_eq!(
        closed,
        (Some(CloseCode::GOING_AWAY), "the server stops".to_owned())
    );
    drop(ws);
    stopped.await.unwrap().unwrap();
    assert!(matches!(told.try_recv(), Ok(SocketError::Stopping)));
}

#[tokio::test(start_paused = true)]
async fn a_stop_reaches_a_handler_that_never_receives() {
    let app = App::new().get("/", async |ws: WebSocket| {
        ws.on_upgrade(async |socket: Socket| {
            while socket.send("tick").await.is_ok() {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        })
    });
    let client = app.test();
    let mut ws = client.ws("/").connect().await;
    assert_eq!(ws.recv_text().await, "tick");
    let service = client.service().clone();
    let stopped = tokio::spawn(async move { service.stop().await });
    assert_eq!(ws.closed().await.0, Some(CloseCode::GOING_AWAY));
    drop(ws);
    stopped.await.unwrap().unwrap();
}
