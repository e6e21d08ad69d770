//! No cache keeps the page of one client for another, nor the id of a session.

use cepa::prelude::*;
use cepa::sessions::{Session, Sessions};

use crate::routes;

#[test]
fn a_response_with_the_cookie_is_stored_nowhere() {
    let client = App::new().plug(Sessions::memory()).plug(routes).test();
    for path in ["/set/a/1", "/renew", "/bind/ada", "/destroy"] {
        let res = client.post(path).send();
        assert!(res.header("set-cookie").is_some(), "{path}");
        res.assert_header("cache-control", "no-store");
        res.assert_header("vary", "cookie");
    }
}

#[test]
fn a_response_of_a_session_is_of_its_client_alone() {
    let client = App::new().plug(Sessions::memory()).plug(routes).test();
    // Also that of a client without one: with one, it would be another.
    for _ in 0..2 {
        let res = client.get("/get/a").send();
        res.assert_header("cache-control", "private, no-cache");
        res.assert_header("vary", "cookie");
        client.post("/set/a/1").send();
    }
    let res = client.get("/unrelated").send();
    assert!(res.header("cache-control").is_none() && res.header("vary").is_none());
}

#[test]
fn what_a_handler_says_of_caches_stays_unless_it_gives_the_id_away() {
    async fn public(session: Session, req: Request) -> Result<Response> {
        let mut res = Response::new();
        let cache = req.query_param("cache").unwrap_or_default().into_owned();
        res.set_header("cache-control", cache);
        res.set_header("vary", "accept, Cookie");
        if req.query_param("set").is_some() {
            session.insert("a", 1)?;
            session.renew()?;
        }
        Ok(res)
    }
    let client = App::new().plug(Sessions::memory()).get("/", public).test();
    let table = [
        ("/?cache=public", "public"),
        ("/?cache=max-age%3D60", "max-age=60"),
        ("/?set&cache=public", "no-store"),
        ("/?set&cache=private%2C+max-age%3D60", "no-store"),
        ("/?set&cache=private%2C+No-Store", "private, No-Store"),
    ];
    for (path, wanted) in table {
        let res = client.get(path).send();
        res.assert_header("cache-control", wanted);
        res.assert_header("vary", "accept, Cookie");
    }
}
