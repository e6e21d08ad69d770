//! Sessions in Redis: a real server, behind a proxy where it is to fail.

use std::time::{Duration, Instant};

use cepa::prelude::*;
use cepa::sessions::{RedisStore, SessionStore, Sessions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::proxy::{Mode, Proxy};
use crate::siblings::the_one_that_ends_first_makes_room;
use crate::stores::{agrees_with_the_rules, keeps_its_promises, key};
use crate::{id_in, routes, together};

/// The address of the server, if there is one.
fn server() -> Option<String> {
    let url = std::env::var("CEPA_TEST_REDIS").ok()?;
    Some(
        url.strip_prefix("redis://")?
            .trim_end_matches('/')
            .to_owned(),
    )
}

fn store(server: &str) -> RedisStore {
    let url = format!("redis://{server}");
    let prefix = format!("cepa-test-{}:", key(0).to_hex());
    RedisStore::new(&url).unwrap().with_prefix(prefix)
}

/// One command as one types it; the first bytes of the answer.
async fn command(server: &str, command: &str) -> String {
    let mut to = TcpStream::connect(server).await.unwrap();
    to.write_all(format!("{command}\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = vec![0; 4096];
    let count = to.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..count]).into_owned()
}

#[tokio::test]
async fn the_store_in_redis_keeps_its_promises() {
    let Some(server) = server() else { return };
    keeps_its_promises(&store(&server)).await;
    agrees_with_the_rules(&store(&server), 1_500).await;
}

#[test]
fn a_user_has_so_many_sessions_in_redis() {
    let Some(server) = server() else { return };
    let sessions = Sessions::new(store(&server)).with_sessions_per_user(2);
    the_one_that_ends_first_makes_room(&App::new().plug(sessions).plug(routes).test());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_requests_at_once_none_loses_a_key_in_redis() {
    let Some(server) = server() else { return };
    together::no_key_is_lost(store(&server)).await;
}

#[tokio::test]
async fn redis_forgets_what_is_over_and_has_no_id_of_a_session() {
    let Some(server) = server() else { return };
    let store = store(&server);
    let idle = Duration::from_millis(400);
    let app = App::new().plug(Sessions::new(store.clone()).with_idle(idle));
    let client = app.plug(routes).test();
    let id = id_in(&client.post("/bind/ada").await);
    client.post("/set/fruit/onion").await.assert_status(200);
    let prefix = format!("{store:?}");
    let prefix = prefix.split('"').nth(1).unwrap();
    let keys = async || command(&server, &format!("KEYS {prefix}*")).await;
    let kept = keys().await;
    assert!(
        kept.contains(":session:") && kept.contains(":user:ada"),
        "{kept}"
    );
    assert!(!kept.contains(&id), "{kept}");
    client.get("/get/fruit").await.assert_text("onion");
    while keys().await != "*0\r\n" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    client.get("/get/fruit").await.assert_text("nothing");
}

#[tokio::test]
async fn a_server_that_is_restarted_is_not_noticed() {
    let Some(server) = server() else { return };
    let proxy = Proxy::before(server.clone()).await;
    let client = App::new()
        .plug(Sessions::new(store(&proxy.addr.to_string())))
        .plug(routes)
        .test();
    client.post("/set/a/1").await.assert_status(200);
    for _ in 0..3 {
        proxy.set(Mode::Cut);
        // A restart loses the scripts, too.
        command(&server, "SCRIPT FLUSH").await;
        proxy.set(Mode::Open);
        client
            .get("/get/a")
            .await
            .assert_status(200)
            .assert_text("1");
        client.post("/set/b/2").await.assert_status(200);
        client.post("/renew").await.assert_status(200);
        client.get("/get/b").await.assert_text("2");
    }
}

#[tokio::test]
async fn a_server_that_is_down_or_stuck_is_a_503_soon() {
    let Some(server) = server() else { return };
    let proxy = Proxy::before(server).await;
    let store = store(&proxy.addr.to_string());
    let client = App::new()
        .plug(Sessions::new(store.clone()))
        .plug(routes)
        .test();
    client.post("/set/a/1").await.assert_status(200);
    store.ping().await.unwrap();
    for mode in [Mode::Cut, Mode::Stalled] {
        proxy.set(mode);
        let start = Instant::now();
        let res = client.get("/get/a").await;
        res.assert_status(503).assert_header("retry-after", "5");
        client.post("/set/b/2").await.assert_status(503);
        client
            .post("/set/b/2")
            .header("cookie", "")
            .await
            .assert_status(503);
        assert!(store.ping().await.is_err());
        let took = start.elapsed();
        assert!(took < Duration::from_secs(10), "{mode:?}: {took:?}");
        client.get("/unrelated").await.assert_status(200);
        // It comes back, and the session is there.
        proxy.set(Mode::Open);
        let start = Instant::now();
        while client.get("/get/a").await.status() != 200 {
            assert!(start.elapsed() < Duration::from_secs(20), "{mode:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        client.get("/get/a").await.assert_text("1");
        client.get("/get/b").await.assert_text("nothing");
    }
}

#[tokio::test]
async fn a_server_that_was_never_there_is_a_503() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = listener.local_addr().unwrap().to_string();
    drop(listener);
    let client = App::new()
        .plug(Sessions::new(store(&nobody)))
        .plug(routes)
        .test();
    client.post("/set/a/1").await.assert_status(503);
    client.get("/get/a").await.assert_status(200);
}

#[tokio::test]
async fn what_is_no_session_under_its_key_is_an_error() {
    let Some(server) = server() else { return };
    let store = store(&server).with_prefix("cepa-test-other:");
    let id = key(9);
    command(
        &server,
        &format!("HSET cepa-test-other:session:{} x y", id.to_hex()),
    )
    .await;
    assert!(store.load(&id).await.is_err());
    store.delete(&id).await.unwrap();
    assert!(store.load(&id).await.unwrap().is_none());
}

#[test]
fn an_address_that_is_none_is_an_error_without_its_password() {
    for url in [
        "",
        "localhost",
        "http://name:secret@localhost",
        "redis://:secret@[x]/",
    ] {
        let error = RedisStore::new(url).unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(!told.contains("secret"), "{told}");
    }
}
