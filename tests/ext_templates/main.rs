//! `cepa::templates`: pages, their errors, what is checked when the app is built.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod assets;
mod branches;
mod ends;
mod escaping;
mod failing;
mod forms;
mod layouts;
mod markup;
mod preflight;
mod reload;

use cepa::prelude::*;
use cepa::templates::{ContextProcessor, TemplateError, TemplateFunction, Templates, View};
use cepa::{Csp, CspNonce, Mode, SecureHeaders};

type List = &'static [(&'static str, &'static str)];

fn templates(list: List) -> Templates {
    Templates::embedded(list.iter().copied())
}

/// An app with one page, `page.html`, at every path.
fn page(list: List, data: fn() -> Value) -> App {
    let page = move || async move { View::new("page.html", data()) };
    App::new().plug(templates(list)).get("/{*rest}", page)
}

fn text(list: List, data: fn() -> Value) -> String {
    page(list, data).test().get("/x").send().text().to_owned()
}

/// The sentence of the one problem there is.
#[track_caller]
fn problem(app: App) -> String {
    let error = app.build().unwrap_err();
    assert_eq!(error.problems().len(), 1, "{error}");
    error.problems()[0].message().to_owned()
}

#[test]
fn pages_inherit_include_and_import() {
    let list: List = &[
        (
            "layout.html",
            "<title>{% block title %}Shop{% endblock %}</title>{% block body %}{% endblock %}",
        ),
        (
            "page.html",
            "{% extends 'layout.html' %}{% import 'macros.html' as m %}\
             {% block title %}{{ name }} - {{ super() }}{% endblock %}\
             {% block body %}{{ m.item(name) }}{% include 'foot.html' %}{% endblock %}",
        ),
        (
            "macros.html",
            "{% macro item(name) %}<li>{{ name | upper }}{% endmacro %}",
        ),
        ("foot.html", "<footer>{{ request.method }}</footer>"),
    ];
    let wanted = "<title>&lt;b&gt; - Shop</title><li>&lt;B&gt;<footer>GET</footer>";
    assert_eq!(text(list, || json!({ "name": "<b>" })), wanted);
}

#[test]
fn the_name_of_a_template_decides_what_is_escaped() {
    let table = [
        (
            "a.html",
            "{{ x }}",
            "&lt;b&gt; &amp; &quot;&#39;",
            "text/html; charset=utf-8",
        ),
        (
            "a.html.j2",
            "{{ x }}",
            "&lt;b&gt; &amp; &quot;&#39;",
            "text/html; charset=utf-8",
        ),
        (
            "a.svg",
            "{{ x }}",
            "&lt;b&gt; &amp; &quot;&#39;",
            "image/svg+xml; charset=utf-8",
        ),
        ("a.txt", "{{ x }}", "<b> & \"'", "text/plain; charset=utf-8"),
        (
            "a.json",
            "[{{ x }}]",
            "[\"<b> & \\\"'\"]",
            "application/json",
        ),
        ("a", "{{ x }}", "<b> & \"'", "text/plain; charset=utf-8"),
    ];
    for (name, template, wanted, kind) in table {
        let view = move || async move { View::new(name, json!({ "x": "<b> & \"'" })) };
        let app = App::new()
            .plug(Templates::embedded([(name, template)]))
            .get("/", view);
        let res = app.test().get("/").send();
        res.assert_header("content-type", kind).assert_text(wanted);
    }
}

#[test]
fn an_undefined_name_is_an_error_with_template_line_and_column() {
    let table: [(List, &str, &str, usize, usize); 5] = [
        (
            &[("page.html", "a\nb {{ nmae }}")],
            "`nmae` is undefined",
            "page.html",
            2,
            6,
        ),
        (
            &[("page.html", "{{ user.nmae }}")],
            "`user.nmae` is undefined",
            "page.html",
            1,
            4,
        ),
        (
            &[("page.html", "{% if nmae %}x{% endif %}")],
            "`nmae` is undefined",
            "page.html",
            1,
            7,
        ),
        (
            &[
                ("page.html", "{% include 'b.html' %}"),
                ("b.html", "\n\n{{ x }}"),
            ],
            "`x` is undefined",
            "b.html",
            3,
            4,
        ),
        (
            &[("page.html", "{{ nmae.first }}")],
            "`nmae` is undefined",
            "page.html",
            1,
            4,
        ),
    ];
    for mode in [Mode::Development, Mode::Production] {
        for (list, sentence, template, line, column) in table {
            let app = page(list, || json!({ "user": { "name": "Ada" } })).mode(mode);
            let res = app.test().get("/x").send();
            res.assert_status(500);
            let error = res
                .error()
                .unwrap()
                .downcast_ref::<TemplateError>()
                .unwrap();
            let place = (error.template(), error.line(), error.column());
            assert!(error.message().contains(sentence), "{error}");
            assert_eq!(place, (template, line, column), "{error}");
            assert!(res.error().unwrap().location().file().ends_with("main.rs"));
        }
    }
}

