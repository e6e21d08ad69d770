//! Templates whose place in the page depends on branches, loops and blocks.

use super::markup::told_of;

/// Templates, and what is said of one of their branches.
const FORKS: &[(&str, &str)] = &[
    (
        "<a {% if on %}href{% else %}data-href{% endif %}=\"{{ b }}\">",
        "may be `javascript:`",
    ),
    (
        "<a {% if on %}data-href{% else %}href{% endif %}=\"{{ b }}\">",
        "may be `javascript:`",
    ),
    (
        "{% if on %}<a href=\"{% else %}<a title=\"{% endif %}{{ b }}\">",
        "may be `javascript:`",
    ),
    (
        "{% if on %}<a title=\"{% else %}<a href=\"{% endif %}{{ b }}\">",
        "may be `javascript:`",
    ),
    (
        "<a {{ 'title' if x else 'href' }}=\"{{ b }}\">",
        "may be `javascript:`",
    ),
    (
        "<a {% if a %}title{% elif b %}onclick{% endif %}=\"{{ b }}\">",
        "would run as a script",
    ),
    (
        "<{% if a %}script{% else %}p{% endif %}>{{ b }}</p>",
        "in a script",
    ),
    (
        "<p class={% if a %}\"{% endif %}{{ b }}",
        "without quotes around",
    ),
    (
        "<a href=\"{% if a %}java{% else %}/{% endif %}{{ b }}\">",
        "may be `javascript:`",
    ),
    (
        "<script>f({% if a %}'{% endif %}{{ b | tojson }})",
        "in a text or comment of a script",
    ),
    // What a pass through a loop leaves open is open at the next one.
    (
        "{% for a in b %}{{ a }}<p class={% endfor %}",
        "without quotes around",
    ),
    (
        "{% for a in b %}{% if c %}<p class={% else %}{{ a }}{% endif %}{% else %}{% endfor %}",
        "without quotes around",
    ),
    (
        "{% for a in b %}<p class={% else %}<p>{% endfor %}{{ x }}",
        "without quotes around",
    ),
    (
        "<a href=\"{% for a in b %}{{ a | link }}{% endfor %}{{ x }}\">",
        "may be `javascript:`",
    ),
];

#[test]
fn every_branch_is_followed() {
    for (template, wanted) in FORKS {
        let told = told_of(&[("a.html", template)]);
        assert!(told.contains(wanted), "{template}: {told}");
        assert_eq!(told.matches("a.html:").count(), 1, "{template}: {told}");
    }
}

#[test]
fn branches_that_are_all_safe_are_left_alone() {
    let table = [
        "<a {% if on %}title{% else %}data-href{% endif %}=\"{{ b }}\">{{ b }}",
        "{% if on %}<a class=\"{% else %}<a title=\"{% endif %}{{ b }}\">{{ b }}",
        "<a href=\"{% if a %}/{% elif b %}?{% else %}#{% endif %}{{ b }}\">{{ b }}",
        "<p class=\"a{% if a %} b{% endif %}{% if c %} c{% endif %} {{ x }}\">{{ x }}",
        "{% for a in b %}<li {% if loop.first %}class=\"first\"{% endif %}>{{ a }}</li>{% else %}{{ x }}{% endfor %}",
        "<script>{% for a in b %}f({{ a | tojson }}{% if not loop.last %},{% endif %});{% endfor %}</script>{{ x }}",
    ];
    for template in table {
        assert_eq!(told_of(&[("a.html", template)]), "", "{template}");
    }
}

#[test]
fn tags_with_more_branches_than_can_be_followed_are_told() {
    let mut fork = "<p data-".to_owned();
    (0..10).for_each(|i| fork += &format!("{{% if a %}}{}{{% endif %}}", "x".repeat(1 << i)));
    fork += "=\"a\">";
    let told = told_of(&[("a.html", fork.leak())]);
    assert!(told.contains("tags have too many branches"), "{told}");
    let mut tag = "<p".to_owned();
    (0..60).for_each(|i| tag += &format!("{{% if a %}} a{i}=\"b\"{{% endif %}}"));
    assert_eq!(told_of(&[("a.html", (tag + ">{{ x }}").leak())]), "");
}

#[test]
fn a_block_is_looked_at_wherever_it_may_stand() {
    let layout = |text: &'static str| ("layout.html", text);
    let table = [
        // In one of two tags.
        (
            layout("{% if a %}<p title={% else %}<p {% endif %}{% block b %}{% endblock %}>"),
            "{% extends 'layout.html' %}{% block b %}{{ x }}{% endblock %}",
            "page.html:1:41: in a tag a value cannot be escaped",
        ),
        // In one of two layouts.
        (
            layout("<script>{% block b %}{% endblock %}</script>"),
            "{% extends 'text.html' if a else 'layout.html' %}{% block b %}{{ x }}{% endblock %}",
            "page.html:1:63: in a script",
        ),
        // In the block where it is written, and where the layout has it.
        (
            layout("<script>{% block b %}{% endblock %}</script>{% block c %}{% endblock %}"),
            "{% extends 'layout.html' %}{% block c %}{% block b %}{{ x }}{% endblock %}{% endblock %}",
            "page.html:1:54: in a script",
        ),
        // It may be left empty by what extends the layout.
        (
            layout("<a href=\"{% block b %}/{% endblock %}{{ x }}\">"),
            "",
            "layout.html:1:38: a value that begins `href`",
        ),
        (
            layout("{% block a %}{% endblock %}"),
            "{% if x %}{% extends 'layout.html' %}{% endif %}<p class={% block a %}{{ x }}{% endblock %}>",
            "page.html:1:71: a value without quotes",
        ),
    ];
    for (layout, page, wanted) in table {
        let text = ("text.html", "{% block b %}{% endblock %}");
        let told = told_of(&[layout, text, ("page.html", page)]);
        assert!(told.contains(wanted), "{page}: {told}");
        assert_eq!(told.matches("html:1:").count(), 1, "{page}: {told}");
    }
}
