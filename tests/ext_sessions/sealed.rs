//! Sessions in encrypted cookies.

use std::time::Duration;

use cepa::cookies::Keys;
use cepa::prelude::*;
use cepa::sessions::{Session, SessionErrorKind, Sessions};
use cepa::testing::TestClient;

use crate::{id_in, routes};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210";

fn client(keys: &Keys) -> TestClient {
    App::new().plug(Sessions::cookie(keys)).plug(routes).test()
}

fn keys() -> Keys {
    Keys::new(SECRET).unwrap()
}

fn ask(client: &TestClient, path: &str, text: &str) -> String {
    let res = client
        .get(path)
        .header("cookie", format!("session={text}"))
        .send();
    res.text().to_owned()
}

#[test]
fn values_are_in_the_cookie_and_cannot_be_read_there() {
    let client = client(&keys());
    let text = id_in(&client.post("/set/fruit/onion").send());
    assert!(!text.contains("onion") && !text.contains("fruit"));
    client.get("/get/fruit").send().assert_text("onion");
    client.post("/set/other/leek").send();
    client.post("/bind/ada").send();
    client.get("/get/fruit").send().assert_text("onion");
    client.get("/get/other").send().assert_text("leek");
    client.get("/user").send().assert_text("ada");
    client.post("/destroy").send();
    client.get("/get/fruit").send().assert_text("nothing");
}

#[test]
fn a_cookie_with_any_sign_changed_is_nothing() {
    let client = client(&keys());
    let text = id_in(&client.post("/bind/ada").send());
    assert_eq!(ask(&client, "/user", &text), "ada");
    for at in 0..text.len() {
        let mut other = text.clone().into_bytes();
        other[at] = if other[at] == b'A' { b'B' } else { b'A' };
        let other = String::from_utf8(other).unwrap();
        assert_eq!(ask(&client, "/user", &other), "nobody", "{at}");
        assert_eq!(ask(&client, "/user", &text[..at]), "nobody", "{at}");
    }
}

#[test]
fn a_cookie_that_the_app_encrypted_for_something_else_is_no_session() {
    let client = client(&keys());
    let text = id_in(&client.post("/bind/ada").send());
    let sealed = keys().decrypt("session", &text);
    assert_eq!(sealed, None, "sessions have keys of their own");
    let forged = keys().encrypt("session", r#"{"c":0,"e":9999999999999,"u":"ada","v":{}}"#);
    assert_eq!(ask(&client, "/user", &forged), "nobody");
}

#[test]
fn keys_rotate() {
    let text = id_in(&client(&keys()).post("/bind/ada").send());
    let both = Keys::new(OTHER).unwrap().with_old(SECRET).unwrap();
    assert_eq!(ask(&client(&both), "/user", &text), "ada");
    assert_eq!(
        ask(&client(&Keys::new(OTHER).unwrap()), "/user", &text),
        "nobody"
    );
}

#[test]
fn a_session_that_is_too_large_is_an_error_and_never_cut() {
    let grow = async |Path(size): Path<usize>, session: Session| -> Result<String> {
        Ok(match session.insert("big", "x".repeat(size)) {
            Ok(()) => "kept".to_owned(),
            Err(error) => {
                assert_eq!(error.kind(), SessionErrorKind::Size);
                error.to_string()
            }
        })
    };
    let sessions = Sessions::cookie(&keys()).with_limit(1 << 20);
    let app = App::new()
        .plug(sessions)
        .plug(routes)
        .post("/grow/{size}", grow);
    let client = app.test();
    client.post("/set/a/1").send();
    let mut largest = 0;
    for size in (0..8_000).step_by(23) {
        let res = client.post(format!("/grow/{size}")).send();
        res.assert_status(200);
        if res.text() == "kept" {
            largest = size;
            let line = res.header("set-cookie").unwrap();
            assert!(line.len() <= 4096, "{}", line.len());
        } else {
            res.assert_contains("2700 are the most: keep large things elsewhere");
            assert!(res.header("set-cookie").is_none());
        }
        client.get("/get/a").send().assert_text("1");
        assert_eq!(client.get("/get/big").send().text().len(), largest);
    }
    assert!((2_600..2_700).contains(&largest), "{largest}");
}

/// The name and attributes take their part of the line, and so does a long name of a user.
#[test]
fn what_does_not_fit_in_the_end_is_an_error_too() {
    let client = App::new()
        .plug(Sessions::cookie(&keys()).with_cookie_name("a".repeat(100)))
        .post("/", async |session: Session| -> Result<()> {
            session.insert("big", "x".repeat(2_600))?;
            session.bind_user("u".repeat(500))?;
            Ok(())
        })
        .test();
    let res = client.post("/").send();
    res.assert_status(500);
    assert!(res.header("set-cookie").is_none());
    let error = res.error().unwrap().to_string();
    assert!(
        error.contains("more than 4096") || error.contains("4096"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_cookie_has_its_time_in_it() {
    let client = client(&keys());
    let minutes = |n: u64| tokio::time::advance(Duration::from_secs(60 * n));
    let first = id_in(&client.post("/bind/ada").await);
    for _ in 0..3 {
        minutes(20).await;
        client.get("/user").await.assert_text("ada");
    }
    let old = client
        .get("/user")
        .header("cookie", format!("session={first}"));
    old.await.assert_text("nobody");
    for _ in 0..33 {
        minutes(20).await;
        client.get("/user").await;
    }
    client.get("/user").await.assert_text("nobody");
}

#[test]
fn what_the_server_cannot_do_is_an_error() {
    let client = client(&keys());
    client.post("/bind/ada").send();
    for path in ["/revoke/ada", "/revoke-others"] {
        let res = client.post(path).send();
        res.assert_status(500);
        let error = res.error().unwrap().to_string();
        assert!(error.contains("cannot be ended by the server"), "{error}");
    }
}
