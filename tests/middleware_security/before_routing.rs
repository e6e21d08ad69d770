//! `MethodOverride` and `NormalizePath`, which change what the router matches.

use cepa::prelude::*;
use cepa::{CrossOrigin, MethodOverride, NormalizePath};

use super::{assert_problem, request};

#[test]
fn only_a_post_becomes_another_method_and_only_one_that_changes() {
    let app = || {
        let method = async |req: Request| req.method().to_string();
        App::new().any("/", method)
    };
    let header = app().before_routing(MethodOverride::new()).test();
    let query = app()
        .before_routing(MethodOverride::new().with_query())
        .test();
    // The answers by the header alone, and by the query too.
    let table = [
        ("POST /", "POST", "POST"),
        ("POST /; x-http-method-override: PUT", "PUT", "PUT"),
        ("POST /; x-http-method-override: patch", "PATCH", "PATCH"),
        ("POST /; x-http-method-override: Delete", "DELETE", "DELETE"),
        ("POST /; x-http-method-override: GET", "400", "400"),
        ("POST /; x-http-method-override: CONNECT", "400", "400"),
        ("POST /; x-http-method-override: POST", "400", "400"),
        ("POST /; x-http-method-override:", "400", "400"),
        ("POST /; x-http-method-override: \u{ff}", "400", "400"),
        ("POST /; x-http-method-override: PUT, DELETE", "400", "400"),
        ("GET /; x-http-method-override: DELETE", "GET", "GET"),
        ("PUT /; x-http-method-override: DELETE", "PUT", "PUT"),
        (
            "OPTIONS /; x-http-method-override: DELETE",
            "OPTIONS",
            "OPTIONS",
        ),
        ("POST /?_method=PUT", "POST", "PUT"),
        ("POST /?a=1&_method=delete&b=2", "POST", "DELETE"),
        ("POST /?a_method=delete", "POST", "POST"),
        ("POST /?_method=GET", "POST", "400"),
        ("POST /?_method=", "POST", "400"),
        ("GET /?_method=DELETE", "GET", "GET"),
        (
            "POST /?_method=PUT; x-http-method-override: PATCH",
            "PATCH",
            "PATCH",
        ),
    ];
    for (text, by_header, by_query) in table {
        for (client, wanted) in [(&header, by_header), (&query, by_query)] {
            let res = request(client, text).send();
            let said = match res.status().as_u16() {
                200 => res.text().to_owned(),
                other => other.to_string(),
            };
            assert_eq!(said, wanted, "{text}");
        }
    }
}

/// A form of another site can be sent without asking, so what it becomes has to be guarded.
#[test]
fn what_a_form_of_another_site_becomes_is_refused() {
    let client = App::new()
        .before_routing(MethodOverride::new().with_query())
        .with(CrossOrigin::new())
        .delete("/", async || "deleted")
        .test();
    let form = "POST /?_method=DELETE; sec-fetch-site: ";
    request(&client, &format!("{form}cross-site"))
        .send()
        .assert_status(403);
    request(&client, &format!("{form}same-origin"))
        .send()
        .assert_text("deleted");
}

const PATHS: [(&str, &str); 36] = [
    ("/", "/"),
    ("/a", "/a"),
    ("/a/", "/a/"),
    ("/a/b.c/..d/e../...", "/a/b.c/..d/e../..."),
    ("/.well-known/x", "/.well-known/x"),
    ("/a%2Fb/%2f", "/a%2Fb/%2f"),
    ("/a%2e", "/a%2e"),
    ("/%2e%2e%2e", "/%2e%2e%2e"),
    ("/%252e%252e/a", "/%252e%252e/a"),
    ("/%", "/%"),
    ("//", "/"),
    ("///", "/"),
    ("//a", "/a"),
    ("/a//", "/a/"),
    ("/a//b///c", "/a/b/c"),
    ("/.", "/"),
    ("/./", "/"),
    ("/a/.", "/a/"),
    ("/./a", "/a"),
    ("/a/./b", "/a/b"),
    ("/..", "/"),
    ("/../a", "/a"),
    ("/../../a", "/a"),
    ("/a/..", "/"),
    ("/a/../", "/"),
    ("/a/b/..", "/a/"),
    ("/a/../b", "/b"),
    ("/a/b/../../c", "/c"),
    ("/a/b/c/../d/./e/", "/a/b/d/e/"),
    ("/a/%2e%2E/b", "/b"),
    ("/a/.%2e/b", "/b"),
    ("/a/%2e/b", "/a/b"),
    ("/a//../b", "/b"),
    ("/a/..//b", "/b"),
    ("//evil.example/", "/evil.example/"),
    ("/..//evil.example", "/evil.example"),
];

