//! What `explain` and the table of routes say, as people read it.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use cepa::prelude::*;
use cepa::{AppService, Mismatch, StepKind, TrailingSlash, Verdict};

async fn outer(req: Request, next: Next) -> Response {
    next.run(req).await
}

async fn inner(req: Request, next: Next) -> Response {
    next.run(req).await
}

async fn guard(req: Request, next: Next) -> Response {
    next.run(req).await
}

async fn show(Path(id): Path<String>) -> String {
    id
}

async fn lost() -> Error {
    Error::not_found("lost")
}

fn service() -> AppService {
    let shop = App::new()
        .with(inner)
        .get("/items/{id}", show.with(guard).named("item"))
        .post("/items", async || "")
        .fallback(lost);
    App::new()
        .before_routing(outer)
        .with(outer)
        .get("/users", async || "")
        .get("/users/{id}/posts", async |Path(_): Path<u64>| "")
        .get("/about/", async || "")
        .mount("/shop", shop)
        .host(
            "{team}.example.com",
            App::new().get("/members/{id}", member),
        )
        .build()
        .unwrap()
}

async fn member(Path((_team, id)): Path<(String, u64)>) -> String {
    id.to_string()
}

#[test]
fn what_is_made_around_each_step_is_left_out() {
    let app = App::new()
        .with_each(|_| outer)
        .with(inner)
        .get("/", lost.with(guard))
        .fallback(lost);
    let service = app.build().unwrap();
    for (path, wanted) in [
        ("/", &["inner", "guard", "lost"][..]),
        ("/x", &["inner", "lost"]),
    ] {
        let steps = service.explain("GET", path).steps;
        let names: Vec<_> = steps.iter().map(|step| &*step.name).collect();
        assert_eq!(names, wanted);
    }
}

#[test]
fn a_match_is_told_with_its_steps_scopes_and_parameters() {
    let explained = service().explain("GET", "/shop/items/a%20b?page=2");
    assert_eq!(explained.verdict, Verdict::Route);
    assert_eq!(explained.path, "/shop/items/a%20b");
    assert_eq!(explained.params, [("id".to_owned(), "a b".to_owned())]);
    assert_eq!(explained.route.as_ref().unwrap().name(), "item");
    let steps: Vec<_> = explained
        .steps
        .iter()
        .map(|step| (step.kind, &*step.name, &*step.scope))
        .collect();
    let wanted = [
        (StepKind::Middleware, "outer", "/"),
        (StepKind::Middleware, "inner", "/shop"),
        (StepKind::OfHandler, "guard", "/shop"),
        (StepKind::Handler, "item", "/shop"),
    ];
    assert_eq!(steps, wanted);
    assert!(
        explained
            .steps
            .iter()
            .all(|it| it.location.unwrap().file() == file!())
    );
    assert_eq!(explained.before.len(), 1);
    assert!(explained.nearest.is_empty());
}

#[test]
fn each_verdict_is_a_sentence() {
    let service = service();
    let rows = [
        ("GET", "/users", "a route matches"),
        ("HEAD", "/users", "a route matches"),
        ("GET", "/nothing", "404, no route matches"),
        (
            "PUT",
            "/users",
            "405, the path matches with other methods: GET, HEAD, OPTIONS",
        ),
        ("OPTIONS", "/users", "204, `Allow: GET, HEAD, OPTIONS`"),
        ("GET", "/shop/x", "no route matches, so a fallback answers"),
        ("G ET", "/users", "400, `G ET` is no method"),
        (
            "GET",
            "users",
            "400, a path starts with a slash: write `/users`",
        ),
        ("GET", "/a b", "400, `/a b` is no path: percent-encode it"),
        ("GET", "http://red.example.com/members/7", "a route matches"),
        ("GET", "http://red.example.com/users", "404"),
    ];
    for (method, target, wanted) in rows {
        let told = service.explain(method, target).to_string();
        assert!(told.contains(wanted), "{method} {target}: {told}");
    }
}

#[test]
fn a_miss_names_the_nearest_routes_and_why_each_does_not_match() {
    let service = service();
    let rows: [(&str, &str, &[&str]); 10] = [
        ("GET", "/usres", &["GET /users: `usres` is not `users`"]),
        (
            "GET",
            "/Users",
            &["GET /users: `Users` is written `users` there, and case matters"],
        ),
        (
            "GET",
            "/users/7",
            &[
                "GET /users: has one segment less",
                "GET /users/{id}/posts: has one segment more",
            ],
        ),
        ("GET", "/about", &["GET /about/: ends with a slash"]),
        ("GET", "/users/", &["GET /users: ends without a slash"]),
        ("DELETE", "/users", &["GET /users: has another method"]),
        (
            "GET",
            "/shop/items",
            &["POST /shop/items: has another method"],
        ),
        (
            "GET",
            "/members/7",
            &["GET {team}.example.com/members/{id}: belongs to another host"],
        ),
        (
            "GET",
            "http://red.example.com/users",
            &["GET /users: belongs to another host"],
        ),
        ("GET", "/etc/passwd", &[]),
    ];
    for (method, target, wanted) in rows {
        let near = service.explain(method, target).nearest;
        let place = |text: &str| {
            let (title, rest) = text.split_once(" (").unwrap();
            format!("{title}{}", &rest[rest.find("): ").unwrap() + 1..])
        };
        let told: Vec<String> = near.iter().map(|near| place(&near.to_string())).collect();
        for (i, wanted) in wanted.iter().enumerate() {
            assert_eq!(
                told.get(i).map(String::as_str),
                Some(*wanted),
                "{method} {target}: {told:?}"
            );
        }
        assert!(!wanted.is_empty() || told.is_empty(), "{target}: {told:?}");
    }
}

