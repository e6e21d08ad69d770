//! The example of a chat, as its page speaks to it.

use cepa::json;
use cepa::prelude::*;
use cepa::testing::TestClient;
use cepa::ws::{TestClientExt as _, TestSocket};

#[allow(
    dead_code,
    unreachable_pub,
    reason = "its `main` is for the example alone"
)]
#[path = "../../examples/chat.rs"]
mod example;

async fn join(client: &TestClient, room: &str, name: &str) -> TestSocket {
    client
        .ws(format!("/chat/{room}?name={name}"))
        .connect()
        .await
}

#[tokio::test]
async fn everyone_in_a_room_hears_who_comes_speaks_and_leaves() {
    let client = example::app().test();
    let mut ada = join(&client, "lobby", "Ada").await;
    let came = json!({"kind": "came", "name": "Ada", "count": 1});
    assert_eq!(ada.recv_json::<Value>().await, came);
    let mut ben = join(&client, "lobby", "Ben").await;
    let came = json!({"kind": "came", "name": "Ben", "count": 2});
    assert_eq!(ada.recv_json::<Value>().await, came);
    assert_eq!(ben.recv_json::<Value>().await, came);
    let _elsewhere = join(&client, "attic", "Cleo").await;
    ada.send_json(&json!({"text": " hello "})).await;
    let said = json!({"kind": "said", "name": "Ada", "text": "hello"});
    assert_eq!(ben.recv_json::<Value>().await, said);
    ada.close().await;
    let left = json!({"kind": "left", "name": "Ada", "count": 1});
    assert_eq!(ben.recv_json::<Value>().await, left);
    ben.send("no JSON").await;
    ben.closed().await;
}

#[tokio::test]
async fn a_name_is_asked_for_and_pages_of_others_stay_out() {
    let client = example::app().test();
    for name in ["", "%20", "a-name-that-is-longer-than-24"] {
        let refused = client
            .ws(format!("/chat/lobby?name={name}"))
            .try_connect()
            .await;
        assert_eq!(refused.unwrap_err().status(), 400, "{name}");
    }
    let foreign = client
        .ws("/chat/lobby?name=Eve")
        .header("origin", "https://evil.example");
    assert_eq!(foreign.try_connect().await.unwrap_err().status(), 403);
}