#[test]
fn a_name_that_may_be_missing_is_asked_for() {
    let list: List = &[(
        "page.html",
        "{{ 'x' if a is defined else 'y' }}{{ b | default('z') }}",
    )];
    assert_eq!(text(list, || json!({})), "yz");
}

#[test]
fn a_template_that_is_not_there_is_named_with_the_one_that_is_meant() {
    let app = App::new()
        .plug(templates(&[("users/show.html", "x")]))
        .get("/", async || View::new("users/shwo.html", ()));
    let res = app.test().get("/").send();
    let error = res.assert_status(500).error().unwrap().to_string();
    assert!(error.contains("is `users/show.html` meant?"), "{error}");
}

#[test]
fn data_is_a_map_a_struct_or_nothing() {
    let list: List = &[("page.html", "{{ x | default(7) }}")];
    assert_eq!(text(list, || Value::Null), "7");
    let error = page(list, || json!([1])).test().get("/x").send();
    let error = error.assert_status(500).error().unwrap().to_string();
    assert!(
        error.contains("the data of the view is a sequence: pass a map"),
        "{error}"
    );
}

#[test]
fn a_view_without_templates_is_a_build_error_or_a_500() {
    let bare = App::new().get("/", async || View::new("page.html", ()));
    assert!(problem(bare).contains("add `.plug(Templates::dir(\"templates\"))`"));
    let bare = App::new().get("/", async || {
        Ok::<_, Error>((StatusCode::OK, View::new("a", ())))
    });
    assert!(problem(bare).contains("add `.plug(Templates::dir(\"templates\"))`"));
    let hidden = App::new().get("/", async || View::new("page.html", ()).into_response());
    let res = hidden.test().get("/").send();
    res.assert_status(500).assert_text("Internal Server Error");
    assert_eq!(res.header("content-type"), None);
}

#[test]
fn views_of_mounted_apps_and_errors_are_rendered_too() {
    async fn failed(error: &Error, _: &ErrorContext) -> View {
        View::new("error.html", json!({ "message": error.message() }))
    }
    async fn guard(req: Request, next: Next) -> Result<Response> {
        req.header("x-key").or_unauthorized("no key")?;
        Ok(next.run(req).await)
    }
    let inner = App::new()
        .with(guard)
        .get("/", async || View::new("page.html", ()));
    let client = App::new()
        .plug(templates(&[
            ("page.html", "inner at {{ request.query }}"),
            ("error.html", "<p>{{ message }} ({{ request.method }})"),
            ("broken.html", "{{ nothing }}"),
        ]))
        .on_error(failed)
        .mount("/inner", inner)
        .get("/broken", async || View::new("broken.html", ()))
        .test();
    let key = |path| client.get(path).header("x-key", "1").send();
    key("/inner?a=1").assert_text("inner at a=1");
    client
        .get("/inner")
        .send()
        .assert_status(401)
        .assert_text("<p>no key (GET)");
    let lost = "<p>there is nothing at this address (POST)";
    let res = client.post("/nowhere").send();
    res.assert_status(404)
        .assert_text(lost)
        .assert_header("content-type", "text/html; charset=utf-8");
    client
        .get("/broken")
        .send()
        .assert_status(500)
        .assert_text("<p>Internal Server Error (GET)");
}

