//! However much there is to tell, the page stays below 50 KB and is complete.

use std::fmt;

use cepa::prelude::*;
use cepa::{Excerpt, HeaderName};

use super::{Page, ask, ask_with, get};

const LIMIT: usize = 50_000;

#[track_caller]
fn assert_small(page: &Page) {
    assert!(page.is_for_developers());
    assert!(page.html.len() < LIMIT, "{} bytes", page.html.len());
    assert!(page.html.ends_with("</footer></body></html>\n"));
    for tag in [
        "section", "table", "tr", "td", "th", "ol", "li", "pre", "code", "h1", "h2", "header",
    ] {
        let count = |part: &str| page.html.matches(part).count();
        let opened = count(&format!("<{tag}>")) + count(&format!("<{tag} "));
        assert_eq!(opened, count(&format!("</{tag}>")), "{tag}");
    }
}

/// Signs that are long when they are escaped.
fn long(len: usize) -> String {
    "'\"<&`".repeat(len / 5)
}

#[derive(Debug)]
struct Chain(usize);

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, long(20_000))
    }
}

impl std::error::Error for Chain {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        (self.0 > 0).then(|| Box::leak(Box::new(Self(self.0 - 1))) as _)
    }
}

#[test]
fn a_huge_error_fits() {
    async fn through(req: Request, next: Next) -> Response {
        next.run(req).await
    }
    async fn fail(mut req: Request) -> Result<()> {
        drop(req.take_body()?.collect(1 << 20).await?);
        let lines = format!("{}\n", long(5_000)).repeat(100);
        let mut error = Error::internal(long(100_000))
            .with_source(Chain(200))
            .with_excerpt(Excerpt::of(long(5_000), &lines, 50));
        for i in 0..500 {
            error = error.with_field(format!("{i}{}", long(1_000)), long(1_000));
        }
        Err(error)
    }
    let mut app = App::new().with(async |mut req: Request, next: Next| {
        req.set_id(long(10_000));
        next.run(req).await
    });
    for _ in 0..200 {
        app = app.with(through);
    }
    let mut req = get(&format!("/a?{}", "a='&".repeat(1_900)));
    for i in 0..95 {
        let name = HeaderName::try_from(format!("x-{i}-{}", "a".repeat(200))).unwrap();
        req = req.header(name, "'\"&".repeat(200));
    }
    let body: &'static str = "a=%3C%3C%3C&".repeat(600).leak();
    let req = req
        .method("POST")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("content-length", body.len());
    assert_small(&ask_with(app.post("/a", fail), req, body));
}

#[test]
fn a_miss_among_many_long_routes_fits() {
    let mut app = App::new();
    for i in 0..300 {
        let path = format!("/{}/{i}/{}", "a".repeat(60), "b".repeat(3_000));
        app = app.get(&path, (async || "").named(long(3_000).leak()));
    }
    let near = format!("/{}/1/{}", "a".repeat(60), "c".repeat(3_000));
    let page = ask(app, get(&near));
    assert_small(&page);
    page.assert_tells("These are the first of 300.");
}

#[test]
fn a_line_without_end_fits() {
    let excerpt = Excerpt::of("a", &"<".repeat(10_000_000), 1);
    let fail = move || {
        let error = Error::internal("a").with_excerpt(excerpt.clone());
        async move { error }
    };
    let app = App::new().get("/", fail);
    assert_small(&ask(app, get("/")));
}
