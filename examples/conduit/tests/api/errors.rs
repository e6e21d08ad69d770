//! Errors of the app as a whole, and what stands around the API.

use super::{Conduit, assert_refused};
use cepa::prelude::*;

#[test]
fn what_is_no_json_or_has_another_shape_is_a_422() {
    let conduit = Conduit::new();
    for body in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"user":1}"#,
        r#"{"user":{"email":1}}"#,
    ] {
        let res = conduit.client.post("/api/users");
        let res = res
            .header("content-type", "application/json")
            .body(body)
            .send();
        res.assert_status(422);
        assert!(res.json::<Value>()["errors"].is_object(), "{body}");
    }
}

#[test]
fn what_is_not_there_has_the_form_of_the_api_too() {
    let conduit = Conduit::new();
    assert_refused(&conduit.get("/nothing", ""), 404, &["body"]);
    assert_refused(&conduit.delete("/tags", ""), 405, &["body"]);
}

#[test]
fn pages_of_every_origin_may_ask() {
    let conduit = Conduit::new();
    let res = conduit
        .client
        .get("/api/tags")
        .header("origin", "https://example.com")
        .send();
    res.assert_status(200)
        .assert_header("access-control-allow-origin", "*");
    let asked = conduit.client.request(Method::OPTIONS, "/api/user");
    let asked = asked
        .header("origin", "https://example.com")
        .header("access-control-request-method", "PUT")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        )
        .send();
    asked.assert_header("access-control-allow-origin", "*");
}

#[test]
fn the_program_says_how_it_is() {
    let conduit = Conduit::new();
    conduit.client.get("/readyz").send().assert_status(200);
    conduit.client.get("/livez").send().assert_status(200);
    conduit.client.get("/metrics").send().assert_status(200);
}
