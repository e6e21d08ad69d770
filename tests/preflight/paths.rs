//! Path parameters that a handler reads and its route lacks.

use cepa::prelude::*;
use serde::Deserialize;

use super::{problem, says};

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its shape counts")]
struct Post {
    year: u16,
    slug: String,
    page: Option<u8>,
    #[serde(default)]
    kind: String,
}

const SOURCE: &str = include_str!("paths.rs");

#[test]
fn a_field_without_a_parameter_is_reported() {
    let app = App::new().get("/{year}/{title}", async |_: Path<Post>| ""); // here
    says(
        &problem(app, SOURCE),
        &["`Path<Post>`", "/{year}/{title}", "the field `slug`"],
    );
    let app = App::new().get("/posts", async |_: Path<Post>| ""); // here
    says(&problem(app, SOURCE), &["the field `year`"]);
}

#[test]
fn fields_that_may_be_missing_are_fine() {
    for path in [
        "/{year}/{slug}",
        "/{slug}/{year}/{page}/{kind}",
        "/{year}/{slug}/{more}",
    ] {
        App::new()
            .get(path, async |_: Path<Post>| "")
            .build()
            .unwrap();
    }
}

#[test]
fn another_number_of_parameters_is_reported() {
    let rows = [
        App::new().get("/", async |_: Path<u8>| ""), // here
        App::new().get("/{a}/{b}", async |_: Path<u8>| ""), // here
        App::new().get("/{a}/{b}", async |_: Path<String>| ""), // here
        App::new().get("/{a}", async |_: Path<(u8, u8)>| ""), // here
        App::new().get("/{a}/{b}/{c}", async |_: Path<(u8, u8)>| ""), // here
        App::new().get("/{a}", async |_: Path<[String; 2]>| ""), // here
        App::new().get("/{a}", async |_: Path<()>| ""), // here
        App::new().get("/{a}/{*b}", async |_: Path<u8>| ""), // here
    ];
    for app in rows {
        says(&problem(app, SOURCE), &["path parameter", "`Path<"]);
    }
}

#[test]
fn parameters_of_prefixes_and_hosts_count() {
    let inner = || App::new().get("/{b}", async |_: Path<(u8, u8)>| ""); // here
    App::new().mount("/{a}", inner()).build().unwrap();
    App::new().host("{a}.test", inner()).build().unwrap();
    says(
        &problem(inner(), SOURCE),
        &["takes 2 path parameters", "has 1"],
    );
    says(
        &problem(App::new().mount("/a", inner()), SOURCE),
        &["/a/{b}"],
    );
    problem(
        App::new().host("{x}.test", App::new().mount("/{a}", inner())),
        SOURCE,
    );
}

#[test]
fn a_middleware_that_reads_parameters_is_checked_for_each_route() {
    async fn load(_: Path<u8>, req: Request, next: Next) -> Response {
        next.run(req).await
    }
    let app = App::new().get("/", (async || "").with(load)); // here
    says(&problem(app, SOURCE), &["`load` takes `Path<u8>` at /"]);
    let inner = App::new().with(load).get("/", async || "");
    App::new().mount("/{id}", inner).build().unwrap();
    let inner = App::new()
        .with(load) // here
        .get("/", async || "")
        .get("/{other}", async || "");
    says(
        &problem(App::new().mount("/{id}", inner), SOURCE),
        &["/{id}/{other}"],
    );
}

/// Its middleware is around the 404 of an app as well, which has the parameters of its prefix alone.
#[test]
fn a_middleware_that_reads_what_only_routes_have_is_reported() {
    async fn load(_: Path<u8>, req: Request, next: Next) -> Response {
        next.run(req).await
    }
    let app = App::new().with(load).get("/{id}", async || ""); // here
    says(
        &problem(app, SOURCE),
        &["`load` takes `Path<u8>`", "no route matches below /"],
    );
    let app = App::new().before_routing(load); // here
    says(
        &problem(app, SOURCE),
        &["`load` takes `Path<u8>`", "before"],
    );
    let app = App::new().fallback(async |_: Path<u8>| ""); // here
    says(&problem(app, SOURCE), &["no route matches below /"]);
    App::new()
        .mount("/{id}", App::new().with(load))
        .build()
        .unwrap();
}

#[test]
fn a_name_that_is_there_twice_is_reported() {
    let app = App::new().get("/{id}/x/{id}", async || ""); // here
    says(&problem(app, SOURCE), &["the parameter `id` twice"]);
    let inner = App::new().get("/{id}", async || ""); // here
    says(
        &problem(App::new().mount("/{id}", inner), SOURCE),
        &["`id` twice", "/{id}/{id}"],
    );
    let inner = App::new().get("/{id}", async || ""); // here
    problem(App::new().host("{id}.test", inner), SOURCE);
    let inner = App::new().mount("/{id}/x", App::new()); // here
    problem(App::new().mount("/{id}", inner), SOURCE);
}

#[test]
fn one_mistake_of_a_prefix_is_told_once() {
    let inner = App::new()
        .get("/a", async || "")
        .get("/b", async || "")
        .mount("/c", App::new().get("/", async || ""));
    let app = App::new().mount("/{id}", App::new().mount("/x/{id}", inner)); // here
    problem(app, SOURCE);
}
