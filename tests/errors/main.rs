//! Every kind of failure in every form: status, renderer, what the client reads and who is told.

#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod rendering;
mod typed;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use cepa::prelude::*;
use cepa::testing::TestResponse;

/// What a client must never read.
const SECRET: &str = "the password is 1234";

/// One kind of failure: where it is, its status, and the sentence for the client (5xx have none).
struct Kind {
    method: Method,
    path: &'static str,
    status: u16,
    shown: &'static str,
}

fn kinds() -> Vec<Kind> {
    let rows = [
        ("GET /handler/4xx", 409, "a < b & \"c\""),
        ("GET /handler/5xx", 500, ""),
        ("GET /handler/503", 503, ""),
        ("GET /handler/question", 500, ""),
        ("GET /handler/panic", 500, ""),
        ("GET /handler/sync-panic", 500, ""),
        ("GET /handler/none", 404, "there is nothing here"),
        ("GET /handler/header", 500, ""),
        ("GET /handler/tuple", 500, ""),
        ("GET /extractor/x", 400, "the path parameter `id`"),
        ("GET /extractor/own/4xx", 401, "who are you?"),
        ("GET /extractor/own/5xx", 500, ""),
        ("GET /extractor/own/panic", 500, ""),
        ("GET /function/4xx", 403, "not you"),
        ("GET /function/5xx", 500, ""),
        ("GET /function/question", 500, ""),
        ("GET /function/panic", 500, ""),
        ("GET /function/after", 500, ""),
        ("GET /function/header", 500, ""),
        ("GET /function/extractor", 401, "who are you?"),
        ("GET /struct/4xx", 402, "pay first"),
        ("GET /struct/5xx", 500, ""),
        ("GET /struct/panic", 500, ""),
        ("GET /struct/sync-panic", 500, ""),
        ("GET /struct/header", 500, ""),
        ("GET /nothing", 404, "there is nothing at this address"),
        (
            "POST /handler/4xx",
            405,
            "POST is not possible here, but GET, HEAD, OPTIONS",
        ),
    ];
    let kind = |(asked, status, shown): (&'static str, u16, &'static str)| {
        let (method, path) = asked.split_once(' ').unwrap();
        Kind {
            method: method.parse().unwrap(),
            path,
            status,
            shown,
        }
    };
    rows.into_iter().map(kind).collect()
}

