//! The token in templates.

use cepa::prelude::*;
use cepa::sessions::{CsrfTokens, Sessions};
use cepa::templates::{Templates, View};

fn app() -> App {
    let pages = [
        ("form.html", "<form>{{ csrf_field }}</form>"),
        ("token.html", "{{ csrf_token }}"),
    ];
    App::new()
        .plug(Templates::embedded(pages))
        .group("/out", |out| out.get("/", token))
}

async fn form() -> View {
    View::new("form.html", ())
}

async fn token() -> View {
    View::new("token.html", ())
}

fn shop(app: App) -> App {
    app.plug(Sessions::memory())
        .with(CsrfTokens::new())
        .get("/form", form)
        .get("/token", token)
        .post("/", async || "done")
}

#[test]
fn a_page_has_the_token_and_its_field() {
    let client = app().plug(shop).test();
    let res = client.get("/form").send();
    let line = res.header("set-cookie").unwrap();
    assert!(line.starts_with("session="), "{line}");
    let text = res.text();
    let start = "<form><input type=\"hidden\" name=\"_csrf\" value=\"";
    let value = text
        .strip_prefix(start)
        .and_then(|rest| rest.strip_suffix("\"></form>"));
    client
        .post("/")
        .form(&[("_csrf", value.unwrap())])
        .send()
        .assert_text("done");
    let token = client.get("/token").send().text().to_owned();
    client
        .post("/")
        .header("x-csrf-token", token)
        .send()
        .assert_text("done");
}

#[test]
fn a_page_outside_of_sessions_has_no_token() {
    app()
        .mount("/shop", App::new().plug(shop))
        .test()
        .get("/out")
        .send()
        .assert_status(500);
}

#[test]
fn two_parts_of_an_app_have_sessions_of_their_own() {
    let other = App::new()
        .plug(Sessions::memory().with_cookie_name("other"))
        .get("/form", form);
    let client = app().plug(shop).mount("/other", other).test();
    client.get("/form").send().assert_contains("_csrf");
    let res = client.get("/other/form").send();
    assert!(res.header("set-cookie").unwrap().starts_with("other="));
}
