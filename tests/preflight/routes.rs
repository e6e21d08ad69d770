//! Patterns that are none, and routes that rank equal.

use cepa::prelude::*;

use super::{place, problem, says};

const SOURCE: &str = include_str!("routes.rs");

#[test]
fn routes_that_rank_equal_name_both_places_and_a_path() {
    let app = App::new()
        .get("/users/{id}", async || "") // first
        .post("/users/{other}", async || "")
        .get("/users/{name}", async || ""); // here
    let found = problem(app, SOURCE);
    let words = [
        "GET /users/{name}",
        "GET /users/{id}",
        &place(SOURCE, "first"),
        "`/users/x`",
    ];
    says(&found, &words);
    let inner = App::new().get("/", async || ""); // mounted
    let app = App::new().mount("/x", inner).get("/x", async || ""); // here
    let error = app.build().unwrap_err();
    assert_eq!(error.problems().len(), 1);
    let text = error.to_string();
    for line in ["mounted", "here"] {
        // Either is at fault, both are named.
        let lines = SOURCE.lines().enumerate();
        let mut lines = lines.filter(|(_, text)| text.ends_with(&format!("// {line}")));
        assert!(
            lines.any(|(at, _)| text.contains(&format!("{}:{}", file!(), at + 1))),
            "{text}"
        );
    }
}

#[test]
fn equal_routes_are_found_for_every_kind_and_method() {
    let rows = [
        ("/", "/"),
        ("/a", "/a"),
        ("/a/", "/a/"),
        ("/{a}", "/{b}"),
        ("/{*a}", "/{*b}"),
        ("/x/{a}/y", "/x/{b}/y"),
        ("/i-{a}.png", "/i-{b}.png"),
        ("/é", "/%C3%A9"),
    ];
    for (one, other) in rows {
        let pair =
            |first: &str, second: &str| App::new().get(first, async || "").get(second, async || "");
        for app in [pair(one, other), pair(other, one)] {
            let error = app.build().unwrap_err();
            let [problem] = error.problems() else {
                panic!("{error}")
            };
            // The path that is named leads to each of them, were it alone.
            let path = problem.message().split('`').nth(1).unwrap();
            for pattern in [one, other] {
                let client = App::new().get(pattern, async || "").test();
                let status = client.get(path).send().status();
                assert_eq!(status, 200, "{problem}");
            }
        }
        App::new()
            .get(one, async || "")
            .post(other, async || "")
            .build()
            .unwrap();
        let app = App::new().any(one, async || "").any(other, async || "");
        assert_eq!(
            app.build().unwrap_err().problems().len(),
            1,
            "{one} {other}"
        );
    }
}

#[test]
fn routes_of_two_hosts_do_not_compete() {
    let app = || App::new().get("/{x}", async || "");
    let hosts = App::new()
        .host("a.test", app())
        .host("b.test", app())
        .mount("/", app());
    hosts.build().unwrap();
    let same = App::new().host("a.test", app()).host("a.test", app());
    assert_eq!(same.build().unwrap_err().problems().len(), 1);
    let app = App::new()
        .host("{a}.test", App::new())
        .host("{b}.test", App::new()); // here
    says(&problem(app, SOURCE), &["same names"]);
}

#[test]
fn a_pattern_that_is_none_shows_the_right_spelling() {
    let rows = [
        ("", "write `/`"),
        ("users", "write `/users`"),
        ("/users/:id", "write `/users/{id}`"),
        ("/users/:id/posts", "write `/users/{id}/posts`"),
        ("/files/*", "write `/files/{*path}`"),
        ("/files/*rest", "write `/files/{*rest}`"),
        ("/users/<id>", "write `/users/{id}`"),
        ("/users/{id:int}", "write `{id}`"),
        ("//x", "write `/x`"),
        ("/a//{b}/", "write `/a/{b}/`"),
        ("/{*rest}/x", "at the end"),
        ("/x{*rest}", "at the end"),
        ("/{a}-{b}", "one at most"),
        ("/{}", "no valid name"),
        ("/{a b}", "no valid name"),
        ("/{a", "not closed"),
        ("/a}", "closes nothing"),
        ("/search?q=1", "has no query"),
    ];
    for (path, fix) in rows {
        let app = App::new().get(path, async || ""); // here
        says(&problem(app, SOURCE), &[fix]);
    }
}

#[test]
fn a_prefix_that_is_none_shows_the_right_spelling() {
    let rows = [
        ("admin", "write `/admin`"),
        ("/admin/", "write `/admin`"),
        ("/:id", "write `/{id}`"),
        ("/{*rest}", "needs no `{*..}`"),
        ("/a/{*rest}", "needs no `{*..}`"),
        ("/a?b", "has no query"),
    ];
    for (prefix, fix) in rows {
        let app = App::new().mount(prefix, App::new()); // here
        says(&problem(app, SOURCE), &[fix]);
        let app = App::new().group(prefix, |app| app); // here
        says(&problem(app, SOURCE), &[fix]);
    }
}

#[test]
fn a_host_that_is_none_is_refused() {
    for host in [
        "",
        "example.com:80",
        "https://example.com",
        "*.example.com",
        "{*x}.test",
        "a..b",
        "a/b",
        "{a}{b}.test",
        "m\u{fc}nchen.test",
        "xn--m%C3%BCnchen.test",
        "a b.test",
        "user@a.test",
        "{{a}}.test",
    ] {
        let app = App::new().host(host, App::new()); // here
        problem(app, SOURCE);
    }
}
