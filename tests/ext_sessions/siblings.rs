//! Where a user is signed in, and how that ends.

use cepa::prelude::*;
use cepa::sessions::{Session, SessionStore, Sessions};

use cepa::testing::TestClient;

use crate::revocation::{ask, sign_in};
use crate::stores::{key, now};
use crate::{Spy, id_in, routes};

async fn list(session: Session) -> Result<String> {
    let mut told = Vec::new();
    for (key, record) in session.siblings().await? {
        assert_eq!(record.user(), Some("ada"));
        let is_own = session.key()? == Some(key);
        let device: String = record.get("device").unwrap();
        told.push(format!("{device} {is_own}"));
    }
    told.sort();
    Ok(told.join(", "))
}

async fn end(Path(device): Path<String>, session: Session) -> Result<String> {
    for (key, record) in session.siblings().await? {
        if record.get::<String>("device").as_ref() == Some(&device) {
            return Ok(session.revoke_sibling(&key).await?.to_string());
        }
    }
    Err(Error::not_found("no such device"))
}

async fn end_another_users(State(store): State<Spy>, session: Session) -> Result<String> {
    let bob = store.of_user("bob").await?;
    Ok(session.revoke_sibling(&bob[0].0).await?.to_string())
}

#[test]
fn users_see_where_they_are_signed_in_and_end_what_they_like() {
    let store = Spy::default();
    let client = App::new()
        .state(store.clone())
        .plug(Sessions::new(store))
        .plug(routes)
        .get("/list", list)
        .post("/end/{device}", end)
        .post("/end-another-users", end_another_users)
        .test();
    let ids = ["phone", "tablet", "desk"].map(|device| {
        let id = sign_in(&client, "ada");
        let req = client.post(format!("/set/device/{device}"));
        let req = req.header("cookie", format!("session={id}"));
        req.send().assert_status(200);
        id
    });
    let bob = sign_in(&client, "bob");
    let all = "desk false, phone true, tablet false";
    assert_eq!(ask(&client, "/list", &ids[0]), all);
    let cookie = format!("session={}", ids[0]);
    let end = |path: &str| client.post(path).header("cookie", &cookie).send();
    end("/end/tablet").assert_text("true");
    end("/end/tablet").assert_status(404);
    assert_eq!(ask(&client, "/user", &ids[1]), "nobody");
    assert_eq!(ask(&client, "/list", &ids[0]), "desk false, phone true");
    end("/end-another-users").assert_text("false");
    assert_eq!(ask(&client, "/user", &bob), "bob");
    assert_eq!(ask(&client, "/list", ""), "");
}

/// `client` is of an app whose users have two sessions at most.
pub(crate) fn the_one_that_ends_first_makes_room(client: &TestClient) {
    let user = &key(0).to_hex();
    // Sessions of the same moment are told apart by nothing.
    let later = || {
        let begun = now();
        while now() == begun {}
        sign_in(client, user)
    };
    let (first, second, other) = (later(), later(), sign_in(client, "another"));
    assert_eq!(ask(client, "/user", &first), *user);
    let third = later();
    assert_eq!(ask(client, "/user", &first), "nobody");
    for id in [&second, &third] {
        assert_eq!(ask(client, "/user", id), *user);
    }
    // Who had a session before signing in counts as well.
    let begun = id_in(&client.post("/set/fruit/onion").header("cookie", "").send());
    let bind = client.post(format!("/bind/{user}"));
    let fourth = id_in(&bind.header("cookie", format!("session={begun}")).send());
    assert_eq!(ask(client, "/user", &second), "nobody");
    for id in [&third, &fourth] {
        assert_eq!(ask(client, "/user", id), *user);
    }
    assert_eq!(ask(client, "/user", &other), "another");
}

#[test]
fn a_user_has_so_many_sessions() {
    let sessions = Sessions::memory().with_sessions_per_user(2);
    the_one_that_ends_first_makes_room(&App::new().plug(sessions).plug(routes).test());
    let store = Spy::default();
    store.fail_trims();
    let sessions = Sessions::new(store).with_sessions_per_user(2);
    let client = App::new().plug(sessions).plug(routes).test();
    let id = sign_in(&client, "ada");
    assert_eq!(ask(&client, "/user", &id), "ada");
    let none = App::new().plug(Sessions::memory().with_sessions_per_user(0));
    assert!(none.build().unwrap_err().to_string().contains("0 sessions"));
}
