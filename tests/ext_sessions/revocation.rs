//! Sessions that were ended are over, whatever a client kept of them.

use cepa::prelude::*;
use cepa::sessions::{Session, Sessions};
use cepa::testing::TestClient;

use crate::{Spy, id_in, routes};

pub(crate) fn client(store: &Spy) -> TestClient {
    App::new()
        .plug(Sessions::new(store.clone()))
        .plug(routes)
        .test()
}

pub(crate) fn ask(client: &TestClient, path: &str, id: &str) -> String {
    let res = client
        .get(path)
        .header("cookie", format!("session={id}"))
        .send();
    res.text().to_owned()
}

/// A session of this user.
pub(crate) fn sign_in(client: &TestClient, user: &str) -> String {
    let res = client
        .post(format!("/bind/{user}"))
        .header("cookie", "")
        .send();
    id_in(&res)
}

#[test]
fn a_session_cannot_be_replayed_after_it_was_destroyed() {
    let store = Spy::default();
    let client = client(&store);
    let id = sign_in(&client, "ada");
    assert_eq!(ask(&client, "/user", &id), "ada");
    let cookie = format!("session={id}");
    client
        .post("/destroy")
        .header("cookie", &cookie)
        .send()
        .assert_status(200);
    assert!(store.inner.is_empty());
    for _ in 0..3 {
        assert_eq!(ask(&client, "/user", &id), "nobody");
        let res = client.post("/set/a/1").header("cookie", &cookie).send();
        assert_ne!(id_in(&res), id);
    }
}

#[test]
fn what_is_set_after_a_session_was_destroyed_is_of_a_new_one() {
    let handler = async |session: Session| -> Result<()> {
        session.insert("a", "before")?;
        session.destroy()?;
        assert!(session.user()?.is_none());
        session.insert("b", "after")?;
        Ok(())
    };
    let app = App::new().plug(Sessions::memory()).plug(routes);
    let client = app.post("/again", handler).test();
    client.post("/bind/ada").send();
    let old = id_in(&client.post("/renew").send());
    let new = id_in(&client.post("/again").send());
    assert_ne!(old, new);
    client.get("/get/a").send().assert_text("nothing");
    client.get("/get/b").send().assert_text("after");
    client.get("/user").send().assert_text("nobody");
    assert_eq!(ask(&client, "/user", &old), "nobody");
}

#[test]
fn all_sessions_of_a_user_end_at_once() {
    let store = Spy::default();
    let client = client(&store);
    let ada = [(); 3].map(|()| sign_in(&client, "ada"));
    let bob = sign_in(&client, "bob");
    let admin = format!("session={}", sign_in(&client, "admin"));
    let res = client.post("/revoke/ada").header("cookie", admin).send();
    res.assert_text("3");
    assert!(res.header("set-cookie").is_none());
    for id in &ada {
        assert_eq!(ask(&client, "/user", id), "nobody");
    }
    assert_eq!(ask(&client, "/user", &bob), "bob");
    // One's own is among them.
    let res = client
        .post("/revoke/bob")
        .header("cookie", format!("session={bob}"))
        .send();
    res.assert_text("1");
    assert_eq!(id_in(&res), "");
    assert_eq!(ask(&client, "/user", &bob), "nobody");
}

#[test]
fn who_changes_the_password_keeps_this_session_alone() {
    let store = Spy::default();
    let client = client(&store);
    let others = [(); 2].map(|()| sign_in(&client, "ada"));
    let own = sign_in(&client, "ada");
    let cookie = format!("session={own}");
    client
        .post("/revoke-others")
        .header("cookie", &cookie)
        .send()
        .assert_text("2");
    for id in &others {
        assert_eq!(ask(&client, "/user", id), "nobody");
    }
    assert_eq!(ask(&client, "/user", &own), "ada");
    client
        .post("/revoke-others")
        .header("cookie", &cookie)
        .send()
        .assert_text("0");
    client
        .post("/revoke-others")
        .header("cookie", "")
        .send()
        .assert_text("0");
}

#[test]
fn a_session_follows_its_user_through_new_ids() {
    let store = Spy::default();
    let client = client(&store);
    let mut id = sign_in(&client, "ada");
    for path in ["/renew", "/set/a/1", "/bind/ada", "/bind/bob"] {
        let res = client
            .post(path)
            .header("cookie", format!("session={id}"))
            .send();
        if path != "/set/a/1" {
            id = id_in(&res);
        }
    }
    client
        .post("/revoke/ada")
        .header("cookie", "")
        .send()
        .assert_text("0");
    client
        .post("/revoke/bob")
        .header("cookie", "")
        .send()
        .assert_text("1");
    assert_eq!(ask(&client, "/user", &id), "nobody");
}