fn spelled(policy: NormalizePath) -> App {
    let path = async |req: Request| format!("{}?{}", req.path(), req.query());
    App::new().before_routing(policy).fallback(path)
}

#[test]
fn a_path_is_brought_to_its_one_spelling() {
    let rewrite = spelled(NormalizePath::rewrite()).test();
    let redirect = spelled(NormalizePath::redirect()).test();
    for (path, wanted) in PATHS {
        let asked = format!("http://localhost{path}?x=//..");
        rewrite
            .get(&asked)
            .send()
            .assert_text(&format!("{wanted}?x=//.."));
        let res = redirect.post(&asked).send();
        if path == wanted {
            res.assert_text(&format!("{wanted}?x=//.."));
        } else {
            res.assert_status(308)
                .assert_header("location", &format!("{wanted}?x=//.."));
            let res = redirect.get(format!("http://localhost{path}")).send();
            res.assert_status(308).assert_header("location", wanted);
        }
    }
}

/// Browsers take a backslash for a slash, and two of them for the begin of a host.
#[test]
fn no_redirect_leads_to_another_host() {
    let client = spelled(NormalizePath::redirect()).test();
    for path in [
        "//\\evil.example",
        "/a/../\\evil.example",
        "/\\//evil.example",
    ] {
        let res = client.get(format!("http://localhost{path}")).send();
        let location = res.assert_status(308).header("location").unwrap();
        assert!(
            location.starts_with("/%5Cevil") || location == "/%5C/evil.example",
            "{location}"
        );
    }
}

#[test]
fn random_paths_are_spelled_once_and_stay_on_this_host() {
    let client = spelled(NormalizePath::rewrite()).test();
    let redirect = spelled(NormalizePath::redirect()).test();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut redirected = 0;
    for _ in 0..3_000 {
        let mut path = "/".to_owned();
        for _ in 0..state % 9 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            path += ["/", "/", ".", "..", "%2e", "%2E", "a", "b", "\\", ":"][state as usize % 10];
        }
        state = state.wrapping_add(0x1234_5678_9abc_def1);
        let res = client.get(format!("http://localhost{path}")).send();
        let text = res.text().strip_suffix('?').unwrap();
        assert!(
            text.starts_with('/') && !text.contains("//"),
            "{path} {text}"
        );
        let mut segments = text
            .split('/')
            .map(|it| it.replace("%2e", ".").replace("%2E", "."));
        assert!(segments.all(|it| it != "." && it != ".."), "{path} {text}");
        let res = redirect.get(format!("http://localhost{path}")).send();
        if let Some(location) = res.header("location") {
            redirected += 1;
            assert_eq!(location, text.replace('\\', "%5C"), "{path}");
            redirect.get(location).send().assert_status(200);
        } else {
            assert_eq!(path, text);
        }
    }
    assert!(redirected > 1_000, "{redirected}");
}

#[test]
fn the_star_of_options_is_left_alone() {
    let client = spelled(NormalizePath::rewrite()).test();
    client
        .request(Method::OPTIONS, "*")
        .send()
        .assert_text("*?");
}

#[test]
fn after_the_match_they_do_not_build() {
    let home = async || "home";
    let table = [
        App::new().with(MethodOverride::new()).get("/", home),
        App::new().with(NormalizePath::redirect()).get("/", home),
        App::new().get("/", home.with(NormalizePath::rewrite())),
        App::new().mount("/in", App::new().with(MethodOverride::new()).get("/", home)),
    ];
    for app in table {
        assert_problem(app, "move it to `.before_routing(..)`");
    }
}
