//! What belongs to the scope a middleware was written in: its state, its provided values.

use cepa::HeaderValue;
use cepa::prelude::*;

/// A state that says which app it is of.
#[derive(Clone)]
struct Of(&'static str);

#[derive(Clone)]
struct Other(&'static str);

/// Notes the state it sees, by an extractor and by the request.
async fn look(State(Of(seen)): State<Of>, req: Request, next: Next) -> Response {
    let same = req.state::<Of>().map(|state| state.0);
    assert_eq!(same, Some(seen));
    let mut res = next.run(req).await;
    let inner = res.header("x-seen").unwrap_or("").to_owned();
    res.set_header("x-seen", format!("{seen} {inner}").trim_end());
    res
}

async fn show(State(Of(of)): State<Of>, State(Other(other)): State<Other>) -> String {
    format!("{of} {other}")
}

#[test]
fn a_mounted_app_sees_its_own_state_then_its_parents() {
    let deep = App::new().state(Of("deep")).get("/", show);
    let client = App::new()
        .state(Of("outer"))
        .state(Other("shared"))
        .get("/", show)
        .mount(
            "/a",
            App::new()
                .state(Of("a"))
                .get("/", show)
                .mount("/deep", deep),
        )
        .mount("/b", App::new().get("/", show))
        .test();
    client.get("/").send().assert_text("outer shared");
    client.get("/a").send().assert_text("a shared");
    client.get("/a/deep").send().assert_text("deep shared");
    client.get("/b").send().assert_text("outer shared");
}

#[test]
fn a_middleware_sees_the_state_of_the_scope_it_was_written_in() {
    let inner = App::new()
        .state(Of("inner"))
        .with(look)
        .get("/x", (async |State(Of(of)): State<Of>| of).with(look));
    let client = App::new()
        .state(Of("outer"))
        .before_routing(look)
        .with(look)
        .mount("/in", inner)
        .get("/x", (async |State(Of(of)): State<Of>| of).with(look))
        .test();
    let res = client.get("/in/x").send();
    res.assert_text("inner")
        .assert_header("x-seen", "outer outer inner inner");
    let res = client.get("/x").send();
    res.assert_text("outer")
        .assert_header("x-seen", "outer outer outer");
    let res = client.get("/in/none").send();
    res.assert_status(404)
        .assert_header("x-seen", "outer outer inner");
}

#[test]
fn an_inherited_fallback_sees_the_state_of_its_own_scope() {
    let client = App::new()
        .state(Of("outer"))
        .fallback(async |State(Of(of)): State<Of>| of)
        .mount("/in", App::new().state(Of("inner")).with(look))
        .test();
    let res = client.get("/in/none").send();
    res.assert_text("outer").assert_header("x-seen", "inner");
}

#[test]
fn a_struct_sees_the_state_of_its_scope_again_after_those_inside() {
    struct Around;
    impl Middleware for Around {
        async fn handle(&self, mut req: Request, next: Next) -> Response {
            let before = req.extract::<State<Of>>().await.map(|State(of)| of.0);
            let mut res = next.run(req).await;
            res.set_header("x-before", before.unwrap_or("nothing"));
            res
        }
    }
    let inner = App::new().state(Of("inner")).get("/", async || "");
    let app = App::new().state(Of("outer")).with(Around).mount("/", inner);
    app.test()
        .get("/")
        .send()
        .assert_header("x-before", "outer");
}

#[derive(Clone)]
struct User(String);

impl FromRequest for User {
    async fn from_request(req: &mut Request) -> Result<Self> {
        req.headers_mut()
            .append("x-read", HeaderValue::from_static("once"));
        let name = req.header("x-user").or_unauthorized("say who you are")?;
        Ok(Self(name.to_owned()))
    }
}

#[test]
fn a_provided_value_is_made_once_and_seen_by_all_inside() {
    async fn greet(Local(User(name)): Local<User>, req: Request, next: Next) -> Response {
        let mut res = next.run(req).await;
        res.set_header("x-hello", name);
        res
    }
    async fn show(Local(User(name)): Local<User>, headers: HeaderMap) -> String {
        format!("{name} {}", headers.get_all("x-read").iter().count())
    }
    let private = App::new()
        .with(provide::<User>())
        .with(greet)
        .get("/", show);
    let client = App::new()
        .mount("/me", private)
        .get("/", async |user: Option<Local<User>>| {
            format!("{}", user.is_some())
        })
        .test();
    let res = client.get("/me").header("x-user", "ada").send();
    res.assert_text("ada 1").assert_header("x-hello", "ada");
    let res = client.get("/me").send();
    res.assert_status(401).assert_contains("say who you are");
    assert_eq!(res.header("x-hello"), None);
    client
        .get("/")
        .header("x-user", "ada")
        .send()
        .assert_text("false");
    // It stands around the 404 of its scope as well.
    client.get("/me/none").send().assert_status(401);
}

#[test]
fn a_value_provided_again_inside_goes_before() {
    async fn rename(mut req: Request, next: Next) -> Response {
        let old = req.insert(User("inner".to_owned()));
        assert_eq!(old.map(|user| user.0).as_deref(), Some("ada"));
        next.run(req).await
    }
    let client = App::new()
        .with(provide::<User>())
        .get(
            "/",
            (async |Local(User(name)): Local<User>| name).with(rename),
        )
        .test();
    let res = client.get("/").header("x-user", "ada").send();
    res.assert_text("inner");
}

#[test]
fn a_value_nobody_put_there_is_a_500_that_says_so_in_the_log() {
    let client = App::new()
        .get("/", async |Local(User(name)): Local<User>| name)
        .test();
    let res = client.get("/").send();
    res.assert_status(500);
    let error = res.error().unwrap().to_string();
    assert!(error.contains("req.insert"), "{error}");
    assert!(!res.text().contains("User"), "{}", res.text());
}
