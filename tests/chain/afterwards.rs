//! What a request leaves behind for the middleware that handed it on.

use cepa::prelude::*;
use cepa::testing::TestClient;

#[derive(Clone)]
struct Found(&'static str);

#[derive(Clone)]
struct Site(&'static str);

/// Tells what was found further in, once the response is there.
async fn tell(mut req: Request, next: Next) -> Response {
    let (after, again) = (req.afterwards(), req.afterwards());
    assert!(after.local::<Found>().is_none() && after.state::<Site>().is_none());
    let res = next.run(req).await;
    let found = after.local().map_or("nothing", |found: &Found| found.0);
    let site = again.state().map_or("nowhere", |site: &Site| site.0);
    res.with_header("x-found", found)
        .with_header("x-site", site)
}

async fn find(mut req: Request, next: Next) -> Response {
    req.insert(Found("a note"));
    next.run(req).await
}

fn client() -> TestClient {
    async fn refuse(_: Request, _: Next) -> Result<Response> {
        Err(Error::forbidden("not here"))
    }
    async fn through_http(req: Request, next: Next) -> Response {
        let (http, rest) = req.into_http();
        next.run(Request::from_http(http, rest)).await
    }
    async fn ends_as_http(req: Request, _: Next) -> Response {
        let (_http, _rest) = req.into_http();
        "ended".into_response()
    }
    async fn home() -> &'static str {
        "home"
    }
    async fn panics() {
        panic!("on purpose")
    }
    async fn found_late(mut req: Request) -> Response {
        req.insert(Found("late"));
        "late".into_response()
    }
    let inner = App::new().state(Site("inner")).with(find).get("/", home);
    App::new()
        .state(Site("outer"))
        .with(tell)
        .get("/unfound", home)
        .get("/late", found_late)
        .get("/found", home.with(find))
        .get("/panics", panics.with(find))
        .get("/refused", home.with(find).with(refuse))
        .get("/http", home.with(find).with(through_http))
        .get("/ended", home.with(find).with(ends_as_http))
        .mount("/inner", inner)
        .test()
}

#[test]
fn a_middleware_knows_afterwards_what_was_kept_further_in() {
    let client = client();
    let told = |path: &str, status: u16, found: &str, site: &str| {
        let res = client.get(path).send();
        res.assert_status(status);
        res.assert_header("x-found", found)
            .assert_header("x-site", site);
    };
    told("/unfound", 200, "nothing", "outer");
    // A handler may keep the request, so what it does with it is its own.
    told("/late", 200, "nothing", "outer");
    told("/found", 200, "a note", "outer");
    told("/panics", 500, "a note", "outer");
    told("/refused", 403, "a note", "outer");
    told("/http", 200, "a note", "outer");
    told("/ended", 200, "a note", "outer");
    told("/inner", 200, "a note", "inner");
    told("/inner/nothing", 404, "a note", "inner");
    told("/nothing", 404, "nothing", "outer");
}

#[test]
fn a_request_that_a_handler_keeps_has_left_its_values() {
    async fn kept(req: Request) -> &'static str {
        let mut stopping = req.stopping();
        tokio::spawn(async move {
            stopping.wait().await;
            drop(req);
        });
        "kept"
    }
    let app = App::new().with(tell).get("/", kept.with(find));
    let res = app.test().get("/").send();
    res.assert_text("kept").assert_header("x-found", "a note");
}
