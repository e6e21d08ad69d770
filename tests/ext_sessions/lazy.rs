//! What a session costs those who have none: nothing.

use cepa::prelude::*;
use cepa::sessions::{CsrfToken, Session, Sessions};

use crate::{Spy, routes};

const NOTHING: [usize; 5] = [0; 5];

fn app(store: &Spy) -> App {
    App::new().plug(Sessions::new(store.clone())).plug(routes)
}

#[test]
fn a_request_without_a_session_touches_no_store() {
    let store = Spy::default();
    let client = app(&store).test();
    for path in ["/unrelated", "/get/a", "/user", "/nowhere"] {
        let res = client.get(path).send();
        assert!(res.header("set-cookie").is_none(), "{path}");
    }
    for path in [
        "/remove/a",
        "/clear",
        "/renew",
        "/destroy",
        "/revoke-others",
    ] {
        let res = client.post(path).send();
        res.assert_status(200);
        let gone = res.header("set-cookie").is_some();
        assert_eq!(gone, path == "/destroy", "{path}");
    }
    assert_eq!(store.asked(), NOTHING);
}

#[test]
fn a_request_that_does_not_use_its_session_touches_no_store() {
    let store = Spy::default();
    let client = app(&store).test();
    client.post("/set/a/1").send();
    assert_eq!(store.asked(), [0, 1, 0, 0, 0]);
    let res = client.get("/unrelated").send();
    assert!(res.header("set-cookie").is_none() && res.header("vary").is_none());
    client.get("/nowhere").send().assert_status(404);
    assert_eq!(store.asked(), NOTHING);
}

#[test]
fn a_session_that_is_read_is_loaded_once_and_not_written() {
    async fn reads(mut req: Request, next: Next) -> Result<Response> {
        req.extract::<Session>().await?;
        Ok(next.run(req).await)
    }
    let store = Spy::default();
    let client = app(&store).with(reads).with(reads).test();
    client.post("/set/a/1").send();
    store.asked();
    let res = client.get("/get/a").send();
    assert_eq!(store.asked(), [1, 0, 0, 0, 0]);
    assert!(res.header("set-cookie").is_none());
    client.post("/set/a/2").send();
    assert_eq!(store.asked(), [1, 0, 1, 0, 0]);
}

#[test]
fn a_cookie_that_is_no_id_touches_no_store() {
    let store = Spy::default();
    let client = app(&store).test();
    let id = "A".repeat(43);
    let texts = [
        String::new(),
        "x".to_owned(),
        id[1..].to_owned(),
        format!("{id}A"),
        format!("{}=", &id[1..]),
        format!("{}+", &id[1..]),
        format!("{}\u{e9}", &id[2..]),
        format!("{}B", &id[1..]), // with bits that no id has
        "%00".repeat(15),
    ];
    for text in texts {
        client
            .get("/get/a")
            .cookie("session", &text)
            .send()
            .assert_text("nothing");
        assert_eq!(store.asked(), NOTHING, "{text:?}");
    }
    client
        .get("/get/a")
        .cookie("session", &id)
        .send()
        .assert_text("nothing");
    assert_eq!(store.asked(), [1, 0, 0, 0, 0]);
}

#[test]
fn a_token_asks_the_store_for_nothing_but_a_session_to_be() {
    let store = Spy::default();
    let token = async |token: CsrfToken| token.to_string();
    let client = app(&store).get("/token", token).test();
    let res = client.get("/token").send();
    assert!(res.header("set-cookie").is_some());
    assert_eq!(store.asked(), [0, 1, 0, 0, 0]);
    let res = client.get("/token").send();
    assert!(res.header("set-cookie").is_none());
    res.assert_header("vary", "cookie");
    assert_eq!(store.asked(), NOTHING);
}
