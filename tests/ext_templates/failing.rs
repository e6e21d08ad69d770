//! The page that developers see for a template that cannot be rendered.

use cepa::http::Request as HttpRequest;
use cepa::prelude::*;
use cepa::templates::{Templates, View};
use cepa::{Excerpt, Mode};

use super::escaping::payloads;
use super::reload::Folder;

/// The answer to a browser on this machine, with the error.
fn ask(templates: Templates, name: &'static str) -> (String, Response) {
    let app = App::new().mode(Mode::Development).plug(templates);
    let app = app.get("/", move || async move {
        View::new(name, json!({ "title": "Onions" }))
    });
    let peer = "127.0.0.1:9".parse().unwrap();
    let service = app.build().unwrap().for_connection(Some(peer), false);
    let req = HttpRequest::get("/")
        .header("host", "localhost")
        .header("accept", "text/html");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut res = service.answer(req.body("").unwrap()).await;
        let page = res.take_body().collect(100_000).await.unwrap();
        (String::from_utf8(page.to_vec()).unwrap(), res)
    })
}

fn excerpt(res: &Response) -> &Excerpt {
    res.error().and_then(Error::excerpt).unwrap()
}

#[test]
fn the_line_of_a_template_is_shown_and_that_of_its_view() {
    let list = [
        (
            "layout.html",
            "<title>{{ title }}</title>\n{% block body %}{% endblock %}",
        ),
        (
            "page.html",
            "{% extends 'layout.html' %}\n{% block body %}\n<p>{{ titel }}</p>\n{% endblock %}",
        ),
    ];
    let (page, res) = ask(Templates::embedded(list), "page.html");
    assert_eq!(res.status(), 500);
    assert_eq!(
        (excerpt(&res).file(), excerpt(&res).line()),
        ("page.html", 3)
    );
    assert!(
        page.contains("<h1>page.html:3:7: <code>titel</code> is undefined"),
        "{page}"
    );
    assert!(
        page.contains("<b><i>3</i>&lt;p&gt;{{ <mark>titel</mark> }}&lt;/p&gt;\n</b>"),
        "{page}"
    );
    assert!(page.contains("tests/ext_templates/failing.rs"), "{page}");
    assert!(page.contains("View::new(name, json!("), "{page}");
}

#[test]
fn the_innermost_template_is_the_one_that_is_shown() {
    let list = [
        ("page.html", "a\n{% include 'inner.html' %}"),
        ("inner.html", "<p>\n\n{{ nothing.at.all }}"),
    ];
    let (_, res) = ask(Templates::embedded(list), "page.html");
    assert_eq!(
        (excerpt(&res).file(), excerpt(&res).line()),
        ("inner.html", 3)
    );
}

#[test]
fn a_template_that_is_not_there_has_no_lines() {
    let (page, res) = ask(Templates::embedded([("page.html", "")]), "pages.html");
    assert!(res.error().unwrap().excerpt().is_none());
    assert!(page.contains("is <code>page.html</code> meant?"), "{page}");
    assert!(page.contains("View::new(name, json!("), "{page}");
}

/// What was broken while the program runs is shown as `build` would tell it.
#[test]
fn a_template_that_became_wrong_is_shown() {
    let folder = Folder::new("became-wrong");
    folder.write("users/show.html", "<p>{{ name }}</p>");
    let client = folder.app(Mode::Development).test();
    client.get("/").send().assert_text("<p>Ada</p>");
    folder.write("users/show.html", "<p>\n<a href={{ name }}>");
    let res = client.get("/").send();
    let excerpt = res
        .assert_status(500)
        .error()
        .and_then(Error::excerpt)
        .unwrap();
    assert_eq!(excerpt.line(), 2);
    assert!(excerpt.file().ends_with("users/show.html"));
    assert_eq!(excerpt.lines().last(), Some((2, "<a href={{ name }}>")));
}

