//! What templates want of each other: layouts, blocks, macros.

use super::markup::told_of;

/// What the template `page.html` has wrong, beside a layout and macros.
fn told_of_page(page: &'static str) -> String {
    told_of(&[
        (
            "base.html",
            "{% block head %}{% endblock %}{% block body %}{% block foot %}{% endblock %}{% endblock %}",
        ),
        (
            "layout.html",
            "{% extends 'base.html' %}{% block body %}{% block main %}{% endblock %}{% endblock %}",
        ),
        (
            "m.html",
            "{% macro item(x) %}{% endmacro %}{% if a %}{% macro row(x) %}{% endmacro %}{% endif %}\
             {% set size = 3 %}{% import 'base.html' as base %}{% from 'h.html' import head %}",
        ),
        ("h.html", "{% macro head() %}{% endmacro %}"),
        ("more.html", "{% include 'm.html' %}"),
        ("page.html", page),
    ])
}

const WRONG: &[(&str, &str)] = &[
    (
        "{% extends 'layout.html' %}{% block bdoy %}{% endblock %}",
        "page.html:1:37: no layout has a block `bdoy`, so it is never sent; is `body` meant?",
    ),
    (
        "{% extends 'layout.html' %}{% block aside %}{% endblock %}",
        "no layout has a block `aside`, so it is never sent; add it there, or take it out",
    ),
    (
        "{% extends 'layout.html' if a else 'base.html' %}{% block heda %}{% endblock %}",
        "no layout has a block `heda`, so it is never sent; is `head` meant?",
    ),
    (
        "{% include ['nope.html', \"nada.html\"] %}",
        "page.html:1:13: there is no template `nope.html`",
    ),
    (
        "{% include ['bse.html'] %}",
        "there is no template `bse.html`; is `base.html` meant?",
    ),
    (
        "{% from 'm.html' import itme %}",
        "page.html:1:25: `m.html` has no macro `itme`; is `item` meant?",
    ),
    (
        "{% from 'm.html' import item, column as c %}",
        "page.html:1:31: `m.html` has no macro `column`; add it there",
    ),
    (
        "{% extends 'page.html' %}",
        "page.html:1:12: it extends itself: take this `extends` out",
    ),
];

const RIGHT: &[&str] = &[
    "{% extends 'layout.html' %}{% block main %}{% block own %}{% endblock %}{% endblock %}",
    "{% extends 'layout.html' %}{% block head %}{% endblock %}{% block foot %}{% endblock %}",
    // Sent by another block.
    "{% extends 'layout.html' %}{% block main %}{{ self.aside() }}{% endblock %}{% block aside %}{% endblock %}",
    // Not all layouts are known, or there may be none.
    "{% extends name %}{% block aside %}{% endblock %}",
    "{% extends 'layout.html' if a else name %}{% block aside %}{% endblock %}",
    "{% if a %}{% extends 'layout.html' %}{% endif %}{% block aside %}{% endblock %}",
    "{% include ['nope.html', 'base.html'] %}{% include ['nope.html', name] %}",
    "{% include ['nope.html', 'nada.html'] ignore missing %}",
    "{% from 'm.html' import item as it, row, size, base %}{% from 'm.html' import head with context %}",
    "{% from 'more.html' import anything %}{% from name import anything %}",
];

#[test]
fn what_no_other_template_has_is_told() {
    for (page, wanted) in WRONG {
        let told = told_of_page(page);
        assert!(told.contains(wanted), "{page}: {told}");
    }
    for page in RIGHT {
        assert_eq!(told_of_page(page), "", "{page}");
    }
}

#[test]
fn templates_that_extend_each_other_are_told_with_the_place() {
    for names in [["a.html", "b.html", "c.html"], ["a.txt", "b.txt", "c.txt"]] {
        let [a, b, c] = names;
        let extends = |name: &str| &*format!("\n{{% extends '{name}' %}}").leak();
        let told = told_of(&[(a, extends(b)), (b, extends(c)), (c, extends(a))]);
        let wanted = format!("{c}:2:12: it extends `{a}`, which extends it in turn");
        assert!(told.contains(&wanted), "{told}");
        assert_eq!(told.matches("in turn").count(), 1, "{told}");
    }
}

/// Blocks are asked for in templates of every kind.
#[test]
fn a_block_that_no_layout_has_is_told_in_texts_too() {
    let told = told_of(&[
        ("mail.txt", "{% block body %}{% endblock %}"),
        (
            "hello.txt",
            "{% extends 'mail.txt' %}{% block boddy %}{% endblock %}",
        ),
    ]);
    assert!(
        told.contains("hello.txt:1:34: no layout has a block `boddy`"),
        "{told}"
    );
}
