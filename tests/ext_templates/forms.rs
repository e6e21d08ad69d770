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

fn app() -> App {
    App::new()
        .state(Keys::random())
        .plug(Templates::embedded([
            ("layout.html", LAYOUT),
            ("form.html", FORM),
        ]))
        .with(CookieJar::new())
        .get("/", show)
        .get("/plain", async || "plain")
        .post("/", sign)
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
    client.get("/").send().assert_text(&told);
    client.get("/").send().assert_text(FRESH);
}

#[test]
fn a_layout_with_messages_needs_no_cookies() {
    let app = App::new().plug(Templates::embedded([
        ("layout.html", LAYOUT),
        ("form.html", FORM),
    ]));
    app.get("/", show).test().get("/").send().assert_text(FRESH);
}

#[test]
fn a_form_can_be_shown_again_at_once() {
    async fn again(mut form: Submission) -> impl IntoResponse {
        form.reject("", "no");
        let view = View::new("form.html", ()).with_form(form);
        (StatusCode::UNPROCESSABLE_ENTITY, view)
    }
    let templates = Templates::embedded([("layout.html", LAYOUT), ("form.html", FORM)]);
    let res = App::new()
        .plug(templates)
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
