//! Services of tower mounted in an app: axum, folders, and what they see of the request.

use axum::extract::Extension;
use cepa::http;
use cepa::prelude::*;
use cepa::tower::{OriginalUri, tower_service};
use tower::service_fn;
use tower_http::services::ServeDir;

/// Answers with what it sees.
async fn seen(Extension(original): Extension<OriginalUri>, req: axum::extract::Request) -> String {
    format!("{} {} of {}", req.method(), req.uri(), original.0)
}

fn axum_router() -> axum::Router {
    axum::Router::new()
        .route("/", axum::routing::any(seen))
        .route("/users/{id}", axum::routing::get(seen))
        .route("/echo", axum::routing::post(async |body: String| body))
}

#[test]
fn an_axum_router_sees_paths_without_the_prefix() {
    let client = App::new()
        .get("/", async || "cepa")
        .get("/old/own", async || "cepa's own")
        .mount("/old", tower_service(axum_router()))
        .mount("/{tenant}/api", tower_service(axum_router()))
        .test();
    let rows = [
        ("/", "cepa"),
        ("/old", "GET / of /old"),
        ("/old/", "GET / of /old/"),
        ("/old?a=b", "GET /?a=b of /old?a=b"),
        ("/old/users/7?x", "GET /users/7?x of /old/users/7?x"),
        ("/old/own", "cepa's own"),
        ("/a%2Fb/api/users/7", "GET /users/7 of /a%2Fb/api/users/7"),
    ];
    for (path, wanted) in rows {
        client
            .get(path)
            .send()
            .assert_status(200)
            .assert_text(wanted);
    }
    client
        .post("/old/echo")
        .body("hello")
        .send()
        .assert_text("hello");
    client
        .request(Method::OPTIONS, "/old")
        .send()
        .assert_text("OPTIONS / of /old");
    // The router's own answers are sent as they are.
    client
        .get("/old/nothing")
        .send()
        .assert_status(404)
        .assert_text("");
    client
        .post("/old/users/7")
        .send()
        .assert_status(405)
        .assert_header("allow", "GET,HEAD");
    client.get("/older").send().assert_status(404);
}

#[test]
fn a_service_at_the_root_answers_what_the_app_does_not() {
    let client = App::new()
        .get("/", async || "cepa")
        .mount("/", tower_service(axum_router()))
        .test();
    client.get("/").send().assert_text("cepa");
    client
        .get("/users/7")
        .send()
        .assert_text("GET /users/7 of /users/7");
}

#[test]
fn the_middleware_around_the_mount_is_around_the_service() {
    async fn stamp(req: Request, next: Next) -> Response {
        let mut res = next.run(req).await;
        res.set_header("x-stamp", "seen");
        res
    }
    let client = App::new()
        .with(stamp)
        .mount("/x", tower_service(axum_router()))
        .test();
    client
        .get("/x/users/7")
        .send()
        .assert_header("x-stamp", "seen");
    client
        .get("/x/no")
        .send()
        .assert_status(404)
        .assert_header("x-stamp", "seen");
}

#[test]
fn a_folder_is_served_with_ranges_and_dates() {
    let dir = std::env::temp_dir().join(format!("cepa-interop-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("a.txt"), "0123456789").unwrap();
    let client = App::new()
        .mount("/static", tower_service(ServeDir::new(&dir)))
        .test();
    let res = client.get("/static/a.txt").send();
    res.assert_text("0123456789")
        .assert_header("content-type", "text/plain");
    let res = client
        .get("/static/a.txt")
        .header("range", "bytes=2-4")
        .send();
    res.assert_status(206).assert_text("234");
    let res = client.request(Method::HEAD, "/static/a.txt").send();
    res.assert_status(200)
        .assert_text("")
        .assert_header("content-length", "10");
    client
        .get("/static/../Cargo.toml")
        .send()
        .assert_status(404);
    std::fs::remove_dir_all(&dir).unwrap();
}

#[derive(Debug)]
struct Broken;

impl std::error::Error for Broken {}
impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the service is broken")
    }
}

#[test]
fn the_failure_of_a_service_is_an_error_of_the_app() {
    let broken = || {
        service_fn(
            async |_: http::Request<Body>| -> Result<http::Response<Body>, Broken> { Err(Broken) },
        )
    };
    let app = || App::new().mount("/x", tower_service(broken()));
    let res = app().test().get("/x").send();
    res.assert_status(500);
    assert!(res.error().unwrap().downcast_ref::<Broken>().is_some());
    let mapped = app().map_error::<Broken>(|_| Error::new(StatusCode::BAD_GATEWAY, ""));
    mapped.test().get("/x").send().assert_status(502);
}

/// An error of ours that went through a service of others is the same error again.
#[test]
fn an_error_of_ours_keeps_its_status_through_a_service() {
    let failing = service_fn(
        async |_: http::Request<Body>| -> Result<http::Response<Body>, cepa::BoxError> {
            Err(Error::conflict("taken").into_boxed())
        },
    );
    let client = App::new().mount("/x", tower_service(failing)).test();
    let res = client.get("/x").send();
    res.assert_status(409);
    assert_eq!(res.error().unwrap().message(), "taken");
}
