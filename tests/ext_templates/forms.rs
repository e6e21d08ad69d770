//! Messages and forms in templates, over a redirect.

use cepa::cookies::{CookieJar, Keys};
use cepa::flash::{Flash, Submission};
use cepa::prelude::*;
use cepa::templates::{Templates, View};

const LAYOUT: &str = "{% for it in flashes %}[{{ it.kind }}: {{ it.text }}]{% endfor %}\
    {% block body %}{% endblock %}";
const FORM: &str = "{% extends 'layout.html' %}{% block body %}\
    <input name=\"name\" value=\"{{ form.value('name', 'Ada') }}\">{{ form.error('name') or 'fine' }}\
    <input name=\"tag\" value=\"a\"{% if form.has('tag', 'a') %} checked{% endif %}>\
    <input name=\"tag\" value=\"2\"{% if form.has('tag', 2) %} checked{% endif %}>\
    {{ form.all('tag') | length }}{% for it in form.errors %}({{ it.field }}){% endfor %}{% endblock %}";

async fn show() -> View {
    View::new("form.html", ())
}

async fn sign(mut form: Submission, flash: Flash) -> Result<Redirect> {
    form.check("name", form.value("name").len() > 3, "too <short>");
    match form.is_valid() {
        true => flash.success("thank you, <you>")?,
        false => flash.keep(form)?,
    }
    Ok(Redirect::to("/"))
}

fn templates() -> Templates {
    Templates::embedded([("layout.html", LAYOUT), ("form.html", FORM)])
}

fn routes(app: App) -> App {
    app.get("/", show)
        .get("/plain", async || "plain")
        .post("/", sign)
}

fn app() -> App {
    let app = App::new().state(Keys::random()).plug(templates());
    app.with(CookieJar::new()).plug(routes)
}

const FRESH: &str = "<input name=\"name\" value=\"Ada\">fine<input name=\"tag\" value=\"a\">\
    <input name=\"tag\" value=\"2\">0";

#[test]
fn a_form_that_was_wrong_comes_back_with_values_and_errors() {
    let client = app().test();
    client.get("/").send().assert_text(FRESH);
    let fields = [("name", "\"><"), ("tag", "2"), ("tag", "b")];
    let res = client.post("/").form(&fields).send();
    res.assert_status(303).assert_header("location", "/");
    client.get("/plain").send().assert_text("plain");
    client.get("/").send().assert_text(
        "<input name=\"name\" value=\"&quot;&gt;&lt;\">too &lt;short&gt;\
         <input name=\"tag\" value=\"a\"><input name=\"tag\" value=\"2\" checked>2(name)",
    );
    client.get("/").send().assert_text(FRESH);
}

#[test]
fn a_message_is_shown_once() {
    let client = app().test();
    client
        .post("/")
        .form(&[("name", "Grace")])
        .send()
        .assert_status(303);
    let told = format!("[success: thank you, &lt;you&gt;]{FRESH}");
    let res = client.get("/").send();
    res.assert_text(&told).assert_header("vary", "cookie");
    res.assert_header("cache-control", "private, no-cache");
    let res = client.get("/").send();
    assert_eq!(res.assert_text(FRESH).header("vary"), None);
}

/// They were silently empty, and the cookie stayed: the step that renders saw the state of the app
/// that plugs the templates alone.
#[test]
fn a_mounted_app_has_messages_by_keys_of_its_own() {
    let (jar, keys) = (CookieJar::new(), Keys::random);
    let app = |inner| App::new().plug(templates()).mount("/", routes(inner));
    let apps = [
        app(App::new().state(keys()).with(jar)),
        app(App::new().state(keys())).with(jar),
        app(App::new().with(jar)).state(keys()),
        // Its own count, also where the app around has others.
        app(App::new().state(keys()).with(jar)).state(keys()),
    ];
    for (n, app) in apps.into_iter().enumerate() {
        let client = app.test();
        client.post("/").form(&[("name", "Grace")]).send();
        let res = client.get("/").send();
        res.assert_contains("[success: thank you, ");
        assert_eq!(
            res.header("set-cookie").map(|it| it.contains("Max-Age=0")),
            Some(true),
            "{n}"
        );
        client.get("/").send().assert_text(FRESH);
        client.post("/").form(&[("name", "Al")]).send();
        client.get("/").send().assert_contains("value=\"Al\">too ");
        client.get("/").send().assert_text(FRESH);
    }
}

/// The page of an error is made outside of the jar, whose cookies have left by then.
#[test]
fn an_error_page_takes_nothing_that_was_left_for_the_next_page() {
    async fn failed(_: &Error, _: &ErrorContext) -> View {
        View::new("form.html", ())
    }
    let app = App::new().plug(templates()).state(Keys::random());
    let client = app
        .with(CookieJar::new())
        .on_error(failed)
        .plug(routes)
        .test();
    client.post("/").form(&[("name", "Al")]).send();
    let res = client.get("/nowhere").send();
    assert_eq!(
        res.assert_status(404)
            .assert_text(FRESH)
            .header("set-cookie"),
        None
    );
    client.get("/").send().assert_contains("value=\"Al\">too ");
}

#[test]
fn a_layout_with_messages_needs_no_cookies() {
    let app = App::new().plug(templates());
    app.get("/", show).test().get("/").send().assert_text(FRESH);
}

#[test]
fn a_form_can_be_shown_again_at_once() {
    async fn again(mut form: Submission) -> impl IntoResponse {
        form.reject("", "no");
        let view = View::new("form.html", ()).with_form(form);
        (StatusCode::UNPROCESSABLE_ENTITY, view)
    }
    let res = App::new()
        .plug(templates())
        .post("/", again)
        .test()
        .post("/")
        .form(&[("name", "")])
        .send();
    res.assert_status(422);
    assert!(
        res.text().contains("value=\"\">fine") && res.text().ends_with("0()"),
        "{}",
        res.text()
    );
}
