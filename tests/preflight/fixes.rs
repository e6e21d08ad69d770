//! Needs that say how to add what is missing.

use cepa::prelude::*;
use cepa::{Need, Provided};

use super::{place, problem, says};

/// Only `Tenants` can provide it.
#[derive(Clone)]
struct Tenant;

impl FromRequest for Tenant {
    async fn from_request(req: &mut Request) -> Result<Self> {
        Ok(req.extract::<Local<Self>>().await?.0)
    }

    fn requires() -> Vec<Need> {
        vec![Need::local::<Self>().with_fix("add `.with(Tenants)`")]
    }
}

struct Tenants;

impl Middleware for Tenants {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        req.insert(Tenant);
        next.run(req).await
    }

    fn provides(&self) -> Vec<Provided> {
        vec![Provided::local::<Tenant>()]
    }
}

/// Needs a state that an extension keeps.
struct Rows;

impl FromRequest for Rows {
    async fn from_request(_: &mut Request) -> Result<Self> {
        Ok(Self)
    }

    fn requires() -> Vec<Need> {
        vec![Need::state::<u64>().with_fix("add `.plug(Rows::all())`")]
    }
}

async fn function(req: Request, next: Next) -> Response {
    next.run(req).await
}

#[test]
fn a_missing_local_with_a_fix_is_reported_although_nobody_provides_it() {
    let source = include_str!("fixes.rs");
    let handler = App::new().get("/", async |_: Tenant| ""); // here
    let routes = App::new().with(function);
    let below = routes.get("/", async |_: Tenant| ""); // here
    for app in [handler, below] {
        says(
            &problem(app, source),
            &["closure` needs `Tenant`: add `.with(Tenants)`"],
        );
    }
}

#[test]
fn a_provider_that_stands_further_in_is_named() {
    let source = include_str!("fixes.rs");
    async fn outer(_: Tenant, req: Request, next: Next) -> Response {
        next.run(req).await
    }
    let app = App::new().get("/", async || "");
    let app = app.with(outer); // here
    let app = app.with(Tenants); // inner
    let place = place(source, "inner");
    says(
        &problem(app, source),
        &["`outer` needs `Tenant`, but `Tenants`", &place],
    );
}

#[test]
fn what_is_provided_is_not_reported() {
    let app = App::new().with(Tenants).get("/", async |_: Tenant| "one");
    app.test().get("/").send().assert_text("one");
    let before = App::new().before_routing(Tenants);
    let before = before.get("/", async |_: Tenant| "one");
    before.test().get("/").send().assert_text("one");
}

#[test]
fn a_missing_state_is_reported_with_its_fix() {
    let source = include_str!("fixes.rs");
    let app = App::new().get("/", async |_: Rows| ""); // here
    says(
        &problem(app, source),
        &["closure` needs `u64`: add `.plug(Rows::all())`"],
    );
}

#[test]
fn the_fix_of_a_need_of_the_path_or_the_place_is_told_as_well() {
    struct Slug;

    impl FromRequest for Slug {
        async fn from_request(_: &mut Request) -> Result<Self> {
            Ok(Self)
        }

        fn requires() -> Vec<Need> {
            vec![Need::path::<String>().with_fix("write the route as `/{slug}`")]
        }
    }

    struct Rewrite;

    impl Middleware for Rewrite {
        async fn handle(&self, req: Request, next: Next) -> Response {
            next.run(req).await
        }

        fn requires(&self) -> Vec<Need> {
            vec![Need::before_routing().with_fix("write `.plug(Rewriting)`")]
        }
    }

    let source = include_str!("fixes.rs");
    let app = App::new().get("/", async |_: Slug| ""); // here
    says(
        &problem(app, source),
        &["the route has 0; write the route as `/{slug}`"],
    );
    let app = App::new().with(Rewrite); // here
    let sentence = "`Rewrite` changes what the router matches: write `.plug(Rewriting)`";
    says(&problem(app.get("/", async || ""), source), &[sentence]);
}

#[test]
fn a_need_has_the_name_of_what_asks_for_it() {
    struct Named;

    impl FromRequest for Named {
        async fn from_request(_: &mut Request) -> Result<Self> {
            Ok(Self)
        }

        fn requires() -> Vec<Need> {
            let state = Need::state::<u64>().with_name("Rows");
            vec![
                state,
                Need::local::<u8>().with_name("Row").with_fix("add it"),
            ]
        }
    }

    let app = App::new().get("/", async |_: Named| "");
    let error = app.build().unwrap_err().to_string();
    assert!(
        error.contains("closure` needs `Rows`: add `.state"),
        "{error}"
    );
    assert!(error.contains("closure` needs `Row`: add it"), "{error}");

    let source = include_str!("fixes.rs");
    let app = App::new().get("/", async |_: Rows| ""); // here
    let app = app.mount("/in", App::new().state(1_u64)); // kept
    let place = place(source, "kept");
    says(
        &problem(app, source),
        &["needs `u64`: it is kept by", &place, "move that line out"],
    );
}
