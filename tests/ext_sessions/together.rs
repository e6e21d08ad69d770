//! Requests at the same time on one session.

use std::sync::Arc;

use cepa::prelude::*;
use cepa::sessions::{Session, SessionStore, Sessions};
use cepa::testing::TestClient;
use tokio::sync::Barrier;

use crate::{Spy, id_in, routes};

/// So many requests read the session before the first of them changes it.
pub(crate) const REQUESTS: usize = 64;

async fn set(
    Path(key): Path<String>,
    State(all): State<Arc<Barrier>>,
    session: Session,
) -> Result<()> {
    let shared: u32 = session.get("shared")?.unwrap_or_default();
    all.wait().await;
    session.insert(key, shared + 1)?;
    session.insert("shared", shared + 1)?;
    Ok(())
}

async fn keys(session: Session) -> Result<String> {
    let mut kept = 0;
    for n in 0..REQUESTS {
        kept += usize::from(session.get::<u32>(&format!("k{n}"))? == Some(1));
    }
    let shared: u32 = session.get("shared")?.unwrap_or_default();
    Ok(format!("{kept} kept, shared is {shared}"))
}

pub(crate) fn app(store: impl SessionStore, waiting: usize) -> App {
    App::new()
        .state(Arc::new(Barrier::new(waiting)))
        .plug(Sessions::new(store))
        .plug(routes)
        .post("/wait/{key}", set)
        .get("/keys", keys)
}

/// Sends this many requests with this cookie at once.
pub(crate) async fn at_once(client: &TestClient, count: usize, cookie: &str) {
    let service = client.service();
    let asked: Vec<_> = (0..count)
        .map(|n| {
            let req = http::Request::post(format!("/wait/k{n}"));
            let req = req.header("cookie", cookie).header("host", "localhost");
            let (service, req) = (service.clone(), req.body("").unwrap());
            tokio::spawn(async move { service.answer(req).await.status() })
        })
        .collect();
    for answer in asked {
        assert_eq!(answer.await.unwrap(), 200);
    }
}

pub(crate) async fn no_key_is_lost(store: impl SessionStore) {
    no_key_is_lost_in(app(store, REQUESTS)).await;
}

/// The same in an app that has more.
pub(crate) async fn no_key_is_lost_in(app: App) {
    let client = app.test();
    let id = id_in(&client.post("/set/a/1").await);
    at_once(&client, REQUESTS, &format!("session={id}")).await;
    client
        .get("/keys")
        .await
        .assert_text("64 kept, shared is 1");
    client.get("/get/a").await.assert_text("1");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_requests_at_once_none_loses_a_key() {
    let store = Spy::default();
    no_key_is_lost(store.clone()).await;
    assert_eq!(store.asked()[2], REQUESTS);
}

/// A login waits for a slow hash, while the visitor fills the basket in another tab.
/// A client with a session, in which somebody signs in; the login has the session when `between` is
/// asked, and writes after it.
async fn signed_in_around(between: &str) -> TestClient {
    let slow_login = async |State(all): State<Arc<Barrier>>, session: Session| -> Result<()> {
        all.wait().await;
        all.wait().await;
        session.insert("fresh", "yes")?;
        session.bind_user("ada")?;
        Ok(())
    };
    let all = Arc::new(Barrier::new(2));
    let app = App::new()
        .state(Arc::clone(&all))
        .plug(Sessions::memory())
        .plug(routes);
    let client = app.post("/login", slow_login).test();
    client.post("/set/a/1").await;
    let between = async {
        all.wait().await;
        client.post(between).await.assert_status(200);
        all.wait().await;
    };
    let (login, ()) = tokio::join!(client.post("/login").into_future(), between);
    login.assert_status(200);
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_meanwhile_loses_nothing_of_the_session() {
    let client = signed_in_around("/set/b/2").await;
    client.get("/get/b").await.assert_text("2");
    client.get("/user").await.assert_text("ada");
}

#[tokio::test]
async fn a_session_that_was_destroyed_meanwhile_stays_so() {
    let store = Spy::default();
    let client = app(store.clone(), 2).test();
    let id = id_in(&client.post("/set/a/1").await);
    let cookie = format!("session={id}");
    let service = client.service().clone();
    let req = http::Request::post("/wait/k0").header("cookie", &cookie);
    let req = req.header("host", "localhost").body("").unwrap();
    let slow = tokio::spawn(async move {
        let res = service.answer(req).await;
        (res.status(), res.header("set-cookie").map(str::to_owned))
    });
    while store.asked()[0] == 0 {
        tokio::task::yield_now().await;
    }
    client.post("/destroy").await.assert_status(200);
    at_once(&client, 1, "").await; // sets the slow one free, in a session of its own
    assert_eq!(slow.await.unwrap(), (StatusCode::OK, None));
    let res = client.get("/keys").header("cookie", cookie).await;
    res.assert_text("0 kept, shared is 0");
}

#[tokio::test]
async fn who_signs_in_while_the_session_ends_is_signed_in_all_the_same() {
    let client = signed_in_around("/destroy").await;
    client.get("/user").await.assert_text("ada");
    client.get("/get/fresh").await.assert_text("yes");
    client.get("/get/a").await.assert_text("nothing");
}
