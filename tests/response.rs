//! Responses made in one expression.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use cepa::prelude::*;

#[test]
fn with_says_what_set_says() {
    let made = || {
        let res = "text".into_response().with_status(StatusCode::ACCEPTED);
        res.with_header("x-a", "1")
            .with_header("x-a", 2)
            .with_header("content-type", "text/x")
    };
    let set = || {
        let mut res = "text".into_response();
        res.set_status(StatusCode::ACCEPTED);
        res.set_header("x-a", 2);
        res.set_header("content-type", "text/x");
        res
    };
    assert_eq!(made().status(), set().status());
    assert_eq!(made().headers(), set().headers());
    let app = App::new().get("/", move || std::future::ready(made()));
    app.test()
        .get("/")
        .send()
        .assert_status(202)
        .assert_header("x-a", "2")
        .assert_text("text");
}

#[test]
fn a_header_that_is_not_allowed_is_a_500_at_the_line_that_said_it() {
    let app = App::new().get("/", async || {
        "text".into_response().with_header("x-a", "b\r\nc: d")
    });
    let res = app.test().get("/").send();
    res.assert_status(500);
    assert_eq!(res.header("c"), None);
    let error = res.error().unwrap();
    assert!(error.to_string().contains("`x-a`"), "{error}");
    assert_eq!(error.location().file(), file!());
}

#[test]
fn headers_need_no_body() {
    let found = async |Path(to): Path<String>| -> Result<_> {
        let to = (to != "nowhere").then(|| format!("/{to}"));
        let url = to.or_not_found("no such page")?;
        Ok((StatusCode::FOUND, [("location", url)]))
    };
    let map = async || {
        let mut headers = HeaderMap::new();
        headers.append("link", "</a>".parse().unwrap());
        headers.append("link", "</b>".parse().unwrap());
        (StatusCode::ACCEPTED, headers)
    };
    let wrong = async || (StatusCode::FOUND, [("location", "/\r\nx: y")]);
    let client = App::new()
        .get("/to/{page}", found)
        .get("/map", map)
        .get("/alone", async || [("x-a", "1"), ("x-b", "2")])
        .get("/wrong", wrong)
        .test();
    let res = client.get("/to/onions").send();
    res.assert_status(302)
        .assert_header("location", "/onions")
        .assert_text("");
    assert_eq!(res.header("content-type"), None);
    client.get("/to/nowhere").send().assert_status(404);
    let res = client.get("/map").send();
    res.assert_status(202).assert_text("");
    assert_eq!(res.headers().get_all("link").iter().count(), 2);
    let res = client.get("/alone").send();
    res.assert_status(200)
        .assert_header("x-a", "1")
        .assert_header("x-b", "2")
        .assert_text("");
    client.get("/wrong").send().assert_status(500);
}
