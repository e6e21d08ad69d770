//! Answers that are given before the match: who still sees them.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use cepa::prelude::*;
use cepa::{MethodOverride, NormalizePath, RequestId, SecureHeaders};

/// Writes down who was there, on the way out.
macro_rules! seen {
    ($name:literal) => {
        async |req: Request, next: Next| {
            let mut res = next.run(req).await;
            res.append_header("x-seen", $name);
            res
        }
    };
}

async fn no_php(req: Request, next: Next) -> Response {
    match req.path() {
        "/a.php" => {
            next.answer(req, Error::new(StatusCode::GONE, "no more"))
                .await
        }
        "/b.php" => next.answer(req, (StatusCode::ACCEPTED, "taken")).await,
        "/c.php" => Error::forbidden("out").into_response(),
        _ => next.run(req).await,
    }
}

fn seen_by(res: &cepa::testing::TestResponse) -> String {
    let all = res.headers().get_all("x-seen").iter();
    let all: Vec<_> = all.map(|name| name.to_str().unwrap()).collect();
    all.join(" ")
}

#[test]
fn the_middleware_of_the_app_runs_around_an_answer_before_the_match() {
    let inner = App::new()
        .with(seen!("inner"))
        .get("/c.php", async || "inner");
    let client = App::new()
        .with(seen!("with"))
        .before_routing(seen!("first"))
        .before_routing(no_php)
        .before_routing(seen!("last"))
        .get("/", async || "home")
        .get("/b.php", async || "never")
        .mount("/in", inner)
        .on_error(async |error: &Error, _: &ErrorContext| format!("drawn: {}", error.message()))
        .test();
    let table = [
        ("/", 200, "home", "with last first"),
        (
            "/nowhere",
            404,
            "drawn: there is nothing at this address",
            "with last first",
        ),
        ("/a.php", 410, "drawn: no more", "with first"),
        ("/b.php", 202, "taken", "with first"),
        // What is returned passes those alone that were passed on the way in.
        ("/c.php", 403, "drawn: out", "first"),
        ("/in/c.php", 200, "inner", "inner with last first"),
    ];
    for (path, status, text, who) in table {
        let res = client.get(path).send();
        res.assert_status(status).assert_text(text);
        assert_eq!(seen_by(&res), who, "{path}");
    }
}

#[test]
fn behind_the_match_it_is_a_return() {
    let guard = async |req: Request, next: Next| next.answer(req, Error::forbidden("out")).await;
    let client = App::new()
        .with(seen!("outer"))
        .with(guard)
        .with(seen!("inner"))
        .get("/", async || "home")
        .test();
    for path in ["/", "/nowhere"] {
        let res = client.get(path).send();
        res.assert_status(403).assert_contains("out");
        assert_eq!(seen_by(&res), "outer");
    }
}

#[test]
fn redirects_and_refusals_of_our_own_have_ids_and_headers() {
    let client = App::new()
        .before_routing(NormalizePath::redirect())
        .before_routing(MethodOverride::new())
        .with(RequestId::new())
        .with(SecureHeaders::new())
        .get("/a", async || "a")
        .test();
    let moved = client.get("//a?b=1").send();
    moved.assert_status(308).assert_header("location", "/a?b=1");
    let refused = client
        .post("/a")
        .header("x-http-method-override", "GET")
        .send();
    refused.assert_status(400);
    for res in [moved, refused] {
        assert!(res.header("x-request-id").is_some());
        res.assert_header("x-content-type-options", "nosniff");
    }
}
