//! Which route answers, by the grammar and the priorities of `src/router/mod.rs`: a test is a row.

#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod fallbacks;
mod hosts;
mod inner_root;
mod links;
mod mounts;
mod paths;
mod property;
mod rewriting;

use std::collections::BTreeMap;

use cepa::TrailingSlash;
use cepa::prelude::*;
use cepa::testing::TestClient;

/// Adds routes such as `GET /users/{id}`, each answering with its own title and its parameters.
fn add(app: App, routes: &[&'static str]) -> App {
    routes.iter().copied().fold(app, |app, title| {
        let (method, path) = title.split_once(' ').unwrap();
        let handler = move |Path(params): Path<BTreeMap<String, String>>| async move {
            let pairs = params
                .iter()
                .map(|(name, value)| format!(" {name}={value}"));
            let text = format!("{title}{}", pairs.collect::<String>());
            ([("x-route", title)], text)
        };
        match method {
            "ANY" => app.any(path, handler),
            _ => app.route(method.parse().unwrap(), path, handler),
        }
    })
}

fn routes(routes: &[&'static str]) -> App {
    add(App::new(), routes)
}

/// What is answered to `GET /users/7`: the route's text (for HEAD its title alone), or the status
/// with the header that explains it.
fn answer(client: &TestClient, asked: &str) -> String {
    let (method, path) = asked.split_once(' ').unwrap();
    let res = client.request(method.parse().unwrap(), path).send();
    let header = |name| res.header(name).unwrap_or("nothing");
    match (res.status().as_u16(), method) {
        (200, "HEAD") => header("x-route").to_owned(),
        (200, _) => res.text().to_owned(),
        (status @ (204 | 405), _) => format!("{status} {}", header("allow")),
        (308, _) => format!("308 {}", header("location")),
        (status, _) => status.to_string(),
    }
}

/// Questions and their answers.
type Rows<'a> = &'a [(&'a str, &'a str)];

/// Asks an app each row's question.
#[track_caller]
fn table(app: App, rows: Rows<'_>) {
    let client = app.test();
    for (asked, wanted) in rows {
        assert_eq!(answer(&client, asked), *wanted, "{asked}");
    }
}

#[test]
fn segments_rank_from_the_left_literal_then_mixed_then_parameter_then_rest() {
    let rows: &[(&[&'static str], Rows<'_>)] = &[
        (
            &["GET /users/{id}", "GET /users/me"],
            &[
                ("GET /users/me", "GET /users/me"),
                ("GET /users/mei", "GET /users/{id} id=mei"),
                ("GET /users/m", "GET /users/{id} id=m"),
            ],
        ),
        (
            &["GET /{x}", "GET /img-{id}", "GET /img-1"],
            &[
                ("GET /img-1", "GET /img-1"),
                ("GET /img-12", "GET /img-{id} id=12"),
                ("GET /img-", "GET /{x} x=img-"),
                ("GET /im", "GET /{x} x=im"),
            ],
        ),
        (
            &["GET /{x}/b", "GET /a/{y}"],
            &[
                ("GET /a/b", "GET /a/{y} y=b"),
                ("GET /c/b", "GET /{x}/b x=c"),
                ("GET /c/d", "404"),
            ],
        ),
        (
            &["GET /a/{*rest}", "GET /{x}/b"],
            &[
                ("GET /a/b", "GET /a/{*rest} rest=b"),
                ("GET /c/b", "GET /{x}/b x=c"),
            ],
        ),
    ];
    for (given, rows) in rows {
        table(routes(given), rows);
        let reversed: Vec<&str> = given.iter().rev().copied().collect();
        table(routes(&reversed), rows);
    }
}

#[test]
fn a_choice_that_leads_nowhere_is_taken_back() {
    table(
        routes(&[
            "GET /a/{x}/c",
            "GET /{y}/b/d",
            "GET /{y}/{z}/e",
            "GET /v-{n}/x/f",
        ]),
        &[
            ("GET /a/b/c", "GET /a/{x}/c x=b"),
            ("GET /a/b/d", "GET /{y}/b/d y=a"),
            ("GET /a/b/e", "GET /{y}/{z}/e y=a z=b"),
            ("GET /v-1/x/f", "GET /v-{n}/x/f n=1"),
            ("GET /v-1/x/e", "GET /{y}/{z}/e y=v-1 z=x"),
            ("GET /v-1/x/g", "404"),
        ],
    );
    table(
        routes(&["GET /a/b/c", "GET /{*rest}"]),
        &[
            ("GET /a/b/c", "GET /a/b/c"),
            ("GET /a/b/d", "GET /{*rest} rest=a/b/d"),
            ("GET /a/b", "GET /{*rest} rest=a/b"),
        ],
    );
    // The shorter way through the suffix leads nowhere, the longer one through a bare parameter does.
    table(
        routes(&["GET /{a}/{b}", "GET /{a}b/a", "GET /{a}/{b}b/{c}"]),
        &[
            ("GET /ab/aab/aab", "GET /{a}/{b}b/{c} a=ab b=aa c=aab"),
            ("GET /ab/a", "GET /{a}b/a a=a"),
            ("GET /ab/c", "GET /{a}/{b} a=ab b=c"),
        ],
    );
}

#[test]
fn a_parameter_ranks_before_the_rest_of_the_path() {
    table(
        routes(&["GET /{*rest}", "GET /{x}", "GET /a/{*rest}", "GET /a/{x}"]),
        &[
            ("GET /b", "GET /{x} x=b"),
            ("GET /b/c", "GET /{*rest} rest=b/c"),
            ("GET /a/b", "GET /a/{x} x=b"),
            ("GET /a/b/c", "GET /a/{*rest} rest=b/c"),
        ],
    );
}

#[test]
fn the_literals_beside_a_parameter_tell_routes_apart() {
    table(
        routes(&[
            "GET /img-{id}.png",
            "GET /img-{id}.jpg",
            "GET /v{n}/deep/{id}",
        ]),
        &[
            ("GET /img-1.png", "GET /img-{id}.png id=1"),
            ("GET /img-1.jpg", "GET /img-{id}.jpg id=1"),
            ("GET /v1/deep/x", "GET /v{n}/deep/{id} id=x n=1"),
            ("GET /img-1.gif", "404"),
        ],
    );
    table(
        routes(&["GET /{name}.txt", "GET /{*rest}"]),
        &[
            ("GET /a.txt", "GET /{name}.txt name=a"),
            ("GET /a.png", "GET /{*rest} rest=a.png"),
        ],
    );
}

#[test]
fn only_routes_of_the_requests_method_compete() {
    table(
        routes(&["GET /users/{id}", "POST /users/me", "DELETE /users/{name}"]),
        &[
            ("GET /users/me", "GET /users/{id} id=me"),
            ("POST /users/me", "POST /users/me"),
            ("DELETE /users/me", "DELETE /users/{name} name=me"),
            ("POST /users/ada", "405 DELETE, GET, HEAD, OPTIONS"),
            ("PUT /users/me", "405 DELETE, GET, HEAD, OPTIONS, POST"),
            ("OPTIONS /users/me", "204 DELETE, GET, HEAD, OPTIONS, POST"),
            ("PUT /users", "404"),
            ("OPTIONS /users", "404"),
        ],
    );
}

#[test]
fn head_follows_get_until_it_has_a_route_of_its_own() {
    let app = routes(&[
        "GET /a", "GET /b", "HEAD /b", "POST /c", "ANY /d", "HEAD /e",
    ]);
    table(
        app,
        &[
            ("HEAD /a", "GET /a"),
            ("HEAD /b", "HEAD /b"),
            ("GET /b", "GET /b"),
            ("HEAD /c", "405 OPTIONS, POST"),
            ("HEAD /d", "ANY /d"),
            ("GET /e", "405 HEAD, OPTIONS"),
            ("POST /b", "405 GET, HEAD, OPTIONS"),
        ],
    );
}

#[test]
fn a_route_for_any_method_stands_beside_those_of_each() {
    table(
        routes(&[
            "ANY /x",
            "GET /x",
            "OPTIONS /y",
            "GET /y",
            "ANY /z/{id}",
            "GET /z/1",
        ]),
        &[
            ("GET /x", "GET /x"),
            ("HEAD /x", "GET /x"),
            ("POST /x", "ANY /x"),
            ("OPTIONS /x", "ANY /x"),
            ("BREW /x", "ANY /x"),
            ("OPTIONS /y", "OPTIONS /y"),
            ("BREW /y", "405 GET, HEAD, OPTIONS"),
            ("GET /z/1", "GET /z/1"),
            ("GET /z/2", "ANY /z/{id} id=2"),
            ("POST /z/1", "ANY /z/{id} id=1"),
        ],
    );
    let brew = Method::from_bytes(b"BREW").unwrap();
    let app = App::new().route(brew, "/pot", async || "tea");
    table(
        app,
        &[("BREW /pot", "tea"), ("GET /pot", "405 BREW, OPTIONS")],
    );
}

/// Browsers send braces percent-encoded (WHATWG URL, path percent-encode set).
#[test]
fn a_literal_with_braces_is_no_parameter() {
    table(
        routes(&["GET /{{}}", "ANY /{x}", "POST /{{y}}"]),
        &[
            ("GET /%7B%7D", "GET /{{}}"),
            ("GET /a", "ANY /{x} x=a"),
            ("POST /a", "ANY /{x} x=a"),
            ("POST /%7By%7D", "POST /{{y}}"),
        ],
    );
}

#[test]
fn the_last_slash_counts_unless_the_app_says_otherwise() {
    let given = [
        "GET /a",
        "GET /b/",
        "GET /c/{id}",
        "POST /d",
        "GET /e/{*rest}",
    ];
    let app = |policy| routes(&given).trailing_slash(policy);
    let strict = [
        ("GET /a/", "404"),
        ("GET /b", "404"),
        ("GET /c/1/", "404"),
        ("GET /a", "GET /a"),
    ];
    table(app(TrailingSlash::Strict), &strict);
    table(routes(&given), &strict);
    table(
        app(TrailingSlash::Redirect),
        &[
            ("GET /a", "GET /a"),
            ("GET /a/", "308 /a"),
            ("HEAD /a/", "308 /a"),
            ("GET /a/?q=1&r=%20", "308 /a?q=1&r=%20"),
            ("GET /b", "308 /b/"),
            ("GET /c/a%2Fb/", "308 /c/a%2Fb"),
            ("POST /d/", "308 /d"),
            ("GET /a//", "404"),
            ("GET /e/a/", "GET /e/{*rest} rest=a/"),
            ("GET /e/", "404"),
            ("GET /nothing/", "404"),
        ],
    );
    table(
        app(TrailingSlash::Same),
        &[
            ("GET /a/", "GET /a"),
            ("HEAD /a/", "GET /a"),
            ("GET /b", "GET /b/"),
            ("GET /c/1/", "GET /c/{id} id=1"),
            ("GET /c/1", "GET /c/{id} id=1"),
            ("GET /c//", "404"),
            ("GET /a//", "404"),
            ("GET /e/", "404"),
            ("GET /", "404"),
        ],
    );
}

/// As for the path without the slash, of which it is another spelling.
#[test]
fn another_method_of_the_same_path_is_a_405_with_either_slash() {
    let app = |policy| routes(&["GET /a", "PUT /b/", "GET /f/{*r}"]).trailing_slash(policy);
    table(
        app(TrailingSlash::Same),
        &[
            ("POST /a", "405 GET, HEAD, OPTIONS"),
            ("POST /a/", "405 GET, HEAD, OPTIONS"),
            ("OPTIONS /a/", "204 GET, HEAD, OPTIONS"),
            ("GET /b", "405 OPTIONS, PUT"),
            ("POST /f", "404"),
            ("POST /", "404"),
        ],
    );
    for policy in [TrailingSlash::Strict, TrailingSlash::Redirect] {
        table(app(policy), &[("POST /a/", "404"), ("GET /b", "404")]);
    }
}

#[test]
fn both_slashes_may_have_routes_of_their_own() {
    for policy in [
        TrailingSlash::Strict,
        TrailingSlash::Redirect,
        TrailingSlash::Same,
    ] {
        let app = routes(&["GET /a", "GET /a/", "GET /{x}/", "POST /a/"]).trailing_slash(policy);
        let client = app.test();
        assert_eq!(answer(&client, "GET /a"), "GET /a");
        assert_eq!(answer(&client, "GET /a/"), "GET /a/");
        assert_eq!(answer(&client, "GET /b/"), "GET /{x}/ x=b");
        // Another method has this very path, which goes before the other slash.
        assert_eq!(answer(&client, "POST /a"), "405 GET, HEAD, OPTIONS");
    }
}

/// The value of `Location` is read by browsers, which take `\` for `/` and resolve dot segments.
#[test]
fn a_redirect_to_the_other_slash_never_leaves_the_site() {
    let given = ["GET /{x}", "GET /{x}/{y}", "GET /{x}/{y}/{z}/"];
    let client = routes(&given)
        .trailing_slash(TrailingSlash::Redirect)
        .test();
    let asked = [
        "//evil.example/",
        "//evil.example/a",
        "/\\evil.example/",
        "/a\\evil.example/",
        "/..//evil.example/",
        "/%2e%2E//evil.example/",
        "/.//evil.example/",
        "//evil.example//",
    ];
    for path in asked {
        let answer = answer(&client, &format!("GET {path}"));
        assert!(!answer.starts_with("308"), "{path}: {answer}");
    }
    assert_eq!(
        answer(&client, "GET /%2Fevil.example/"),
        "308 /%2Fevil.example"
    );
}
