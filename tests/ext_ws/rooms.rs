//! Rooms: who hears what, and what becomes of those who are too slow.

use std::time::Duration;

use cepa::prelude::*;
use cepa::testing::TestClient;
use cepa::ws::{CloseCode, Message, Rooms, Socket, TestClientExt as _, TestSocket, WebSocket};

async fn chat(ws: WebSocket, Path(room): Path<String>, State(rooms): State<Rooms>) -> Response {
    ws.on_upgrade(async move |mut socket: Socket| -> Result<()> {
        let member = rooms.join(&room, &socket).await?;
        while let Ok(message) = socket.recv().await {
            match message.as_text() {
                Some("count") => socket.send(member.count().await?.to_string()).await?,
                Some("all") => member.send_to_all("all").await?,
                _ => member.send(message).await?,
            }
        }
        Ok(())
    })
}

fn app(rooms: &Rooms) -> TestClient {
    App::new().state(rooms.clone()).get("/{room}", chat).test()
}

async fn join(client: &TestClient, rooms: &Rooms, room: &str) -> TestSocket {
    let before = rooms.count(room).await.unwrap();
    let ws = client.ws(format!("/{room}")).connect().await;
    wait_for(rooms, room, before + 1).await;
    ws
}

async fn wait_for(rooms: &Rooms, room: &str, count: usize) {
    let start = std::time::Instant::now();
    while rooms.count(room).await.unwrap() != count {
        assert!(start.elapsed() < Duration::from_secs(10));
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_one_says_all_others_of_the_room_hear() {
    let rooms = Rooms::new();
    let client = app(&rooms);
    let mut ada = join(&client, &rooms, "a").await;
    let mut ben = join(&client, &rooms, "a").await;
    let mut cleo = join(&client, &rooms, "a").await;
    let mut other = join(&client, &rooms, "b").await;
    ada.send("hello").await;
    ada.send(vec![1, 2]).await;
    for ws in [&mut ben, &mut cleo] {
        assert_eq!(ws.recv_text().await, "hello");
        assert_eq!(ws.recv().await, Message::from(vec![1, 2]));
    }
    ben.send("all").await;
    for ws in [&mut ada, &mut ben, &mut cleo] {
        assert_eq!(ws.recv_text().await, "all");
    }
    rooms.send("b", "from outside").await.unwrap();
    assert_eq!(other.recv_text().await, "from outside");
    cleo.send("count").await;
    assert_eq!(cleo.recv_text().await, "3");
    cleo.close().await;
    wait_for(&rooms, "a", 2).await;
    drop((ada, ben));
    wait_for(&rooms, "a", 0).await;
    assert_eq!(rooms.count("b").await.unwrap(), 1);
}

#[tokio::test]
async fn all_members_see_the_messages_in_the_same_order() {
    let rooms = Rooms::new().with_mailbox(1000);
    let client = app(&rooms);
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(join(&client, &rooms, "a").await);
    }
    let told = (0..100).map(|at| {
        let rooms = rooms.clone();
        tokio::spawn(async move { rooms.send("a", at.to_string()).await.unwrap() })
    });
    for task in told.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let mut orders = Vec::new();
    for ws in &mut sockets {
        let mut order = Vec::new();
        for _ in 0..100 {
            order.push(ws.recv_text().await);
        }
        orders.push(order);
    }
    assert!(orders[0] == orders[1] && orders[1] == orders[2]);
}

#[tokio::test]
async fn a_member_that_is_too_slow_is_put_out_and_holds_up_nobody() {
    let rooms = Rooms::new().with_mailbox(4);
    let client = app(&rooms);
    let mut slow = join(&client, &rooms, "a").await;
    let mut fast = join(&client, &rooms, "a").await;
    let large = "x".repeat(50_000);
    // More than the connection and the mailbox of the slow one hold.
    for at in 0..20 {
        rooms.send("a", format!("{at}{large}")).await.unwrap();
        assert!(fast.recv_text().await.starts_with(&at.to_string()));
    }
    assert_eq!(rooms.count("a").await.unwrap(), 1);
    let (code, _) = slow.closed().await;
    assert_eq!(code, Some(CloseCode::AGAIN_LATER));
    rooms.send("a", "goes on").await.unwrap();
    assert_eq!(fast.recv_text().await, "goes on");
}
