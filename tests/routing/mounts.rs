//! Apps in apps: prefixes, their parameters, and the `/` of a mounted app.

use cepa::TrailingSlash;
use cepa::prelude::*;

use super::{answer, routes, table};

#[test]
fn a_mounted_root_answers_at_the_prefix_itself() {
    let admin = routes(&["GET /", "GET /users", "POST /"]);
    table(
        App::new().mount("/admin", admin),
        &[
            ("GET /admin", "GET /"),
            ("POST /admin", "POST /"),
            ("GET /admin/users", "GET /users"),
            ("PUT /admin", "405 GET, HEAD, OPTIONS, POST"),
            ("GET /admin/", "404"),
            ("GET /", "404"),
            ("GET /users", "404"),
            ("GET /adminusers", "404"),
            ("GET /admi", "404"),
        ],
    );
}

#[test]
fn the_slash_behind_a_prefix_follows_the_policy() {
    let admin = || routes(&["GET /", "GET /users"]);
    let redirecting = App::new().trailing_slash(TrailingSlash::Redirect);
    table(
        redirecting.mount("/admin", admin()),
        &[
            ("GET /admin/", "308 /admin"),
            ("GET /admin/users/", "308 /admin/users"),
        ],
    );
    let same = admin().trailing_slash(TrailingSlash::Same);
    table(
        App::new().mount("/admin", same).get("/x", async || "x"),
        &[("GET /admin/", "GET /"), ("GET /x/", "404")],
    );
    // An inner policy goes before the outer one.
    let app = App::new()
        .trailing_slash(TrailingSlash::Redirect)
        .mount("/a", admin().trailing_slash(TrailingSlash::Strict))
        .mount("/b", admin());
    table(
        app,
        &[("GET /a/users/", "404"), ("GET /b/users/", "308 /b/users")],
    );
}

#[test]
fn mounts_nest_and_prefixes_have_parameters() {
    let posts = routes(&["GET /", "GET /{post}", "GET /{post}/raw"]);
    let users = routes(&["GET /", "GET /{user}"]).mount("/{user}/posts", posts);
    let app = App::new().mount("/api/{version}", App::new().mount("/users", users));
    table(
        app,
        &[
            ("GET /api/1/users", "GET / version=1"),
            ("GET /api/1/users/ada", "GET /{user} user=ada version=1"),
            ("GET /api/1/users/ada/posts", "GET / user=ada version=1"),
            (
                "GET /api/1/users/ada/posts/9",
                "GET /{post} post=9 user=ada version=1",
            ),
            (
                "GET /api/1/users/a%2Fb/posts/9/raw",
                "GET /{post}/raw post=9 user=a/b version=1",
            ),
            ("GET /api/1/users/ada/9", "404"),
            ("GET /api/users", "404"),
        ],
    );
}

#[test]
fn parameters_of_prefixes_come_first_in_a_tuple() {
    let inner = App::new().get("/{c}", async |Path((a, b, c)): Path<(u8, String, u8)>| {
        format!("{a} {b} {c}")
    });
    let app = App::new().mount("/{a}", App::new().mount("/x/{b}", inner));
    let client = app.test();
    client.get("/1/x/two/3").send().assert_text("1 two 3");
    client
        .get("/1/x/two/three")
        .send()
        .assert_status(400)
        .assert_contains("`c`");
}

#[test]
fn a_prefix_may_be_the_root_and_end_in_a_literal_beside_a_parameter() {
    let rows = [("GET /a", "GET /a"), ("GET /", "GET /")];
    table(App::new().mount("/", routes(&["GET /a", "GET /"])), &rows);
    table(App::new().mount("", routes(&["GET /a", "GET /"])), &rows);
    table(
        App::new().group("/", |group| super::add(group, &["GET /a", "GET /"])),
        &rows,
    );
    table(
        App::new().mount("/v{n}", routes(&["GET /", "GET /a"])),
        &[
            ("GET /v1", "GET / n=1"),
            ("GET /v2/a", "GET /a n=2"),
            ("GET /v/a", "404"),
        ],
    );
}