#[test]
fn the_slash_policy_is_told() {
    let app = |policy| {
        App::new()
            .trailing_slash(policy)
            .get("/a", async || "")
            .build()
            .unwrap()
    };
    let explained = app(TrailingSlash::Redirect).explain("GET", "/a/");
    assert_eq!(
        explained.verdict,
        Verdict::Redirect {
            path: "/a".to_owned()
        }
    );
    assert_eq!(
        explained.verdict.status(),
        Some(StatusCode::PERMANENT_REDIRECT)
    );
    let explained = app(TrailingSlash::Same).explain("GET", "/a/");
    assert_eq!(explained.verdict, Verdict::OtherSlash);
    let explained = app(TrailingSlash::Strict).explain("GET", "/a/");
    assert_eq!(explained.verdict, Verdict::NotFound);
    assert_eq!(
        explained.nearest[0].mismatch,
        Mismatch::TrailingSlash { expected: false }
    );
}

#[test]
fn what_is_explained_is_what_is_answered() {
    let app = || {
        App::new()
            .trailing_slash(TrailingSlash::Redirect)
            .get("/", async || "")
            .get("/a/{b}", async || "")
            .post("/a/{b}/", async || "")
            .any("/{*rest}", async || "")
            .mount("/m", App::new().get("/x", async || ""))
    };
    let (service, client) = (app().build().unwrap(), app().test());
    for method in ["GET", "HEAD", "POST", "OPTIONS", "PURGE"] {
        for path in [
            "/", "/a", "/a/b", "/a/b/", "/m", "/m/", "/m/x", "/m/x/", "//", "/x/y",
        ] {
            let explained = service.explain(method, path);
            let wanted = explained.verdict.status().unwrap_or(StatusCode::OK);
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let res = client.request(method.clone(), path).send();
            assert_eq!(res.status(), wanted, "{method} {path}: {explained}");
        }
    }
}

/// As over a socket: no route is looked for, so none is told.
#[test]
fn what_the_server_refuses_is_refused_here() {
    let service = service();
    for (method, target, reason) in [
        ("GET", "*", "only `OPTIONS` can ask for `*`"),
        ("CONNECT", "/users", "a host and a port"),
        ("GET", "ftp://a.test/users", "neither `http` nor `https`"),
        ("GET", "http://user@a.test/users", "the host is malformed"),
        ("GET", "http://a.test:99999/users", "the host is malformed"),
    ] {
        let explained = service.explain(method, target);
        let told = explained.to_string();
        assert!(told.contains("400") && told.contains(reason), "{told}");
        assert!(explained.route.is_none() && explained.steps.is_empty());
    }
    let star = service.explain("OPTIONS", "*");
    assert!(matches!(star.verdict, Verdict::Methods { .. }), "{star}");
}

#[test]
fn the_table_leaves_out_empty_columns_and_shows_the_handler_of_a_name() {
    async fn list() {}
    let plain = App::new().get("/", list).routes().to_string();
    assert!(plain.starts_with("METHOD  PATH  HANDLER"), "{plain}");
    assert!(
        !plain.contains("NAME") && !plain.contains("MIDDLEWARE"),
        "{plain}"
    );
    let named = App::new()
        .with(outer)
        .get("/", list.named("home"))
        .routes()
        .to_string();
    let line = named.lines().nth(1).unwrap();
    assert!(
        line.contains("home") && line.contains("list") && line.contains("outer"),
        "{named}"
    );
    assert_eq!(App::new().routes().to_string().lines().count(), 1);
}

#[test]
fn routes_know_their_position_in_the_table() {
    let service = service();
    for (i, route) in service.routes().iter().enumerate() {
        assert_eq!(route.index(), i);
    }
}

/// What is asked is text from anywhere, also from a page that shows why a request failed.
#[test]
fn any_method_and_target_are_explained() {
    let service = service();
    let pieces = [
        "/",
        "users",
        "{id}",
        "{*",
        "}",
        "*",
        "//",
        ":",
        "http://",
        "red.example.com",
        "[::1",
        "?",
        "#",
        "%",
        "%2F",
        "é",
        "\0",
        " ",
        ".",
        "..",
        "GET",
        "\u{7f}",
        "@",
        "\\",
    ];
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut below = |end: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % end as u64) as usize
    };
    for _ in 0..20_000 {
        let mut text = |most: usize| -> String {
            let count = below(most);
            (0..count).map(|_| pieces[below(pieces.len())]).collect()
        };
        let (method, target) = (text(3), text(8));
        for method in ["GET", "OPTIONS", &method] {
            let explained = service.explain(method, &target);
            assert!(!explained.to_string().is_empty());
            let refused = matches!(explained.verdict, Verdict::Refused { .. });
            assert_eq!(explained.steps.is_empty(), refused, "{method} {target:?}");
        }
    }
    let long = format!("/{}", "users/".repeat(10_000));
    assert!(service.explain("GET", &long).nearest.is_empty());
    assert!(service.explain("GET", &"/x".repeat(60)).nearest.is_empty());
}
