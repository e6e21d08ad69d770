//! The chain: which middleware runs around which answer, in which order, and what it sees.

#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod afterwards;
mod ends;
mod scopes;

use std::sync::{Arc, Mutex};

use cepa::prelude::*;
use cepa::testing::TestResponse;

/// Notes its name in `x-chain`, behind those outside of it.
struct Mark(&'static str);

impl Middleware for Mark {
    async fn handle(&self, req: Request, next: Next) -> Response {
        let mut res = next.run(req).await;
        let inner = res.header("x-chain").unwrap_or("").to_owned();
        res.set_header("x-chain", format!("{} {inner}", self.0).trim_end());
        res
    }
}

/// The names of the middleware around an answer, outermost first.
fn chain(res: &TestResponse) -> &str {
    res.header("x-chain").unwrap_or("")
}

#[test]
fn requests_pass_top_to_bottom_and_responses_bottom_to_top() {
    type Log = Arc<Mutex<Vec<&'static str>>>;

    fn note(log: &Log, on_the_way: [&'static str; 2]) -> impl Middleware + use<> {
        struct Note(Log, [&'static str; 2]);
        impl Middleware for Note {
            async fn handle(&self, req: Request, next: Next) -> Response {
                self.0.lock().unwrap().push(self.1[0]);
                let res = next.run(req).await;
                self.0.lock().unwrap().push(self.1[1]);
                res
            }
        }
        Note(log.clone(), on_the_way)
    }

    let log = Log::default();
    let handler = |State(log): State<Log>| async move { log.lock().unwrap().push("handler") };
    let inner = App::new()
        .with(note(&log, ["in 3", "out 3"]))
        .get("/", handler.with(note(&log, ["in 5", "out 5"])))
        .with(note(&log, ["in 4", "out 4"]));
    let client = App::new()
        .state(log.clone())
        .mount("/", inner)
        .with(note(&log, ["in 1", "out 1"]))
        .before_routing(note(&log, ["in 0", "out 0"]))
        .with(note(&log, ["in 2", "out 2"]))
        .test();
    client.get("/").send().assert_status(200);
    let wanted =
        "in 0, in 1, in 2, in 3, in 4, in 5, handler, out 5, out 4, out 3, out 2, out 1, out 0";
    assert_eq!(log.lock().unwrap().join(", "), wanted);
}

#[test]
fn middleware_wraps_its_app_wherever_in_the_builder_it_stands() {
    let client = App::new()
        .get("/before", async || "")
        .mount("/in", App::new().get("/", async || "").with(Mark("inner")))
        .with(Mark("outer"))
        .get("/after", (async || "").with(Mark("a")).with(Mark("b")))
        .with(Mark("last"))
        .test();
    let rows = [
        ("/before", "outer last"),
        ("/after", "outer last a b"),
        ("/in", "outer last inner"),
    ];
    for (path, wanted) in rows {
        let res = client.get(path).send();
        assert_eq!(chain(res.assert_status(200)), wanted, "{path}");
    }
}

#[test]
fn handlers_keep_their_own_middleware_apart() {
    async fn show() {}
    let client = App::new()
        .get("/one", show.with(Mark("one")))
        .get("/two", show.named("two").with(Mark("two")))
        .get("/none", show)
        .post("/one", show)
        .test();
    let get = |path| chain(&client.get(path).send()).to_owned();
    assert_eq!(get("/one"), "one");
    assert_eq!(get("/two"), "two");
    assert_eq!(get("/none"), "");
    assert_eq!(chain(&client.post("/one").send()), "");
    // Another method, so none of the routes.
    assert_eq!(chain(&client.put("/one").send()), "");
}

#[test]
fn middleware_can_be_conditional() {
    async fn function(req: Request, next: Next) -> Response {
        Mark("function").handle(req, next).await
    }
    let client = App::new()
        .with_if(true, Mark("yes"))
        .with_if(false, Mark("no"))
        .with(Some(Mark("some")))
        .with(None::<Mark>)
        .with(Some(function))
        .with_if(true, Some(Mark("both")))
        .get(
            "/",
            (async || "").with(Some(Mark("own"))).with(None::<Mark>),
        )
        .test();
    assert_eq!(chain(&client.get("/").send()), "yes some function both own");
}

#[test]
fn automatic_answers_stand_inside_the_chain_of_their_scope() {
    let inner = App::new()
        .with(Mark("inner"))
        .get("/x", (async || "").with(Mark("route")))
        .trailing_slash(cepa::TrailingSlash::Redirect);
    let client = App::new().with(Mark("outer")).mount("/in", inner).test();
    let rows = [
        (Method::GET, "/in/x", 200, "outer inner route"),
        (Method::GET, "/in/none", 404, "outer inner"),
        (Method::GET, "/in", 404, "outer inner"),
        (Method::POST, "/in/x", 405, "outer inner"),
        (Method::OPTIONS, "/in/x", 204, "outer inner"),
        (Method::GET, "/in/x/", 308, "outer inner"),
        (Method::GET, "/none", 404, "outer"),
        (Method::OPTIONS, "/none", 404, "outer"),
    ];
    for (method, path, status, wanted) in rows {
        let res = client.request(method, path).send();
        assert_eq!(chain(res.assert_status(status)), wanted, "{path}");
    }
}

#[test]
fn leading_extractors_run_before_the_function() {
    #[derive(Clone)]
    struct Secret(&'static str);

    async fn guard(
        State(secret): State<Secret>,
        headers: HeaderMap,
        method: Method,
        Path(id): Path<u8>,
        req: Request,
        next: Next,
    ) -> Result<Response> {
        let given = headers.get("x-secret").or_unauthorized("no secret")?;
        if given != secret.0 || method != Method::GET {
            return Err(Error::forbidden("wrong"));
        }
        let mut res = next.run(req).await;
        res.set_header("x-id", id.to_string());
        Ok(res)
    }
    let inner = App::new().with(guard).any("/", async || "inside");
    let client = App::new().state(Secret("s")).mount("/{id}", inner).test();
    client.get("/7").send().assert_status(401);
    client
        .get("/7")
        .header("x-secret", "t")
        .send()
        .assert_status(403);
    client
        .post("/7")
        .header("x-secret", "s")
        .send()
        .assert_status(403);
    client
        .get("/x")
        .header("x-secret", "s")
        .send()
        .assert_status(400);
    let res = client.get("/7").header("x-secret", "s").send();
    res.assert_text("inside").assert_header("x-id", "7");
}

#[test]
fn a_middleware_takes_up_to_eight_leading_extractors() {
    type M = Method;
    #[rustfmt::skip]
    #[expect(clippy::too_many_arguments, reason = "it shows how many there may be")]
    async fn many(a: M, b: M, c: M, d: M, e: M, f: M, g: M, h: M, req: Request, next: Next) -> Response {
        let mut res = next.run(req).await;
        res.set_header("x-seen", format!("{a}{b}{c}{d}{e}{f}{g}{h}"));
        res
    }
    let client = App::new().with(many).get("/", async || "").test();
    client
        .get("/")
        .send()
        .assert_header("x-seen", &"GET".repeat(8));
}

#[test]
fn a_middleware_that_does_not_go_on_answers_alone() {
    async fn closed(_: Request, _next: Next) -> (StatusCode, &'static str) {
        (StatusCode::SERVICE_UNAVAILABLE, "closed")
    }
    async fn unreachable() -> &'static str {
        panic!("the handler ran")
    }
    let client = App::new()
        .with(Mark("outer"))
        .with(closed)
        .with(Mark("inner"))
        .get("/", unreachable)
        .test();
    for path in ["/", "/none"] {
        let res = client.get(path).send();
        res.assert_status(503).assert_text("closed");
        assert_eq!(chain(&res), "outer");
    }
}

#[test]
fn a_closure_that_captures_is_a_middleware() {
    let name = String::from("captured");
    let client = App::new()
        .with(move |req: Request, next: Next| {
            let name = name.clone();
            async move {
                let mut res = next.run(req).await;
                res.set_header("x-name", name);
                res
            }
        })
        .with(async |req: Request, next: Next| next.run(req).await)
        .get("/", async || "")
        .test();
    client.get("/").send().assert_header("x-name", "captured");
}

#[test]
fn middleware_knows_the_matched_route() {
    async fn look(req: Request, next: Next) -> Response {
        let seen = req.route().map(|route| {
            let method = route.method().map_or("ANY", Method::as_str);
            format!("{method} {} {}", route.path(), route.name())
        });
        let params = format!("{:?} {:?}", req.param("t"), req.param("id"));
        let mut res = next.run(req).await;
        res.set_header("x-route", seen.unwrap_or_else(|| "none".to_owned()));
        res.set_header("x-params", params);
        res
    }
    let inner = App::new()
        .get("/{id}", (async || "").named("show"))
        .any("/any/{id}", (async || "").named("any"));
    let client = App::new().with(look).mount("/{t}", inner).test();
    let rows = [
        (
            Method::GET,
            "/a/7",
            "GET /{t}/{id} show",
            "Some(\"a\") Some(\"7\")",
        ),
        (
            Method::HEAD,
            "/a/7",
            "GET /{t}/{id} show",
            "Some(\"a\") Some(\"7\")",
        ),
        (
            Method::PUT,
            "/a/any/7",
            "ANY /{t}/any/{id} any",
            "Some(\"a\") Some(\"7\")",
        ),
        // Nothing matched, so there is no route, but the prefix was.
        (Method::POST, "/a/7", "none", "Some(\"a\") None"),
        (Method::OPTIONS, "/a/7", "none", "Some(\"a\") None"),
        (Method::GET, "/a/b/c", "none", "Some(\"a\") None"),
        (Method::GET, "/", "none", "None None"),
    ];
    for (method, path, route, params) in rows {
        let res = client.request(method, path).send();
        res.assert_header("x-route", route)
            .assert_header("x-params", params);
    }
}

#[test]
fn what_a_middleware_changes_of_the_request_those_inside_see() {
    async fn change(mut req: Request, next: Next) -> Result<Response> {
        let body = req.buffer_body(100).await?;
        let twice = [&body[..], &body[..]].concat();
        req.set_body(twice);
        req.headers_mut().insert("x-added", "yes".parse()?);
        req.set_method(Method::PUT);
        req.insert(7_u64);
        Ok(next.run(req).await)
    }
    async fn show(
        method: Method,
        headers: HeaderMap,
        Local(n): Local<u64>,
        body: String,
    ) -> String {
        format!(
            "{method} {} {n} {body}",
            headers["x-added"].to_str().unwrap()
        )
    }
    let client = App::new().with(change).post("/", show).test();
    client
        .post("/")
        .body("ab")
        .send()
        .assert_text("PUT yes 7 abab");
}

#[test]
fn a_handler_with_the_next_of_another_request_gets_an_error_and_no_other_route() {
    type Kept = Arc<Mutex<Option<Next>>>;
    async fn keep(State(kept): State<Kept>, _: Request, next: Next) -> &'static str {
        *kept.lock().unwrap() = Some(next);
        "kept"
    }
    async fn misuse(State(kept): State<Kept>, req: Request) -> Response {
        let next = kept.lock().unwrap().take().unwrap();
        next.run(req).await
    }
    let client = App::new()
        .state(Kept::default())
        .get("/keep", (async || "unreached").with(keep))
        .get("/misuse", misuse)
        .get("/behind", async || "another route")
        .test();
    client.get("/keep").send().assert_text("kept");
    let res = client.get("/misuse").send();
    res.assert_status(500);
}
