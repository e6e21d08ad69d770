//! What middleware says of its own options and place.

use std::borrow::Cow;

use cepa::Need;
use cepa::prelude::*;

use super::{problem, says};

/// At most so many at once.
struct AtMost(u32);

impl Middleware for AtMost {
    async fn handle(&self, req: Request, next: Next) -> Response {
        next.run(req).await
    }

    fn problems(&self) -> Vec<String> {
        match self.0 {
            0 => vec!["nothing ever gets through: allow 1 at least".to_owned()],
            _ => Vec::new(),
        }
    }
}

/// Belongs before the match.
struct Rewrite;

impl Middleware for Rewrite {
    async fn handle(&self, req: Request, next: Next) -> Response {
        next.run(req).await
    }

    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed("Rewrite")
    }

    fn requires(&self) -> Vec<Need> {
        vec![Need::before_routing()]
    }
}

#[test]
fn wrong_options_are_reported_wherever_the_middleware_stands() {
    let source = include_str!("options.rs");
    let home = async || "home";
    let app = App::new().get("/", home);
    let app = app.with(AtMost(0)); // here
    says(
        &problem(app, source),
        &["`AtMost`: nothing ever gets through"],
    );
    let app = App::new().get("/", home);
    let app = app.before_routing(AtMost(0)); // here
    problem(app, source);
    let handler = home.with(AtMost(0)); // here
    problem(App::new().get("/", handler), source);
    let fallback = home.with(AtMost(0)); // here
    problem(App::new().fallback(fallback), source);
    let inner = App::new().get("/", home);
    let inner = inner.with(AtMost(0)); // here
    problem(App::new().mount("/in", inner), source);
    let app = App::new().get("/", home);
    let app = app.with(Some(AtMost(0))); // here
    problem(app, source);
    let fine = App::new().with(AtMost(1)).with(None::<AtMost>);
    fine.get("/", home)
        .test()
        .get("/")
        .send()
        .assert_status(200);
}

/// The problem is at the line of the user, who wrote the `plug`.
#[test]
fn wrong_options_inside_of_an_extension_are_reported_where_it_is_plugged() {
    struct Limits;
    impl Extension for Limits {
        fn install(self, app: App) -> App {
            app.with(AtMost(0))
        }
    }
    let source = include_str!("options.rs");
    let app = App::new().get("/", async || "home");
    let app = app.plug(Limits); // here
    problem(app, source);
}

#[test]
fn what_belongs_before_the_match_is_reported_elsewhere() {
    let source = include_str!("options.rs");
    let home = async || "home";
    let app = App::new().get("/", home);
    let app = app.with(Rewrite); // here
    says(
        &problem(app, source),
        &[
            "`Rewrite` changes what the router matches",
            "before_routing",
        ],
    );
    let handler = home.with(Rewrite); // here
    problem(App::new().get("/", handler), source);
    let app = App::new().before_routing(Rewrite).get("/", home);
    app.test().get("/").send().assert_text("home");
}
