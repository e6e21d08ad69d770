//! Sessions end after some time without use, and after a longer time in any case.

use std::time::Duration;

use cepa::prelude::*;
use cepa::sessions::Sessions;
use cepa::testing::TestClient;
use tokio::time::advance;

use crate::{Spy, id_in, routes};

const MINUTE: Duration = Duration::from_secs(60);

fn client(store: &Spy) -> TestClient {
    App::new()
        .plug(Sessions::new(store.clone()))
        .plug(routes)
        .test()
}

async fn user(client: &TestClient) -> String {
    client.get("/user").await.text().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_half_an_hour_after_its_last_use() {
    let client = client(&Spy::default());
    client.post("/bind/ada").await;
    for _ in 0..6 {
        advance(29 * MINUTE).await;
        assert_eq!(user(&client).await, "ada");
    }
    advance(30 * MINUTE).await;
    assert_eq!(user(&client).await, "nobody");
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_after_twelve_hours_however_it_is_used() {
    let client = client(&Spy::default());
    client.post("/bind/ada").await;
    let mut passed = Duration::ZERO;
    while passed < 12 * 60 * MINUTE - 20 * MINUTE {
        advance(20 * MINUTE).await;
        passed += 20 * MINUTE;
        assert_eq!(user(&client).await, "ada", "{passed:?}");
        client.post("/set/a/1").await.assert_status(200);
    }
    // A new id is no new life.
    client.post("/renew").await.assert_status(200);
    advance(20 * MINUTE).await;
    assert_eq!(user(&client).await, "nobody");
}

#[tokio::test(start_paused = true)]
async fn the_twelve_hours_begin_when_somebody_signs_in() {
    let client = client(&Spy::default());
    client.post("/set/basket/onion").await;
    for _ in 0..35 {
        advance(20 * MINUTE).await;
        client.get("/get/basket").await.assert_text("onion");
    }
    client.post("/bind/ada").await;
    for _ in 0..35 {
        advance(20 * MINUTE).await;
        assert_eq!(user(&client).await, "ada");
    }
    advance(20 * MINUTE).await;
    assert_eq!(user(&client).await, "nobody");
}

#[tokio::test(start_paused = true)]
async fn both_times_are_options() {
    let sessions = Sessions::memory()
        .with_idle(Duration::from_secs(2))
        .with_absolute(Duration::from_secs(5));
    let client = App::new().plug(sessions).plug(routes).test();
    client.post("/bind/ada").await;
    for _ in 0..4 {
        advance(Duration::from_millis(1200)).await;
        assert_eq!(user(&client).await, "ada");
    }
    advance(Duration::from_millis(300)).await;
    assert_eq!(user(&client).await, "nobody");
}

#[tokio::test(start_paused = true)]
async fn a_use_is_noted_once_in_a_while() {
    let store = Spy::default();
    let client = client(&store);
    client.post("/bind/ada").await;
    store.asked();
    for _ in 0..10 {
        advance(Duration::from_secs(8)).await;
        user(&client).await;
    }
    assert_eq!(store.asked(), [10, 0, 0, 0, 0]);
    advance(Duration::from_secs(15)).await;
    user(&client).await;
    user(&client).await;
    assert_eq!(store.asked(), [2, 0, 1, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn an_id_whose_time_is_over_is_not_given_again() {
    let client = client(&Spy::default());
    let old = id_in(&client.post("/set/a/1").await);
    advance(31 * MINUTE).await;
    let new = id_in(&client.post("/set/b/2").await);
    assert_ne!(old, new);
    client.get("/get/a").await.assert_text("nothing");
    client.get("/get/b").await.assert_text("2");
}

#[tokio::test(start_paused = true)]
async fn what_is_over_is_swept_from_memory() {
    let store = Spy::default();
    let client = client(&store);
    for n in 0..50 {
        let path = if n % 2 == 0 { "/bind/ada" } else { "/set/a/1" };
        client.post(path).header("cookie", "").await;
        advance(Duration::from_secs(1)).await;
    }
    assert_eq!(store.inner.len(), 50);
    // The extension's own task does it, once a minute.
    for _ in 0..32 {
        advance(MINUTE).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(store.inner.len(), 0);
}

/// As a WebSocket does, which stays while no request comes.
#[tokio::test(start_paused = true)]
async fn a_connection_that_stays_notes_uses_and_learns_of_the_end() {
    use cepa::sessions::Session;
    use std::sync::{Arc, Mutex};
    let store = Spy::default();
    let kept: Arc<Mutex<Option<Session>>> = Arc::default();
    let keep = async |State(kept): State<Arc<Mutex<Option<Session>>>>, session: Session| {
        *kept.lock().unwrap() = Some(session.clone());
        session.bind_user("ada")
    };
    let app = App::new()
        .state(Arc::clone(&kept))
        .plug(Sessions::new(store.clone()));
    let client = app.plug(routes).post("/socket", keep).test();
    client.post("/set/a/1").await;
    client.post("/socket").await.assert_status(200);
    let socket = kept.lock().unwrap().take().unwrap();
    for _ in 0..35 {
        advance(20 * MINUTE).await;
        assert!(socket.touch().await.unwrap());
    }
    assert_eq!(user(&client).await, "ada");
    client.post("/revoke/ada").await.assert_text("1");
    assert!(!socket.touch().await.unwrap());
    // Nor does it outlive the absolute time.
    client.post("/socket").await.assert_status(200);
    let socket = kept.lock().unwrap().take().unwrap();
    for _ in 0..35 {
        advance(20 * MINUTE).await;
        assert!(socket.touch().await.unwrap());
    }
    advance(20 * MINUTE).await;
    assert!(!socket.touch().await.unwrap());
    store.set_down(true);
    assert!(socket.touch().await.is_err());
}
