//! An app that is mounted at `/` of another answers for all that app has no route for, wherever that
//! one is mounted itself.

use cepa::prelude::*;

async fn outer(req: Request, next: Next) -> Response {
    marked(req, next, "outer").await
}

async fn inner(req: Request, next: Next) -> Response {
    marked(req, next, "inner").await
}

async fn marked(req: Request, next: Next, by: &'static str) -> Response {
    let mut res = next.run(req).await;
    res.append_header("x-by", by);
    res
}

/// An app with another one at its `/`.
fn nested() -> App {
    let at_root = App::new()
        .with(inner)
        .get("/b", async || "b")
        .fallback(async || Error::not_found("nothing inside"));
    App::new()
        .with(outer)
        .get("/a", async || "a")
        .mount("/", at_root)
}

fn by(res: &cepa::testing::TestResponse) -> Vec<&str> {
    let values = res.headers().get_all("x-by").iter();
    values.filter_map(|value| value.to_str().ok()).collect()
}

/// It once did so in the outermost app and at a host only: mounted, the same app gave other answers.
#[test]
fn an_app_answers_for_misses_alike_wherever_it_is_mounted() {
    let apps = [
        ("", nested()),
        ("/v1", App::new().mount("/v1", nested())),
        ("/7/v1", App::new().mount("/{n}/v1", nested())),
        (
            "/in/v1",
            App::new().mount("/in", App::new().mount("/v1", nested())),
        ),
        (
            "/v1",
            App::new().mount("/v1", App::new().mount("/", nested())),
        ),
        ("", App::new().mount("/", App::new().mount("/", nested()))),
        ("http://a.test", App::new().host("a.test", nested())),
        (
            "http://a.test/v1",
            App::new().host("a.test", App::new().mount("/v1", nested())),
        ),
    ];
    for (at, app) in apps {
        let client = app.test();
        assert_eq!(client.service().warnings().len(), 0, "{at}");
        let res = client.get(format!("{at}/none")).send();
        res.assert_status(404).assert_contains("nothing inside");
        assert_eq!(by(&res), ["inner", "outer"], "{at}");
        let res = client.get(format!("{at}/a")).send();
        res.assert_text("a");
        assert_eq!(by(&res), ["outer"], "{at}");
        let res = client.post(format!("{at}/a")).send();
        res.assert_status(405);
        assert_eq!(by(&res), ["outer"], "{at}");
    }
}

#[test]
fn of_two_at_the_root_of_a_mounted_app_the_first_answers() {
    let says = |text: &'static str| App::new().fallback(move || std::future::ready(text));
    let team = App::new()
        .mount("/", says("first"))
        .mount("/", says("second"));
    let client = App::new()
        .mount("/team", team)
        .mount("/team", App::new().mount("/", says("third")))
        .test();
    client.get("/team/none").send().assert_text("first");
    let warnings = client.service().warnings();
    assert!(
        warnings
            .iter()
            .any(|one| one.to_string().contains("is never reached")),
        "{warnings:?}"
    );
}
