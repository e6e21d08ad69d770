//! `CrossOrigin`: which requests pass.

use cepa::prelude::*;
use cepa::{Cors, CrossOrigin};

use super::{assert_problem, request};

fn app() -> App {
    let trusted = ["https://friend.example", "http://[::1]:8080"];
    App::new()
        .trust_proxies(["loopback"])
        .with(CrossOrigin::new().with_trusted(trusted))
        .any("/", async || "passed")
}

/// The client asks for `localhost`; a path with `https://` is a request that came by https.
const PASSES: &str = "
    GET /; sec-fetch-site: cross-site; origin: https://evil.example
    HEAD /; sec-fetch-site: cross-site; origin: https://evil.example
    OPTIONS /; sec-fetch-site: cross-site; origin: https://evil.example
    GET /; origin: null
    POST /
    PUT /
    DELETE /
    POST /; sec-fetch-site: same-origin
    POST /; sec-fetch-site: none
    PATCH /; sec-fetch-site: same-origin; origin: http://localhost
    POST /; sec-fetch-site: same-origin; origin: null
    POST /; sec-fetch-site: same-origin; origin: https://public.example
    POST /; origin: http://localhost
    POST /; origin: https://localhost
    POST /; origin: http://LOCALHOST
    POST /; host: LocalHost; origin: http://localhost
    POST /; host: localhost:80; origin: http://localhost
    POST /; host: localhost:443; origin: https://localhost
    POST /; host: localhost:3000; origin: http://localhost:3000
    POST /; host: localhost:3000; origin: https://localhost:3000
    POST /; host: [::1]:3000; origin: http://[::1]:3000
    POST /; host: 127.0.0.1; origin: http://127.0.0.1
    POST https://localhost/; origin: https://localhost
    POST https://localhost:8443/; host: localhost:8443; origin: https://localhost:8443
    POST https://localhost/; origin: https://localhost:443
    POST /; origin: https://friend.example
    POST /; sec-fetch-site: cross-site; origin: https://friend.example
    POST /; sec-fetch-site: same-site; origin: https://friend.example
    POST /; sec-fetch-site: cross-site; origin: http://[::1]:8080";

const REFUSED: &str = "
    POST /; sec-fetch-site: cross-site
    POST /; sec-fetch-site: same-site
    PUT /; sec-fetch-site: cross-site
    PATCH /; sec-fetch-site: cross-site
    DELETE /; sec-fetch-site: cross-site
    PURGE /; sec-fetch-site: cross-site
    TRACE /; sec-fetch-site: cross-site
    POST /; sec-fetch-site:
    POST /; sec-fetch-site: Same-Origin
    POST /; sec-fetch-site: same-origin, none
    POST /; sec-fetch-site: unheard-of
    POST /; sec-fetch-site: cross-site; origin: http://localhost
    POST /; sec-fetch-site: same-site; origin: http://localhost
    POST /; sec-fetch-site: cross-site; origin: https://evil.example
    POST /; origin: https://evil.example
    POST /; origin: http://evil.example
    DELETE /; origin: https://evil.example
    POST /; origin: null
    POST /; origin:
    POST /; origin: *
    POST /; origin: localhost
    POST /; origin: //localhost
    POST /; origin: http://localhost/
    POST /; origin: http://localhost.evil.example
    POST /; origin: http://evil.example.localhost
    POST /; origin: http://user@localhost
    POST /; origin: http://localhost@evil.example
    POST /; origin: http://localhost:3000
    POST /; host: localhost:3000; origin: http://localhost
    POST /; host: localhost:3000; origin: http://localhost:3001
    POST /; host: localhost:443; origin: http://localhost
    POST /; host: local host; origin: http://localhost
    POST /; origin: ftp://localhost
    POST /; origin: chrome-extension://localhost
    POST https://localhost/; origin: http://localhost
    POST https://localhost/; origin: http://localhost:443
    POST /; origin: http://friend.example
    POST /; origin: https://friend.example:8443
    POST /; origin: https://a.friend.example
    POST /; sec-fetch-site: cross-site; origin: https://FRIEND.example
    POST /; sec-fetch-site: cross-site; origin: null";

#[test]
fn only_pages_of_the_same_origin_and_of_trusted_ones_may_send() {
    let client = app().test();
    let rows = |table: &'static str| table.lines().map(str::trim).filter(|row| !row.is_empty());
    assert!(rows(PASSES).count() + rows(REFUSED).count() > 60);
    for row in rows(PASSES) {
        let res = request(&client, row).send();
        assert_eq!(res.status().as_u16(), 200, "{row}");
    }
    for row in rows(REFUSED) {
        let res = request(&client, row).send();
        assert_eq!(res.status().as_u16(), 403, "{row}");
    }
}

/// Behind a proxy that ends TLS, its word decides which scheme the own origin has.
#[test]
fn the_scheme_is_that_of_the_client_where_a_trusted_proxy_knows() {
    let client = app().test();
    let proto = "POST /; x-forwarded-proto: https; origin: ";
    request(&client, &format!("{proto}https://localhost"))
        .send()
        .assert_status(200);
    request(&client, &format!("{proto}http://localhost"))
        .send()
        .assert_status(403);
}

#[test]
fn a_header_that_is_there_twice_is_believed_neither_time() {
    async fn twice(mut req: Request, next: Next) -> Response {
        for name in ["origin", "sec-fetch-site"] {
            if let Some(value) = req.headers().get(name).cloned() {
                req.headers_mut().append(name, value);
            }
        }
        next.run(req).await
    }
    let client = app().before_routing(twice).test();
    request(&client, "POST /; origin: http://localhost")
        .send()
        .assert_status(403);
    request(&client, "POST /; sec-fetch-site: same-origin")
        .send()
        .assert_status(403);
    request(&client, "POST /").send().assert_status(200);
}

#[test]
fn a_refusal_is_an_error_like_others_and_runs_nothing_inside() {
    async fn never(_: Request, _: Next) -> Response {
        panic!("it ran")
    }
    let client = App::new()
        .with(Cors::new(["https://friend.example"]))
        .with(CrossOrigin::new())
        .with(never)
        .post("/", async || "passed")
        .test();
    let res = request(&client, "POST /; origin: https://friend.example").send();
    res.assert_status(403)
        .assert_header("content-type", "application/problem+json");
    res.assert_header("access-control-allow-origin", "https://friend.example");
    request(&client, "POST /none; sec-fetch-site: cross-site")
        .send()
        .assert_status(403);
}

#[test]
fn what_is_no_origin_does_not_build() {
    let app = |origin| {
        App::new()
            .with(CrossOrigin::new().with_trusted([origin]))
            .get("/", async || "")
    };
    for origin in [
        "null",
        "friend.example",
        "https://friend.example/",
        "*",
        "https://*.example",
    ] {
        assert_problem(app(origin), &format!("`{origin}` is no origin"));
    }
}
