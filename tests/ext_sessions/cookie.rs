//! What the cookie of a session looks like, and when it is `Secure`.

use std::time::Duration;

use cepa::Mode;
use cepa::prelude::*;
use cepa::sessions::Sessions;
use cepa::testing::TestClient;

use crate::{id_in, routes};

const PRODUCTION: Mode = Mode::Production;
const DEVELOPMENT: Mode = Mode::Development;

fn client(mode: Mode, sessions: Sessions) -> TestClient {
    App::new().mode(mode).plug(sessions).plug(routes).test()
}

#[test]
fn the_cookie_is_as_safe_as_the_way_it_came_allows() {
    let open = "session=ID; Path=/; SameSite=Lax; HttpOnly";
    let sealed = "__Host-session=ID; Path=/; SameSite=Lax; Secure; HttpOnly";
    let table = [
        (DEVELOPMENT, "http", None, open),
        (DEVELOPMENT, "https", None, sealed),
        // Behind a proxy that says nothing, production looks like http.
        (PRODUCTION, "http", None, sealed),
        (PRODUCTION, "https", None, sealed),
        (DEVELOPMENT, "http", Some(true), sealed),
        (PRODUCTION, "http", Some(false), open),
        (PRODUCTION, "https", Some(false), open),
    ];
    for (mode, scheme, secure, wanted) in table {
        let sessions = Sessions::memory();
        let sessions = match secure {
            Some(secure) => sessions.with_secure(secure),
            None => sessions,
        };
        let client = client(mode, sessions);
        let at = |path: &str| format!("{scheme}://localhost{path}");
        let res = client.post(at("/set/a/1")).send();
        let id = id_in(&res);
        assert_eq!(id.len(), 43);
        res.assert_header("set-cookie", &wanted.replace("ID", &id));
        client.get(at("/get/a")).send().assert_text("1");
    }
}

#[test]
fn the_cookies_beside_it_are_as_safe() {
    let is_secure = |mode: Mode, sessions: Sessions| {
        let set = async |cookies: cepa::cookies::Cookies| cookies.set(("theme", "dark"));
        let app = App::new().mode(mode).plug(sessions).get("/", set);
        let res = app.test().get("/").send();
        res.header("set-cookie").unwrap().contains("; Secure")
    };
    assert!(is_secure(PRODUCTION, Sessions::memory()));
    assert!(!is_secure(
        PRODUCTION,
        Sessions::memory().with_secure(false)
    ));
    assert!(!is_secure(DEVELOPMENT, Sessions::memory()));
    assert!(is_secure(DEVELOPMENT, Sessions::memory().with_secure(true)));
}

#[test]
fn a_cookie_for_https_is_not_read_under_the_other_name() {
    let client = client(PRODUCTION, Sessions::memory());
    let id = id_in(&client.post("/set/a/1").send());
    let ask = |name: &str| {
        client
            .get("/get/a")
            .header("cookie", format!("{name}={id}"))
            .send()
    };
    ask("__Host-session").assert_text("1");
    ask("session").assert_text("nothing");
    ask("__host-session").assert_text("nothing");
    ask("__Host-session ").assert_text("1");
}

#[test]
fn the_name_and_the_age_of_the_cookie_are_options() {
    let sessions = Sessions::memory()
        .with_cookie_name("shop")
        .with_absolute(Duration::from_secs(3600))
        .with_persistent_cookie(true);
    let client = client(DEVELOPMENT, sessions);
    let res = client.post("https://localhost/set/a/1").send();
    let line = res.header("set-cookie").unwrap();
    assert!(line.starts_with("__Host-shop="), "{line}");
    assert!(line.contains("; Max-Age=3600; "), "{line}");
}

#[test]
fn a_destroyed_session_is_forgotten_by_the_client() {
    let client = client(DEVELOPMENT, Sessions::memory());
    client.post("/set/a/1").send();
    let gone = "session=; Path=/; Max-Age=0; SameSite=Lax; HttpOnly";
    client
        .post("/destroy")
        .send()
        .assert_header("set-cookie", gone);
    let res = client.get("/get/a").send();
    res.assert_text("nothing");
    // Also one that the store forgot before.
    let res = client
        .post("/destroy")
        .cookie("session", &"A".repeat(43))
        .send();
    res.assert_header("set-cookie", gone);
}

#[test]
fn ids_are_drawn_anew_for_each_session() {
    let mut ids = std::collections::BTreeSet::new();
    let client = client(DEVELOPMENT, Sessions::memory());
    for _ in 0..500 {
        let res = client.post("/set/a/1").header("cookie", "").send();
        assert!(ids.insert(id_in(&res)));
    }
    // Each bit is set in about half of them.
    let letters = ids
        .iter()
        .flat_map(|id| id.chars())
        .collect::<std::collections::BTreeSet<_>>();
    assert_eq!(letters.len(), 64);
}

#[test]
fn two_kinds_of_sessions_have_cookies_of_their_own() {
    let admin = App::new()
        .plug(Sessions::memory().with_cookie_name("admin"))
        .plug(routes);
    let client = App::new()
        .plug(Sessions::memory())
        .plug(routes)
        .mount("/admin", admin)
        .test();
    client.post("/set/a/1").send();
    client.get("/admin/get/a").send().assert_text("nothing");
    client.post("/admin/set/a/2").send();
    client.get("/get/a").send().assert_text("1");
    client.get("/admin/get/a").send().assert_text("2");
}
