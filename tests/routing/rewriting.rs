//! `before_routing`: what runs before the match decides what matches.

use cepa::{Uri, prelude::*};

use super::{answer, routes, table};

#[test]
fn a_rewritten_path_decides_the_route_and_its_parameters() {
    async fn unversioned(mut req: Request, next: Next) -> Result<Response> {
        if let Some(rest) = req.uri().to_string().strip_prefix("/v1") {
            let uri: Uri = rest.parse()?;
            req.set_uri(uri);
        }
        Ok(next.run(req).await)
    }
    let app = routes(&["GET /users/{id}", "GET /v1/kept"]).before_routing(unversioned);
    table(
        app,
        &[
            ("GET /v1/users/7?q=1", "GET /users/{id} id=7"),
            ("GET /users/7", "GET /users/{id} id=7"),
            ("GET /v1/kept", "404"),
            ("POST /v1/users/7", "405 GET, HEAD, OPTIONS"),
        ],
    );
}

#[test]
fn a_rewritten_method_decides_the_route() {
    async fn method_override(mut req: Request, next: Next) -> Response {
        let method = req.header("x-method").and_then(|text| text.parse().ok());
        if let Some(method) = method {
            req.set_method(method);
        }
        next.run(req).await
    }
    let client = routes(&["DELETE /x", "POST /x"])
        .before_routing(method_override)
        .test();
    let res = client.post("/x").header("x-method", "DELETE").send();
    res.assert_text("DELETE /x");
    client.post("/x").send().assert_text("POST /x");
    client
        .post("/x")
        .header("x-method", "PUT")
        .send()
        .assert_status(405);
}

#[test]
fn a_rewritten_host_decides_the_route() {
    async fn rename(mut req: Request, next: Next) -> Result<Response> {
        let host = req.header("x-host").map(str::to_owned);
        if let Some(host) = host {
            req.set_host(&host)?;
        }
        Ok(next.run(req).await)
    }
    let app = App::new()
        .get("/", async || "any")
        .host("{t}.test", routes(&["GET /"]));
    let client = app.before_routing(rename).test();
    client.get("/").send().assert_text("any");
    client
        .get("/")
        .header("x-host", "a.test:80")
        .send()
        .assert_text("GET / t=a");
    client
        .get("/")
        .header("x-host", "a b")
        .send()
        .assert_status(400);
}

/// As in HTTP/2, where the host is a part of the URI and there is no `Host`.
#[test]
fn a_new_path_keeps_the_host_the_client_asked_for() {
    async fn rewrite(mut req: Request, next: Next) -> Result<Response> {
        req.set_uri("/new".parse()?);
        Ok(next.run(req).await)
    }
    let hosted = App::new().get("/new", async |req: Request| format!("{:?}", req.host()));
    let app = App::new().before_routing(rewrite).host("a.test", hosted);
    let service = app.build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let req = http::Request::builder()
        .uri("http://a.test/old")
        .body("")
        .unwrap();
    let mut res = runtime.block_on(service.answer(req));
    let body = runtime.block_on(res.take_body().collect(100)).unwrap();
    assert_eq!(
        (res.status().as_u16(), &body[..]),
        (200, &b"Some(\"a.test\")"[..])
    );
}

#[test]
fn what_runs_before_the_match_knows_no_route_and_sees_every_answer() {
    async fn look(req: Request, next: Next) -> Response {
        let before = req.route().is_some();
        let mut res = next.run(req).await;
        let seen = format!("{before} {}", res.status().as_u16());
        res.append_header("x-seen", seen);
        res
    }
    let app = routes(&["GET /x"])
        .before_routing(look)
        .before_routing(look);
    let client = app.test();
    for (path, wanted) in [("/x", "false 200"), ("/y", "false 404")] {
        let res = client.get(path).send();
        let seen: Vec<_> = res.headers().get_all("x-seen").iter().collect();
        assert_eq!(seen, [wanted, wanted]);
    }
}

#[test]
fn it_may_answer_alone() {
    async fn closed(_: Request, _next: Next) -> (StatusCode, &'static str) {
        (StatusCode::SERVICE_UNAVAILABLE, "closed")
    }
    let app = routes(&["GET /x"]).before_routing(closed);
    assert_eq!(answer(&app.test(), "GET /x"), "503");
}

#[test]
fn parameters_stay_those_of_the_path_that_matched() {
    async fn rewrite(mut req: Request, next: Next) -> Result<Response> {
        req.set_uri("/a/much/longer/path".parse()?);
        req.set_uri("/".parse()?);
        Ok(next.run(req).await)
    }
    async fn show(Path((a, b)): Path<(String, String)>, uri: Uri, req: Request) -> String {
        format!(
            "{a} {b} {} {:?} {:?}",
            uri.path(),
            req.param("b"),
            req.param("c")
        )
    }
    let app = App::new()
        .with(rewrite)
        .mount("/{a}", App::new().get("/x/{b}", show));
    let client = app.test();
    client
        .get("/one/x/t%20wo")
        .send()
        .assert_text("one t wo / Some(\"t wo\") None");
}

#[test]
fn a_rewritten_path_keeps_the_query_and_has_to_be_one() {
    async fn rewrite(mut req: Request, next: Next) -> Result<Response> {
        let path = req.header("x-path").unwrap_or("/").to_owned();
        req.set_path(&path)?;
        Ok(next.run(req).await)
    }
    let client = App::new()
        .before_routing(rewrite)
        .get("/new", async |req: Request| req.uri().to_string())
        .test();
    let ask = |path: &str| client.get("/old?a=b").header("x-path", path).send();
    ask("/new").assert_text("/new?a=b");
    for bad in ["", "new", "evil.example", "/new?c=d", "/new#c", "/a b"] {
        ask(bad).assert_status(400);
    }
}
