//! Who answers for what no route matches: the scope of the longest prefix.

use cepa::{Uri, prelude::*};

use super::{answer, table};

fn says(text: &'static str) -> App {
    App::new().fallback(move || async move { text })
}

#[test]
fn the_fallback_of_the_longest_prefix_answers() {
    let deep = says("deep").get("/x", async || "x");
    let app = says("outer")
        .get("/", async || "home")
        .mount(
            "/a",
            says("a").get("/", async || "a's root").mount("/b", deep),
        )
        .mount("/c/{id}/d", says("c"));
    table(
        app,
        &[
            ("GET /", "home"),
            ("GET /nothing", "outer"),
            ("GET /a", "a's root"),
            ("GET /a/", "a"),
            ("GET /a/nothing", "a"),
            ("GET /ab", "outer"),
            ("GET /a/b", "deep"),
            ("GET /a/b/", "deep"),
            ("GET /a/b/x", "x"),
            ("GET /a/b/x/y/z", "deep"),
            ("GET /a/bc", "a"),
            ("GET /c", "outer"),
            ("GET /c/1/d", "c"),
            ("GET /c/1/d/e/f", "c"),
            ("GET /c/1/e", "outer"),
            ("GET /c//d", "outer"),
            ("BREW /a/q", "a"),
        ],
    );
}

#[test]
fn another_method_and_the_other_slash_go_before_the_fallback() {
    let app = says("fallback").get("/x", async || "x");
    table(
        app,
        &[
            ("POST /x", "405 GET, HEAD, OPTIONS"),
            ("OPTIONS /x", "204 GET, HEAD, OPTIONS"),
            ("GET /x/", "fallback"),
            ("OPTIONS /y", "fallback"),
        ],
    );
    let app = says("fallback").get("/x", async || "x");
    let app = app.trailing_slash(cepa::TrailingSlash::Redirect);
    table(app, &[("GET /x/", "308 /x"), ("GET /y/", "fallback")]);
}

#[test]
fn a_fallback_is_inherited_where_a_mount_sets_none() {
    async fn answer_of(req: Request) -> String {
        format!("{} {:?}", req.path(), req.param("id"))
    }
    let app = App::new().fallback(answer_of).mount(
        "/a/{id}",
        App::new().get("/x", async || "x").mount("/b", App::new()),
    );
    table(
        app,
        &[
            ("GET /a/1/nothing", "/a/1/nothing Some(\"1\")"),
            ("GET /a/1/b/c", "/a/1/b/c Some(\"1\")"),
            ("GET /q", "/q None"),
        ],
    );
}

#[test]
fn a_literal_prefix_goes_before_one_with_a_parameter() {
    let app = App::new()
        .mount("/{tenant}", says("tenant"))
        .mount("/api", says("api"))
        .mount("/{tenant}/deep", says("deep"));
    table(
        app,
        &[
            ("GET /api/x", "api"),
            ("GET /acme/x", "tenant"),
            ("GET /acme/deep/x", "deep"),
            ("GET /api/deep/x", "deep"),
        ],
    );
}

#[test]
fn a_missed_path_is_answered_inside_of_its_prefix() {
    async fn plain(error: &Error, context: &ErrorContext) -> String {
        format!("{} {}", error.status().as_u16(), context.method())
    }
    async fn mark(req: Request, next: Next) -> Response {
        let mut res = next.run(req).await;
        res.set_header("x-mark", "inner");
        res
    }
    let inner = App::new()
        .on_error(plain)
        .with(mark)
        .get("/x", async || "x");
    let client = App::new().mount("/in", inner).test();
    for (asked, status) in [("/in/none", 404), ("/in", 404), ("/in/", 404)] {
        let res = client.get(asked).send();
        res.assert_status(status)
            .assert_text("404 GET")
            .assert_header("x-mark", "inner");
    }
    let res = client.post("/in/x").send();
    res.assert_status(405)
        .assert_text("405 POST")
        .assert_header("x-mark", "inner");
    let res = client.request(Method::OPTIONS, "/in/x").send();
    res.assert_status(204).assert_header("x-mark", "inner");
    let res = client.get("/none").send();
    res.assert_status(404)
        .assert_header("content-type", "application/problem+json");
    assert_eq!(res.header("x-mark"), None);
}

#[test]
fn a_fallback_takes_extractors_and_middleware_of_its_own() {
    async fn loud(req: Request, next: Next) -> Response {
        let mut res = next.run(req).await;
        res.set_status(StatusCode::IM_A_TEAPOT);
        res
    }
    async fn missing(method: Method, uri: Uri) -> String {
        format!("no {method} {}", uri.path())
    }
    let client = App::new().fallback(missing.with(loud)).test();
    client
        .get("/x?y")
        .send()
        .assert_status(418)
        .assert_text("no GET /x");
    assert_eq!(answer(&client, "GET /"), "418");
}