#[test]
fn routes_of_a_mount_compete_with_those_around_it() {
    let app = routes(&["GET /users/me", "GET /{page}", "GET /users/{id}/x"])
        .mount("/users", routes(&["GET /", "GET /{id}", "POST /me"]));
    table(
        app,
        &[
            ("GET /users", "GET /"),
            ("GET /users/me", "GET /users/me"),
            ("GET /users/7", "GET /{id} id=7"),
            ("GET /users/7/x", "GET /users/{id}/x id=7"),
            ("POST /users/me", "POST /me"),
            ("POST /users/7", "405 GET, HEAD, OPTIONS"),
            ("GET /about", "GET /{page} page=about"),
        ],
    );
}

#[test]
fn the_rest_of_the_path_stands_beside_a_parameter_through_a_mount() {
    let app = routes(&["GET /{id}", "GET /files/{id}"]).mount("/files", routes(&["GET /{*path}"]));
    table(
        app,
        &[
            ("GET /files", "GET /{id} id=files"),
            ("GET /files/a", "GET /files/{id} id=a"),
            ("GET /files/a/b", "GET /{*path} path=a/b"),
        ],
    );
}

#[test]
fn two_apps_share_a_prefix() {
    let app = App::new()
        .mount("/x", routes(&["GET /a", "GET /"]))
        .mount("/x", routes(&["GET /b", "POST /"]));
    table(
        app,
        &[
            ("GET /x/a", "GET /a"),
            ("GET /x/b", "GET /b"),
            ("GET /x", "GET /"),
            ("POST /x", "POST /"),
            ("DELETE /x", "405 GET, HEAD, OPTIONS, POST"),
        ],
    );
}

#[test]
fn a_group_is_a_mount_with_a_closure() {
    let app = App::new().group("/api", |api| {
        api.get("/users", async || "users").group("/{n}", |deep| {
            deep.get("/", async |Path(n): Path<u8>| n.to_string())
        })
    });
    table(
        app,
        &[
            ("GET /api/users", "users"),
            ("GET /api/7", "7"),
            ("GET /api", "404"),
        ],
    );
}

#[test]
fn an_empty_app_answers_everything_with_404() {
    for path in ["GET /", "POST /a", "OPTIONS /a/b"] {
        assert_eq!(answer(&App::new().test(), path), "404");
        let client = App::new().mount("/a", App::new()).test();
        assert_eq!(answer(&client, path), "404");
    }
}

#[test]
fn the_table_of_routes_shows_joined_paths_in_the_order_written() {
    async fn stamp(req: Request, next: Next) -> Response {
        next.run(req).await
    }
    async fn show() {}
    let inner = App::new()
        .with(stamp)
        .get("/", show)
        .get("/{id}", show.with(stamp).named("one"));
    let app = App::new().any("/x", async || "").mount("/users", inner);
    let table = app.routes();
    let shown: Vec<String> = table
        .iter()
        .map(|route| {
            let method = route.method().map_or("ANY", Method::as_str);
            let around: Vec<&str> = route.middleware().collect();
            format!("{method} {} {} {around:?}", route.path(), route.name())
        })
        .collect();
    let wanted = [
        "ANY /x closure []",
        "GET /users mounts::the_table_of_routes_shows_joined_paths_in_the_order_written::show [\"stamp\"]",
        "GET /users/{id} one [\"stamp\", \"stamp\"]",
    ];
    assert_eq!(shown, wanted);
    let printed = table.to_string();
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(
        lines[0].starts_with("METHOD  PATH         NAME"),
        "{printed}"
    );
    assert!(
        lines[3].starts_with("GET     /users/{id}  one"),
        "{printed}"
    );
    assert!(
        lines[3].contains("stamp, stamp") && lines[3].contains(file!()),
        "{printed}"
    );
}
