//! State and provided values: who needs them, and where they are.

use std::sync::Arc;

use cepa::prelude::*;

use super::{Db, needs_db, place, problem, says};

async fn guard(State(_): State<Db>, req: Request, next: Next) -> Response {
    next.run(req).await
}

#[test]
fn a_missing_state_is_reported_for_whoever_needs_it() {
    let source = include_str!("needs.rs");
    let handler = App::new().get("/", needs_db); // here
    let fallback = App::new().fallback(needs_db); // here
    for app in [handler, fallback] {
        says(
            &problem(app, source),
            &["needs_db` needs `State<Db>`: add `.state(..)` with a value of type `Db`"],
        );
    }
    let around = App::new().with(guard).get("/", async || ""); // here
    let alone = App::new().with(guard); // here
    let own = App::new().get("/", (async || "").with(guard)); // here
    let of_fallback = App::new().fallback((async || "").with(guard)); // here
    let before = App::new().before_routing(guard); // here
    let provided = App::new().with(provide::<State<Db>>()); // here
    for app in [around, alone, own, of_fallback, before, provided] {
        says(&problem(app, source), &["needs `State<Db>`"]);
    }
}

#[test]
fn a_state_that_several_need_is_reported_for_each() {
    let app = App::new()
        .with(guard)
        .get("/a", needs_db)
        .post("/a", needs_db)
        .mount("/in", App::new().get("/", needs_db));
    let error = app.build().unwrap_err();
    assert_eq!(error.problems().len(), 4, "{error}");
    let app = App::new().get("/", async |_: State<Db>, _: State<u8>| "");
    let error = app.build().unwrap_err();
    assert_eq!(error.problems().len(), 2, "{error}");
}

#[test]
fn a_state_alike_is_pointed_out() {
    let source = include_str!("needs.rs");
    let app = App::new().state(Arc::new(Db)).get("/", needs_db); // here
    says(
        &problem(app, source),
        &["there is a state of type `Arc<Db>`; ask for `State<Arc<Db>>`"],
    );
    let app = App::new().state(Db).get("/", async |_: State<Arc<Db>>| ""); // here
    says(
        &problem(app, source),
        &["`State<Arc<Db>>`", "there is a state of type `Db`"],
    );
}

#[test]
fn a_state_of_another_app_is_pointed_out() {
    let source = include_str!("needs.rs");
    let sibling = App::new().state(Db); // kept there
    let app = App::new().mount("/a", sibling).get("/", needs_db); // here
    says(
        &problem(app, source),
        &["not around this one", &place(source, "kept there")],
    );
    // A middleware sees the state of the app it was written in, whatever is inside of that.
    let inner = App::new().state(Db).get("/", needs_db);
    let app = App::new().with(guard).mount("/in", inner); // here
    says(&problem(app, source), &["`guard` needs `State<Db>`"]);
}

#[derive(Clone)]
struct User;

impl FromRequest for User {
    async fn from_request(_: &mut Request) -> Result<Self> {
        Ok(Self)
    }
}

async fn needs_user(Local(_): Local<User>) {}

#[test]
fn a_consumer_outside_of_its_provider_is_reported() {
    async fn greet(Local(_): Local<User>, req: Request, next: Next) -> Response {
        next.run(req).await
    }
    let source = include_str!("needs.rs");
    let app = App::new()
        .with(greet) // here
        .with(provide::<User>()) // provider
        .get("/", async || "");
    let found = problem(app, source);
    says(
        &found,
        &[
            "`greet` needs `Local<User>`",
            "further in",
            &place(source, "provider"),
        ],
    );
    let inner = App::new().with(provide::<User>()).get("/in", needs_user);
    let app = App::new().get("/", needs_user).mount("/", inner); // here
    says(
        &problem(app, source),
        &["no middleware around it provides it"],
    );
    let own = (async || "").with(provide::<User>());
    let app = App::new().get("/a", own).get("/b", needs_user); // here
    problem(app, source);
    let own = (async || "").with(provide::<User>());
    let app = App::new().fallback(own).get("/b", needs_user); // here
    problem(app, source);
}

/// The 404 of an app is a chain like those of its routes.
#[test]
fn the_fallback_is_checked_like_a_route() {
    let source = include_str!("needs.rs");
    let inner = App::new().with(provide::<User>()).get("/in", needs_user);
    let app = App::new().mount("/", inner).fallback(needs_user); // here
    says(&problem(app, source), &["needs `Local<User>`"]);
}