#[test]
fn a_broken_error_page_is_answered_for_by_the_default_one() {
    async fn failed(_: &Error, _: &ErrorContext) -> View {
        View::new("error.html", ())
    }
    let taken = async || Error::conflict("taken").with_field("name", "is used");
    let broken = || App::new().plug(templates(&[("error.html", "{{ x }}")]));
    let panics = ContextProcessor::new("x", |_| -> u8 { panic!("a fault of the processor") });
    for app in [broken(), broken().contribute(panics)] {
        let client = app.on_error(failed).get("/", taken).test();
        let res = client.get("/").send();
        let problem: Value = res.assert_status(409).json();
        assert_eq!(problem["detail"], "taken");
        assert_eq!(problem["errors"][0]["message"], "is used");
        let cause = res.error().unwrap().downcast_ref::<TemplateError>();
        assert_eq!(cause.unwrap().template(), "error.html");
        let res = client.get("/nowhere").header("accept", "text/html").send();
        res.assert_status(404).assert_contains("404 Not Found");
    }
}

/// The response that an error page belongs to has more than the page.
#[test]
fn what_was_added_to_an_error_stays_where_its_page_fails() {
    static OUTCOME: std::sync::Mutex<Option<u64>> = std::sync::Mutex::new(None);
    async fn failed(_: &Error, _: &ErrorContext) -> View {
        View::new("error.html", ())
    }
    async fn adds(req: Request, next: Next) -> Response {
        let mut res = next.run(req).await;
        res.on_end(|outcome| *OUTCOME.lock().unwrap() = Some(outcome.bytes()));
        let cookie = res.with_header("set-cookie", "id=7");
        cookie.with_header("cache-control", "no-store")
    }
    let client = App::new()
        .plug(templates(&[("error.html", "{{ x }}")]))
        .with(adds)
        .on_error(failed)
        .get("/", async || {
            Error::conflict("taken").with_header("x-a", "1")
        })
        .test();
    for path in ["/", "/nowhere"] {
        let res = client.get(path).header("accept", "text/plain").send();
        res.assert_header("set-cookie", "id=7");
        res.assert_header("cache-control", "no-store");
        let sent = res.text().len() as u64;
        assert_eq!(OUTCOME.lock().unwrap().take(), Some(sent), "{path}");
    }
}

/// It was the business of the app around, whose templates they are.
#[test]
fn a_mounted_app_answers_for_its_own_views_that_fail() {
    async fn failed(error: &Error, _: &ErrorContext) -> String {
        format!("inner: {}", error.status())
    }
    let inner = App::new()
        .on_error(failed)
        .get("/", async || View::new("page.html", ()));
    let app = App::new()
        .plug(templates(&[("page.html", "{{ x }}")]))
        .mount("/in", inner);
    let res = app.test().get("/in").send();
    res.assert_status(500)
        .assert_text("inner: 500 Internal Server Error");
}

#[test]
fn the_nearest_name_counts() {
    let list: List = &[("page.html", "{{ a }}{{ b }}{{ c }}{{ d }}")];
    let view =
        async || View::new("page.html", json!({ "b": "data", "c": "data" })).with("c", "with");
    let app = App::new()
        .plug(
            templates(list)
                .with_value("a", "app")
                .with_value("b", "app"),
        )
        .contribute(ContextProcessor::new("b", |_| "processor"))
        .contribute(ContextProcessor::new("d", |visit| visit.path().len()))
        .get("/", view);
    assert_eq!(app.test().get("/").send().text(), "appdatawith1");
}

