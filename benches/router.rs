//! What it costs to find a route among 10, 200 and 10,000, and to build the app that has them.
//!
//! A row is a whole request in process, since the router has no door of its own; its handler does
//! nothing and takes no parameter. The first row is the only route of an app. Rows that differ in
//! the number of routes only differ by the lookup.

mod support;

use std::hint::black_box;

use cepa::http::{Request as HttpRequest, Uri};
use cepa::prelude::*;
use support::{Cases, build, row};

const SIZES: [usize; 3] = [10, 200, 10_000];

/// Routes come in groups, one of each kind; `{n}` is the number of the group.
const KINDS: [(&str, &str); 5] = [
    ("static", "/static/area{n}/page"),
    ("one parameter", "/one/area{n}/{a}"),
    ("three parameters", "/three/area{n}/{a}/x/{b}/y/{c}"),
    (
        "eight parameters",
        "/eight/area{n}/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}",
    ),
    ("suffix", "/suffix/area{n}/{a}.png"),
];

async fn nothing() {}

fn app(routes: usize) -> App {
    (0..routes).fold(App::new(), |app, n| {
        let (_, pattern) = KINDS[n % KINDS.len()];
        app.get(
            &pattern.replace("{n}", &(n / KINDS.len()).to_string()),
            nothing,
        )
    })
}

/// With a text that is never freed, so that its copies cost the same for every path.
fn get(path: &str) -> HttpRequest<&'static str> {
    let mut req = HttpRequest::new("");
    *req.uri_mut() = Uri::from_static(path.to_owned().leak());
    req
}

fn main() {
    let mut cases = Cases::default();
    let mut rows = Vec::new();
    cases.copy("copy", || get("/"));
    cases.ask("alone", || App::new().get("/", nothing), || get("/"));
    rows.push(row("the only route", "alone").beyond("copy"));
    for (kind, pattern) in KINDS
        .into_iter()
        .chain([("miss", "/static/area{n}/nothing")])
    {
        for size in SIZES {
            let name = format!("{kind}, {size} routes");
            let group = size / KINDS.len() / 2;
            let path = pattern.replace("{n}", &group.to_string());
            let path = path.replace(['{', '}'], "");
            cases.ask(
                &name,
                move || app(size).fallback(nothing),
                move || get(&path),
            );
            rows.push(row(&name, &name).beyond("copy"));
        }
    }
    cases.add("build", || {
        Box::new(|| {
            black_box(build(app(10_000)));
        })
    });
    cases.table(&rows);
    cases.table(&[row("build of 10,000 routes", "build")]);
}
