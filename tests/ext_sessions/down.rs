//! A store that is down is a 503, never an empty session.

use cepa::prelude::*;
use cepa::sessions::{Session, SessionError, SessionErrorKind, Sessions};
use cepa::testing::{TestClient, TestResponse};

use crate::{Spy, routes};

fn client(store: &Spy) -> TestClient {
    App::new()
        .plug(Sessions::new(store.clone()))
        .plug(routes)
        .get("/decides", async |session: Result<Session>| match session {
            Ok(_) => "there",
            Err(error) => {
                let error = error.downcast_ref::<SessionError>().map(SessionError::kind);
                assert_eq!(error, Some(SessionErrorKind::Store));
                "down"
            }
        })
        .test()
}

#[track_caller]
fn assert_down(res: &TestResponse) {
    res.assert_status(503).assert_header("retry-after", "5");
    assert!(res.header("set-cookie").is_none());
    assert!(!res.text().contains("route"), "{}", res.text());
    let error = res.error().unwrap();
    assert!(
        error
            .to_string()
            .contains("no route to the host of the store"),
        "{error}"
    );
}

#[test]
fn a_session_that_cannot_be_read_is_a_503() {
    let store = Spy::default();
    let client = client(&store);
    client.post("/bind/ada").send();
    store.set_down(true);
    for path in ["/user", "/get/a"] {
        assert_down(&client.get(path).send());
    }
    for path in ["/set/a/1", "/renew", "/destroy", "/bind/bob", "/revoke/ada"] {
        assert_down(&client.post(path).send());
    }
    // Those that need no session are answered, and those who can do without decide.
    client.get("/unrelated").send().assert_status(200);
    client.get("/decides").send().assert_text("down");
    store.set_down(false);
    client.get("/user").send().assert_text("ada");
}

#[test]
fn a_session_that_cannot_be_kept_is_a_503() {
    let store = Spy::default();
    let client = client(&store);
    store.set_down(true);
    assert_down(&client.post("/set/a/1").send());
    assert_down(&client.post("/bind/ada").send());
    store.set_down(false);
    client.get("/get/a").send().assert_text("nothing");

    client.post("/set/a/1").send();
    store.fail_updates();
    for path in ["/set/a/2", "/remove/a", "/clear", "/renew", "/bind/ada"] {
        assert_down(&client.post(path).send());
    }
    client.get("/get/a").send().assert_text("1");
    client.post("/destroy").send().assert_status(200);
}

#[tokio::test(start_paused = true)]
async fn a_use_that_cannot_be_noted_fails_nothing() {
    let store = Spy::default();
    let client = client(&store);
    client.post("/set/a/1").await;
    store.fail_updates();
    tokio::time::advance(std::time::Duration::from_secs(600)).await;
    let res = client.get("/get/a").await;
    res.assert_status(200).assert_text("1");
    assert_eq!(store.asked()[2], 1);
}

#[test]
fn an_app_decides_how_the_failure_looks() {
    let store = Spy::default();
    store.set_down(true);
    let client = App::new()
        .plug(Sessions::new(store))
        .on_error(async |error: &Error, _: &ErrorContext| format!("sorry: {}", error.status()))
        .post("/", async |session: Session| session.insert("a", 1))
        .test();
    client
        .post("/")
        .send()
        .assert_status(503)
        .assert_text("sorry: 503 Service Unavailable");
}
