//! What is wrong with templates, told when the app is built.

use std::time::Duration;

use cepa::files::{Assets, Files};
use cepa::prelude::*;
use cepa::templates::{ContextProcessor, Templates};
use cepa::{Mode, Timeout};

use super::{List, problem, templates, users};

#[test]
fn what_is_broken_is_told_when_the_app_is_built() {
    let table: [(&str, &str); 15] = [
        (
            "{{ x is not evn }}",
            "page.html:1:13: there is no test `evn`",
        ),
        ("{% if x %}", "page.html:1:9: unexpected end of input"),
        ("\n  {{ x y }}", "page.html:2:8: unexpected identifier"),
        (
            "{% extends 'layot.html' %}",
            "page.html:1:12: there is no template `layot.html`; is `layout.html` meant?",
        ),
        (
            "a\n{% include \"other.html\" %}",
            "page.html:2:12: there is no template `other.html`; add the file",
        ),
        (
            "{% import 'x.html' as x %}",
            "page.html:1:11: there is no template `x.html`",
        ),
        (
            "{% from 'x.html' import x %}",
            "page.html:1:9: there is no template `x.html`",
        ),
        (
            "{% extends 'layout.html' if a else 'b.html' %}",
            "1:36: there is no template `b.html`",
        ),
        (
            "{{ url_for('users::shwo', id=1) }}",
            "1:12: no route is named `users::shwo`; is `users::show` meant?",
        ),
        (
            "{{ url_for('zzz') }}",
            "1:12: no route is named `zzz`; name the handler, or the route by `.named(..)`",
        ),
        (
            "{{ url_for('users::show') }}",
            "no value for `id`; write `url_for(\"users::show\", name=value)`",
        ),
        ("{{ url_for('users::show', di=1) }}", "no value for `id`"),
        (
            "{% set x = url_for('nope') %}",
            "1:20: no route is named `nope`",
        ),
        ("{{ x | uper }}", "page.html:1:8: there is no filter `uper`"),
        (
            "{% filter uper %}x{% endfilter %}",
            "1:11: there is no filter `uper`",
        ),
    ];
    for (template, wanted) in table {
        let list = [("page.html", template), ("layout.html", "")];
        let app = App::new()
            .plug(Templates::embedded(list))
            .get("/users/{id}", users::show);
        let told = problem(app);
        assert!(told.contains(wanted), "{template}: {told}");
    }
}

#[test]
fn what_cannot_be_known_is_left_alone() {
    let table = [
        "{% include name %}",
        "{% include 'no.html' ignore missing %}",
        "{% include ['no.html', 'layout.html'] %}",
        "{% include 'no' ~ suffix %}",
        "{{ url_for(name, id=1) }}",
        "{{ url_for('users::' ~ name, id=1) }}",
        "{{ url_for('users::show', **values) }}",
        "{{ thing.url_for('x') }}",
        "{# {{ url_for('x') }} #}{% raw %}{{ url_for('x') | y }}{% endraw %}",
    ];
    for template in table {
        let list = [("page.html", template), ("layout.html", "")];
        let app = App::new()
            .plug(Templates::embedded(list))
            .get("/users/{id}", users::show);
        assert!(app.build().is_ok(), "{template}");
    }
}

#[test]
fn all_problems_are_told_at_once_at_the_line_of_the_plug() {
    let list: List = &[
        ("a.html", "{{ x | no }}"),
        ("b.html", "{% include 'c.html' %}"),
    ];
    let app = App::new().plug(templates(list));
    let error = app.build().unwrap_err();
    let told = error.to_string();
    assert!(
        told.contains("2 problems in templates:\n    a.html:1:8"),
        "{told}"
    );
    assert!(told.contains("\n    b.html:1:12"), "{told}");
    assert!(
        error.problems()[0]
            .location()
            .file()
            .ends_with("preflight.rs")
    );
}

/// They were told one after the other, a build for each.
#[test]
fn problems_of_templates_and_of_the_rest_are_told_together() {
    let css = "<link href=\"{{ asset('ap.css') }}\">";
    let assets = Assets::new(Files::embedded(&[("app.css", b"p {}")]), "/static");
    let app = App::new()
        .plug(Templates::embedded([("page.html", css)]))
        .mount("/static", assets)
        .with(Timeout::new(Duration::ZERO))
        .get("/", async |_: State<u8>| "");
    let error = app.build().unwrap_err();
    let told = error.to_string();
    assert_eq!(error.problems().len(), 3, "{told}");
    for part in [
        "there is no asset `ap.css`",
        "no response is made in no time",
        "needs `State<u8>`",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn folders_that_are_missing_are_told_together_and_once() {
    for mode in [Mode::Development, Mode::Production] {
        let app = App::new()
            .mode(mode)
            .plug(Templates::dir("no/templates"))
            .mount("/static", Assets::new(Files::dir("no/static"), "/static"));
        let error = app.build().unwrap_err();
        let told = error.to_string();
        assert_eq!(error.problems().len(), 2, "{told}");
        assert!(
            told.contains(": the folder of templates `no/templates` cannot be read"),
            "{told}"
        );
        assert!(
            told.contains("the folder `no/static` cannot be served"),
            "{told}"
        );
    }
    // Not once more for each file that a template asks for.
    let page = "{{ asset('a.css') }}{{ asset('b c.js') }}";
    let assets = Assets::new(Files::dir("no/static"), "/static");
    let templates = Templates::embedded([("page.html", page)]);
    let app = App::new().plug(templates).mount("/static", assets);
    assert!(problem(app).contains("the folder `no/static` cannot be served"));
}

#[test]
fn a_template_that_cannot_be_parsed_hides_no_problem_of_others() {
    let list: List = &[
        ("broken.html", "{% block a %}<script>{% endblok %}"),
        (
            "child.html",
            "{% extends 'broken.html' %}{% block a %}{{ x | no }}{% endblock %}",
        ),
        ("other.html", "<p title={{ x }}>"),
    ];
    let app = App::new()
        .plug(templates(list))
        .contribute(ContextProcessor::new("form", |_| 1));
    let told = problem(app);
    assert!(
        told.starts_with("4 problems in templates:\n    a context processor is"),
        "{told}"
    );
    for part in [
        "broken.html:1:",
        "child.html:1:48: there is no filter `no`",
        "other.html:1:10",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

/// A link to a route that is not in the table would only be told again.
#[test]
fn templates_are_not_checked_where_routes_are_wrong() {
    let list: List = &[("page.html", "{{ url_for('home') }}")];
    let app = || App::new().plug(templates(list));
    let home = || (async || "").named("home");
    assert!(problem(app().get("home", home())).contains("home"));
    assert!(problem(app().mount("in", App::new().get("/", home()))).contains("in"));
    let twice = app()
        .get("/a", home())
        .get("/b", (async || "").named("home"));
    assert!(problem(twice).contains("the name `home` is given to another"));
}

#[test]
fn names_that_collide_are_told() {
    let twice = App::new()
        .plug(templates(&[]))
        .contribute(ContextProcessor::new("user", |_| 1))
        .contribute(ContextProcessor::new("user", |_| 2));
    assert!(problem(twice).contains("two context processors are named `user`"));
    let known =
        App::new().plug(templates(&[]).with_processor(ContextProcessor::new("request", |_| 1)));
    assert!(problem(known).contains("`request`, which every page has"));
    let same = App::new().plug(Templates::embedded([("a", "1"), ("a", "2")]));
    assert!(problem(same).contains("two templates are named `a`: rename one"));
}