/// Templates, and what is said of the value that is not there.
const UNDEFINED: &[(&str, &str)] = &[
    (
        "{{ user.name }}",
        "page.html:1:4: `user` is undefined: pass it to the view, or ask for it by `is defined`",
    ),
    // Filters that would take it for nothing.
    (
        "{{ missing | e }}",
        "`missing` is undefined: pass it to the view",
    ),
    (
        "{{ missing | escape }}",
        "`missing` is undefined: pass it to the view",
    ),
    (
        "{{ missing | tojson }}",
        "`missing` is undefined: pass it to the view",
    ),
    (
        "{{ a.b | tojson(indent=2) }}",
        "`a` is undefined: pass it to the view",
    ),
    // Arguments of a macro have no name where they come from.
    (
        "{% macro m(x) %}<p>{{ x }}{% endmacro %}{{ m() }}",
        "page.html:1:23: `x` is undefined: pass it to the macro, or ask for it by `is defined`",
    ),
    (
        "{% macro m(x) %}{{ x | upper }}{% endmacro %}{{ m() }}",
        "`x | upper` is undefined: pass it to the macro",
    ),
    (
        "{% macro m(x) %}{% for y in x.y %}{% endfor %}{% endmacro %}{{ m() }}",
        "`x.y` is undefined: pass it to the macro",
    ),
    (
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(missing) }}",
        "`missing` is undefined: pass it to the view",
    ),
    (
        "{{ [] | first }}",
        "`[] | first` is undefined: add `| default(..)`, or ask for it by `is defined`",
    ),
    (
        "{{ form.value(missing) }}",
        "value is not a string, in `value(missing)`; is it undefined?",
    ),
    (
        "{% include missing %}",
        "template name was not a string, in `include missing`; is it undefined?",
    ),
    // What another part of the program gives.
    (
        "{{ csrf_field }}",
        "`csrf_field` is undefined: add `.plug(Sessions::..)`, with the feature `sessions-templates`",
    ),
    (
        "{{ csrf_token }}",
        "`csrf_token` is undefined: add `.plug(Sessions::..)`",
    ),
    (
        "{{ csp_nonce }}",
        "`csp_nonce` is undefined: add `.with(SecureHeaders::new().with_csp(..))`",
    ),
];

/// The sentence that a page of this template fails with.
fn failure(template: &'static str) -> String {
    let templates = Templates::embedded([("page.html", template)]);
    let view = async || View::new("page.html", ());
    let client = App::new().plug(templates).get("/", view).test();
    let res = client.get("/").send();
    res.error().map(ToString::to_string).unwrap_or_default()
}

#[test]
fn an_undefined_value_is_named_with_who_is_to_define_it() {
    for (template, wanted) in UNDEFINED {
        let told = failure(template);
        assert!(told.contains(wanted), "{template}: {told}");
    }
    for template in ["{{ ('a' if false) | e }}", "{{ ('a' if false) | tojson }}"] {
        assert_eq!(failure(template), "", "{template}");
    }
}

/// It overflowed the stack, which ends the process.
#[test]
fn a_template_without_an_end_fits_into_the_stack_of_a_worker() {
    let table = [
        "{% block a %}{{ self.a() }}{% endblock %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include 'page.html' %}",
        "{% block a %}{% if true %}{% for x in [1] %}{% include 'page.html' %}{% endfor %}{% endif %}{% endblock %}",
    ];
    for template in table {
        let worker = std::thread::Builder::new().stack_size(2 << 20);
        let told = worker.spawn(move || failure(template)).unwrap().join();
        assert!(
            told.unwrap().contains("does one call itself?"),
            "{template}"
        );
    }
}

#[test]
fn payloads_in_templates_and_their_names_stay_text() {
    let markup = |page: &str| {
        let (_, body) = page.split_once("</style>").unwrap();
        let tags = body
            .split('<')
            .skip(1)
            .filter_map(|it| Some(it.split_once('>')?.0.to_owned()));
        tags.filter(|tag| !tag.ends_with("code"))
            .collect::<Vec<_>>()
    };
    let ask = |payload: &str| {
        let payload = payload.replace(['\n', '\0'], " ");
        let name: &'static str = format!("{payload}.txt").leak();
        let text = format!("{{% raw %}}{payload}{{% endraw %}}\n{{{{ nothing }}}}\n");
        ask(Templates::embedded([(name, text)]), name).0
    };
    let harmless = markup(&ask("x"));
    for payload in payloads() {
        assert_eq!(markup(&ask(&payload)), harmless, "{payload}");
    }
}