#[test]
fn processors_see_what_middleware_around_the_handler_found() {
    #[derive(Clone)]
    struct User(&'static str);
    async fn sign_in(mut req: Request, next: Next) -> Response {
        req.insert(User("Ada"));
        next.run(req).await
    }
    let user = ContextProcessor::new("user", |visit| visit.local::<User>().map(|user| user.0));
    let list: List = &[(
        "page.html",
        "{% if user is none %}nobody{% else %}{{ user }}{% endif %}",
    )];
    let view = async || View::new("page.html", ());
    let client = App::new()
        .plug(templates(list).with_processor(user))
        .get("/", view)
        .mount("/inner", App::new().with(sign_in).get("/", view))
        .test();
    client.get("/").send().assert_text("nobody");
    client.get("/inner").send().assert_text("Ada");
}

/// Their pages knew nobody: no handler ran, and the step that rendered them had seen the request before
/// the middleware that signs in.
#[test]
fn error_pages_know_what_was_found_out_before_the_error() {
    #[derive(Clone)]
    struct User(&'static str);
    async fn sign_in(mut req: Request, next: Next) -> Response {
        req.insert(User("Ada"));
        next.run(req).await
    }
    async fn refuse(_: Request, _: Next) -> Result<Response> {
        Err(Error::forbidden("not for you"))
    }
    async fn panics(_: Request, _: Next) -> Response {
        panic!("on the way in")
    }
    async fn failed(error: &Error, _: &ErrorContext) -> impl IntoResponse {
        (error.status(), View::new("error.html", ()))
    }
    let user = ContextProcessor::new("user", |visit| visit.local::<User>().map(|user| user.0));
    let list: List = &[("error.html", "{{ user }} at {{ request.path }}")];
    let home = async || "home";
    let client = App::new()
        .plug(templates(list).with_processor(user))
        .with(sign_in)
        .on_error(failed)
        .get("/", home)
        .get("/refused", home.with(refuse))
        .get("/panics", home.with(panics))
        .test();
    let answered = |path: &str, status: u16| {
        let res = client.get(path).send();
        res.assert_status(status)
            .assert_text(&format!("Ada at {path}"));
    };
    answered("/nothing", 404);
    answered("/refused", 403);
    answered("/panics", 500);
    let res = client.post("/").send();
    res.assert_status(405).assert_text("Ada at /");
}

#[test]
fn a_page_carries_the_nonce_of_its_policy() {
    let list: List = &[(
        "page.html",
        "<script nonce=\"{{ csp_nonce }}\">run()</script>",
    )];
    let csp = Csp::new().with("script-src", "'nonce'");
    let view = async |nonce: CspNonce| View::new("page.html", ()).with("given", nonce);
    let app = App::new()
        .plug(templates(list))
        .with(SecureHeaders::new().with_csp(csp));
    let res = app.get("/", view).test().get("/").send();
    let nonce = res.text().split('"').nth(1).unwrap();
    let policy = res.header("content-security-policy").unwrap();
    assert!(
        nonce.len() == 22 && policy.contains(&format!("'nonce-{nonce}'")),
        "{policy}"
    );

    let res = page(list, || json!({})).test().get("/x").send();
    let error = res.error().unwrap().to_string();
    assert!(error.contains("add `.with(SecureHeaders::new()"), "{error}");
}

mod users {
    use super::View;

    pub(crate) async fn show() -> View {
        View::new("page.html", ())
    }
}

#[test]
fn templates_link_to_routes_by_the_names_of_the_code() {
    let list: List = &[(
        "page.html",
        "{{ url_for('users::show', id=7) }} {{ url_for('users::show', id='a b', tab=1, no=none) }} \
         {{ url_for('home', a='<', b=2) }}",
    )];
    let app = App::new()
        .plug(templates(list))
        .get("/users/{id}", users::show)
        .get("/", users::show.named("home"));
    let wanted = "/users/7 /users/a%20b?tab=1 /?a=%3C&amp;b=2";
    app.test().get("/users/1").send().assert_text(wanted);
}

#[test]
fn a_macro_of_another_template_links_too() {
    let list: List = &[
        (
            "page.html",
            "{% import 'm.html' as m %}{{ m.to(3) }}{% from 'm.html' import to %}{{ to(4) }}",
        ),
        (
            "m.html",
            "{% macro to(id) %}{{ url_for('users::show', id=id) }} {% endmacro %}",
        ),
    ];
    let app = App::new()
        .plug(templates(list))
        .get("/users/{id}", users::show);
    app.test()
        .get("/users/1")
        .send()
        .assert_text("/users/3 /users/4 ");
}

#[test]
fn functions_and_filters_come_from_anywhere_in_the_app() {
    let list: List = &[("page.html", "{{ 3 | double }} {{ sum(1, 2) }} {{ own() }}")];
    let app = App::new()
        .plug(templates(list).with_function("own", || "own"))
        .get("/", async || View::new("page.html", ()))
        .mount(
            "/x",
            App::new().contribute(TemplateFunction::filter("double", |n: i64| n * 2)),
        )
        .contribute(TemplateFunction::new("sum", |a: i64, b: i64| a + b));
    app.test().get("/").send().assert_text("6 3 own");
}
