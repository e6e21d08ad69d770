//! Patterns alone, and what percent-encoding does to them.

use cepa::prelude::*;

use super::{Rows, answer, routes, table};

/// Patterns, and what paths make of their parameters.
const PATTERNS: &[(&str, Rows<'static>)] = &[
    (
        "/",
        &[("/", ""), ("//", "404"), ("/?q=1", ""), ("/a", "404")],
    ),
    (
        "/users",
        &[
            ("/users", ""),
            ("/users?x=/y", ""),
            ("/users/", "404"),
            ("/Users", "404"),
            ("//users", "404"),
            ("/user", "404"),
            ("/userss", "404"),
        ],
    ),
    (
        "/users/{id}",
        &[
            ("/users/7", " id=7"),
            ("/users/a-b_c~d.e", " id=a-b_c~d.e"),
            ("/users/", "404"),
            ("/users", "404"),
            ("/users//", "404"),
            ("/users/7/", "404"),
            ("/users/7/x", "404"),
        ],
    ),
    (
        "/img-{id}.png",
        &[
            ("/img-7.png", " id=7"),
            ("/img-a.b.png", " id=a.b"),
            ("/img-.png.png", " id=.png"),
            ("/img-.png", "404"),
            ("/img-7.jpg", "404"),
            ("/img-7.png/", "404"),
            ("/img-7/.png", "404"),
        ],
    ),
    (
        "/v{n}/x",
        &[("/v1/x", " n=1"), ("/v/x", "404"), ("/v1/y", "404")],
    ),
    (
        "/files/{*path}",
        &[
            ("/files/a", " path=a"),
            ("/files/a/b.c", " path=a/b.c"),
            ("/files/a/", " path=a/"),
            ("/files//a", " path=/a"),
            ("/files/", "404"),
            ("/files", "404"),
        ],
    ),
    (
        "/a/{b}/c/{d}/",
        &[
            ("/a/1/c/2/", " b=1 d=2"),
            ("/a/1/c/2", "404"),
            ("/a//c/2/", "404"),
        ],
    ),
];

#[test]
fn each_pattern_takes_the_paths_it_says() {
    for (pattern, rows) in PATTERNS {
        let title: &'static str = format!("GET {pattern}").leak();
        let client = routes(&[title]).test();
        for (path, wanted) in *rows {
            let wanted = match *wanted {
                "404" => "404".to_owned(),
                params => format!("{title}{params}"),
            };
            assert_eq!(
                answer(&client, &format!("GET {path}")),
                wanted,
                "{pattern} {path}"
            );
        }
    }
}

#[test]
fn patterns_are_written_as_people_read_them() {
    table(
        routes(&["GET /café/{größe}", "GET /a b", "GET /日本/{*rest}"]),
        &[
            ("GET /caf%C3%A9/7", "GET /café/{größe} größe=7"),
            ("GET /a%20b", "GET /a b"),
            ("GET /%E6%97%A5%E6%9C%AC/x/y", "GET /日本/{*rest} rest=x/y"),
            ("GET /cafe/7", "404"),
        ],
    );
}

#[test]
fn a_value_is_decoded_exactly_once_and_never_separates_segments() {
    let client = App::new()
        .get("/one/{x}", async |Path(x): Path<String>| x)
        .get("/rest/{*x}", async |Path(x): Path<String>| x)
        .get("/f-{x}.txt", async |Path(x): Path<String>| x)
        .test();
    let rows = [
        ("/one/a%2Fb", "a/b"),
        ("/one/a%2fb", "a/b"),
        ("/one/%252F", "%2F"),
        ("/one/%25", "%"),
        ("/one/%", "%"),
        ("/one/%zz", "%zz"),
        ("/one/a+b", "a+b"),
        ("/one/%2B", "+"),
        ("/one/%2e%2e", ".."),
        ("/one/%E2%82%AC", "€"),
        ("/one/a;b=c", "a;b=c"),
        ("/rest/a%2Fb/c", "a/b/c"),
        ("/rest/a/../b", "a/../b"),
        ("/rest/%252e", "%2e"),
        ("/f-%2E.txt", "."),
    ];
    for (path, wanted) in rows {
        client
            .get(path)
            .send()
            .assert_status(200)
            .assert_text(wanted);
    }
    for path in ["/one/%FF", "/rest/a/%C3", "/f-%ED%A0%80.txt"] {
        let res = client.get(path).send();
        res.assert_status(400).assert_contains("`x`");
    }
    client.get("/one/a/b").send().assert_status(404);
}

#[test]
fn a_value_that_is_not_asked_for_may_be_anything() {
    let app = App::new().get("/{x}", async |req: Request| match req.param("x") {
        Some(value) => value.into_owned(),
        None => "not UTF-8".to_owned(),
    });
    let client = app.test();
    client.get("/%FF").send().assert_text("not UTF-8");
    client.get("/a%20b").send().assert_text("a b");
}

/// `*` asks for the methods of the server as a whole (RFC 9110, 9.3.7).
#[test]
fn the_asterisk_is_no_path() {
    let given = ["GET /", "POST /{x}", "GET /{*rest}"];
    table(
        routes(&given),
        &[
            ("OPTIONS *", "204 GET, HEAD, OPTIONS, POST"),
            ("GET *", "404"),
            ("POST *", "404"),
        ],
    );
    let same = routes(&given).trailing_slash(cepa::TrailingSlash::Same);
    table(same, &[("GET *", "404"), ("POST *", "404")]);
}

#[test]
fn more_than_ten_parameters_keep_their_order() {
    let path = "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}";
    let all = async |Path(all): Path<Vec<String>>| all.join(" ");
    let inner = App::new().get(&path[16..], all);
    let client = App::new()
        .get(path, all)
        .mount("/in/{a}/{b}/{c}/{d}", inner)
        .test();
    let twelve = "1 2 3 4 5 6 7 8 9 10 11 12";
    let asked = twelve.replace(' ', "/");
    client.get(format!("/{asked}")).send().assert_text(twelve);
    client
        .get(format!("/in/{asked}"))
        .send()
        .assert_text(twelve);
    client.get(format!("/{asked}/13")).send().assert_status(404);
}