/// An app that fails in each of these ways.
fn failing() -> App {
    let sync_panic = || {
        if std::hint::black_box(true) {
            panic!("{SECRET}");
        }
        std::future::ready(())
    };
    let handlers = App::new()
        .get("/4xx", async || {
            Err::<(), _>(Error::conflict("a < b & \"c\"").with_source(SECRET))
        })
        .get("/5xx", async || Err::<(), _>(Error::internal(SECRET)))
        .get("/503", async || Err::<(), _>(Error::unavailable(SECRET)))
        .get("/question", async || -> Result<()> { Err(SECRET)? })
        .get("/panic", async || -> () { panic!("{SECRET}") })
        .get("/sync-panic", sync_panic)
        .get("/none", async || None::<&'static str>)
        .get("/header", async || {
            let mut res = SECRET.into_response();
            res.set_header("x-name", "a\r\nset-cookie: evil=1");
            res
        })
        .get("/tuple", async || {
            (StatusCode::CREATED, [("x-name", "a\nb")], SECRET)
        });
    let extractors = App::new()
        .get("/{id}", async |Path(_): Path<u8>| ())
        .get("/own/{how}", async |_: Fails| ());
    let function = |how: &'static str| (async || SECRET).with(Local(how)).with(function);
    let structs = |how: &'static str| (async || SECRET).with(Struct(how));
    App::new()
        .mount("/handler", handlers)
        .mount("/extractor", extractors)
        .group("/function", |app| {
            let all = ["4xx", "5xx", "question", "panic", "after", "header"];
            let app = all
                .into_iter()
                .fold(app, |app, how| app.get(&format!("/{how}"), function(how)));
            app.get("/extractor", (async || SECRET).with(extracting))
        })
        .group("/struct", |app| {
            let all = ["4xx", "5xx", "panic", "sync-panic", "header"];
            all.into_iter()
                .fold(app, |app, how| app.get(&format!("/{how}"), structs(how)))
        })
}

/// An extractor that fails as the last segment of the path says.
struct Fails;

impl FromRequest for Fails {
    async fn from_request(req: &mut Request) -> Result<Self> {
        match req.path().rsplit('/').next().unwrap() {
            "5xx" => Err(SECRET)?,
            "panic" => panic!("{SECRET}"),
            _ => Err(Error::unauthorized("who are you?")),
        }
    }
}

/// Keeps how the function inside fails.
struct Local(&'static str);

impl Middleware for Local {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        req.insert(self.0);
        next.run(req).await
    }
}

async fn function(how: cepa::Local<&'static str>, req: Request, next: Next) -> Result<Response> {
    match how.0 {
        "4xx" => return Err(Error::forbidden("not you")),
        "5xx" => return Err(Error::internal(SECRET)),
        "question" => Err(SECRET)?,
        "panic" => panic!("{SECRET}"),
        _ => {}
    }
    let mut res = next.run(req).await;
    if how.0 == "after" {
        return Err(Error::internal(SECRET));
    }
    res.append_header("x-name", "a\nb");
    Ok(res)
}

async fn extracting(_: Fails, req: Request, next: Next) -> Response {
    next.run(req).await
}

/// A middleware as a type, which answers with a `Response` alone.
struct Struct(&'static str);

impl Middleware for Struct {
    fn handle(&self, req: Request, next: Next) -> impl Future<Output = Response> + Send {
        assert!(self.0 != "sync-panic", "{SECRET}");
        let how = self.0;
        async move {
            match how {
                "4xx" => Error::new(StatusCode::PAYMENT_REQUIRED, "pay first").into_response(),
                "5xx" => Error::internal(SECRET).into_response(),
                "panic" => panic!("{SECRET}"),
                _ => {
                    let mut res = next.run(req).await;
                    res.set_header("x-\nname", "value");
                    res
                }
            }
        }
    }
}

/// What every error answer has to hold, whoever rendered it.
#[track_caller]
fn check(res: &TestResponse, kind: &Kind) {
    res.assert_status(kind.status);
    let text = res.text();
    assert!(!text.contains(SECRET), "{res}");
    assert_eq!(res.header("x-name"), None, "{res}");
    assert_eq!(res.header("set-cookie"), None, "{res}");
    assert_eq!(res.error().unwrap().status().as_u16(), kind.status, "{res}");
    if kind.status == 405 {
        res.assert_header("allow", "GET, HEAD, OPTIONS");
    }
}

#[test]
fn each_failure_is_a_problem_document_a_page_or_text() {
    let client = failing().test();
    for kind in kinds() {
        let ask = |accept: &'static str| {
            let request = client.request(kind.method.clone(), kind.path);
            request.header("accept", accept).send()
        };
        for accept in [
            "application/problem+json",
            "application/json",
            "*/*",
            "image/png",
        ] {
            let res = ask(accept);
            check(&res, &kind);
            res.assert_header("content-type", "application/problem+json");
            let problem: BTreeMap<String, Value> = res.json();
            assert_eq!(problem["status"], kind.status);
            assert_eq!(problem["title"], res.status().canonical_reason().unwrap());
            let detail = problem.get("detail").and_then(Value::as_str).unwrap_or("");
            assert!(
                detail.starts_with(kind.shown) && detail.is_empty() == kind.shown.is_empty(),
                "{res}"
            );
        }
        let res = ask("text/html,application/xhtml+xml,*/*;q=0.8");
        check(&res, &kind);
        res.assert_header("content-type", "text/html; charset=utf-8");
        let escaped = kind
            .shown
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('"', "&quot;");
        res.assert_contains(&kind.status.to_string())
            .assert_contains(&escaped);
        let res = ask("text/plain");
        check(&res, &kind);
        res.assert_header("content-type", "text/plain; charset=utf-8");
        res.assert_contains(&kind.status.to_string())
            .assert_contains(kind.shown);
    }
}

#[test]
fn each_failure_is_rendered_by_its_scope_and_observed_once() {
    async fn outer(error: &Error, _: &ErrorContext) -> String {
        format!("outer {}", error.message())
    }
    async fn inner(error: &Error, _: &ErrorContext) -> String {
        format!("inner {}", error.message())
    }
    /// Those outside get a response like any other, with the error beside it.
    async fn outermost(req: Request, next: Next) -> Response {
        let mut res = next.run(req).await;
        let body = res.take_body().collect(10_000).await.unwrap();
        assert!(!body.is_empty() && res.error().is_some());
        assert!(res.status().is_client_error() || res.status().is_server_error());
        res.set_body(body);
        res.set_header("x-outermost", "yes");
        res
    }
    let seen: Arc<Mutex<Vec<u16>>> = Arc::default();
    let noted = seen.clone();
    let note =
        move |error: &Error, _: &ErrorContext| noted.lock().unwrap().push(error.status().as_u16());
    let client = failing()
        .on_error(outer)
        .observe_errors(note)
        .with(outermost)
        .mount("/in", failing().on_error(inner))
        .test();
    for kind in kinds() {
        for (prefix, who) in [("", "outer"), ("/in", "inner")] {
            let path = format!("{prefix}{}", kind.path);
            let res = client
                .request(kind.method.clone(), path)
                .header("accept", "text/html")
                .send();
            check(&res, &kind);
            res.assert_header("x-outermost", "yes");
            let reason = res.status().canonical_reason().unwrap();
            let shown = if kind.shown.is_empty() {
                reason
            } else {
                kind.shown
            };
            assert!(res.text().starts_with(&format!("{who} {shown}")), "{res}");
            assert_eq!(
                std::mem::take(&mut *seen.lock().unwrap()),
                [kind.status],
                "{res}"
            );
        }
    }
}

#[test]
fn a_middleware_that_fails_is_rendered_by_the_scope_it_was_written_in() {
    async fn outer(_: &Error, _: &ErrorContext) -> &'static str {
        "outer"
    }
    async fn inner(_: &Error, _: &ErrorContext) -> &'static str {
        "inner"
    }
    async fn refuse(req: Request, next: Next) -> Result<Response> {
        match req.query() {
            "refuse" => Err(Error::forbidden("no")),
            _ => Ok(next.run(req).await),
        }
    }
    let app = App::new().get("/", async || Err::<(), _>(Error::conflict("no")));
    let client = App::new()
        .on_error(outer)
        .with(refuse)
        .mount("/own", app.on_error(inner))
        .mount(
            "/inherited",
            App::new().get("/", async || Err::<(), _>(Error::conflict("no"))),
        )
        .before_routing(async |req: Request, next: Next| match req.path() {
            "/before" => Err(Error::bad_request("no")),
            _ => Ok(next.run(req).await),
        })
        .test();
    client
        .get("/own")
        .send()
        .assert_status(409)
        .assert_text("inner");
    client
        .get("/own?refuse")
        .send()
        .assert_status(403)
        .assert_text("outer");
    client
        .get("/own/none")
        .send()
        .assert_status(404)
        .assert_text("inner");
    client
        .get("/inherited")
        .send()
        .assert_status(409)
        .assert_text("outer");
    client
        .get("/before")
        .send()
        .assert_status(400)
        .assert_text("outer");
}

#[test]
fn one_failure_after_another_is_told_one_by_one() {
    async fn spoil(req: Request, next: Next) -> Response {
        let mut res = next.run(req).await;
        assert_eq!(res.error().unwrap().status(), 404);
        res.set_header("x", "\n");
        res.set_header("y", "\n");
        res.set_status(StatusCode::OK);
        res
    }
    let seen: Arc<Mutex<Vec<u16>>> = Arc::default();
    let noted = seen.clone();
    let client = App::new()
        .observe_errors(move |error, _| noted.lock().unwrap().push(error.status().as_u16()))
        .with(spoil)
        .get("/", async || Err::<(), _>(Error::not_found("no")))
        .test();
    client.get("/").send().assert_status(500);
    assert_eq!(*seen.lock().unwrap(), [404, 500]);
}
