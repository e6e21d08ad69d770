//! Templates that end, or are begun again, where nobody can follow them; what libraries for pages run; JSON
//! in the wrong place; and what takes long to look at.

use crate::markup::told;

type Pages = &'static [(&'static str, &'static str)];

const JSON: &str = "`tojson` is the last filter";
const RUN: &str = "a value would run as a script";
const ENDS: &str = "the template ends inside of a tag";
const BLOCK: &str = "a block ends where it began";

const WRONG: [(Pages, &str); 33] = [
    // What `tojson` made has quotes that nothing escapes any more.
    (
        &[(
            "a.html",
            "{% set d = user | tojson %}<p data-u=\"{{ d }}\">",
        )],
        JSON,
    ),
    (
        &[(
            "a.html",
            "{% with d = user | tojson %}<p data-u=\"{{ d }}\">{% endwith %}",
        )],
        JSON,
    ),
    (&[("a.html", "{{ card(user | tojson) }}")], JSON),
    (&[("a.html", "<p title=\"{{ (user | tojson) }}\">")], JSON),
    (
        &[("a.html", "<p title=\"{{ user | tojson or '{}' }}\">")],
        JSON,
    ),
    (
        &[("a.html", "<p title=\"{{ user | tojson | trim }}\">")],
        JSON,
    ),
    (
        &[(
            "a.html",
            "<p title=\"{{ a | tojson | e if b else c | tojson }}\">",
        )],
        "put single ones around",
    ),
    (
        &[(
            "a.html",
            "<p title=\"{% filter tojson %}x {{ q }}{% endfilter %}\">",
        )],
        JSON,
    ),
    // What libraries run.
    (&[("a.html", "<p x-data=\"{ n: '{{ q }}' }\">")], RUN),
    (&[("a.html", "<p @click=\"f('{{ q }}')\">")], RUN),
    (&[("a.html", "<p :class=\"{{ q }}\">")], RUN),
    (&[("a.html", "<p v-on:click=\"f({{ q }})\">")], RUN),
    (&[("a.html", "<p hx-on:click=\"f({{ q }})\">")], RUN),
    (&[("a.html", "<p _=\"on click log '{{ q }}'\">")], RUN),
    (&[("a.html", "<p x-data=\"{{ q | tojson }}\">")], RUN),
    // What another template goes on from.
    (
        &[
            ("a.html", "{% include 'b.html' %}{{ q }}"),
            ("b.html", "<script>"),
        ],
        ENDS,
    ),
    (&[("a.html", "<p title=\"")], ENDS),
    (&[("a.html", "<!-- a")], ENDS),
    (&[("a.html", "<title>a")], ENDS),
    (
        &[
            (
                "a.html",
                "{% extends 'b.html' %}{% block x %}<script>{% endblock %}",
            ),
            ("b.html", "{% block x %}{% endblock %} {{ q }}"),
        ],
        BLOCK,
    ),
    (
        &[
            (
                "a.html",
                "{% extends 'b.html' %}{% block x %}\" onclick=\"{% endblock %}",
            ),
            ("b.html", "<p title=\"{% block x %}{% endblock %}{{ q }}"),
        ],
        ENDS,
    ),
    (
        &[("a.html", "<p {% block x %}title=\"{% endblock %}\">")],
        BLOCK,
    ),
    // `super()` is what the layout has there, not anywhere.
    (
        &[
            (
                "a.html",
                "{% extends 'b.html' %}{% block x %}<script>let t = {{ super() }};</script>{% endblock %}",
            ),
            ("b.html", "{% block x %}{{ q }}{% endblock %}"),
        ],
        "in a script a value is written as JSON",
    ),
    (
        &[
            (
                "a.html",
                "{% extends 'b.html' %}{% block x %}<a href=\"{{ super() }}\">{% endblock %}",
            ),
            ("b.html", "{% block x %}{{ q }}{% endblock %}"),
        ],
        "may be `javascript:`",
    ),
    // What is trusted may be empty.
    (
        &[("a.html", "<a href=\"{{ base | safe }}{{ q }}\">")],
        "may be `javascript:`",
    ),
    (
        &[(
            "a.html",
            "<a href=\"{{ base | safe }}{{ q | link }}:\">{{ q }}</a><a href=\"{{ q }}\">",
        )],
        "may be `javascript:`",
    ),
    // Of what is carried in an address, only images run nothing.
    (
        &[("a.html", "<a href=\"data:{{ x | link }}\">")],
        "is part of what runs",
    ),
    (
        &[("a.html", "<a href=\"data:text/html,{{ x }}\">")],
        "is part of what runs",
    ),
    (
        &[("a.html", "<a href=\"data:image/{{ x }}\">")],
        "is part of what runs",
    ),
    (
        &[("a.html", "<img src=\"data:image/svg+xml,{{ x }}\">")],
        "is part of what runs",
    ),
    (
        &[("a.html", "<img src=\"data:image/png{{ x }}\">")],
        "is part of what runs",
    ),
    (
        &[("a.html", "<img src=\"data:image/pngx,{{ x }}\">")],
        "is part of what runs",
    ),
    (
        &[("a.html", "<img src=\"DATA:{{ x }}\">")],
        "is part of what runs",
    ),
];

#[test]
fn what_cannot_be_followed_is_told() {
    for (pages, wanted) in WRONG {
        let told = told(pages).unwrap_err();
        assert!(told.contains(wanted), "{pages:?}: {told}");
    }
}

const RIGHT: [Pages; 14] = [
    &[(
        "a.html",
        "<p x-data='{{ user | tojson }}' @click=\"open = {{ n | int }}\" :class=\"a\">",
    )],
    &[(
        "a.html",
        "<p hx-vals='{{ user | tojson }}' hx-get=\"/users/{{ id }}\">",
    )],
    &[(
        "a.html",
        "<p data-u='{{ a | tojson if b else c | tojson }}'>{{ d | tojson }}</p>",
    )],
    &[(
        "a.html",
        "<h{{ level | int }}>{{ title }}</h{{ level | int }}>",
    )],
    &[("a.html", "<img src=\"data:image/png;base64,{{ code }}\">")],
    &[("a.html", "5 <")],
    &[(
        "a.html",
        "<body class=\"{% block c %}a{% endblock %}\" {% block d %}id=b {% endblock %}>",
    )],
    &[("a.html", "<body{% block a %} id=\"b\"{% endblock %}>")],
    &[("a.html", "<body {% block a %}id=b{% endblock %}>")],
    &[
        (
            "a.html",
            "{% extends 'b.html' %}{% block t %}{{ q }} - {{ super() }}{% endblock %}",
        ),
        ("b.html", "<title>{% block t %}Shop{% endblock %}</title>"),
    ],
    &[
        (
            "a.html",
            "{% extends 'b.html' %}{% block c %}{{ super() }} b {{ super() }}{% endblock %}",
        ),
        ("b.html", "<p class=\"{% block c %}a{% endblock %}\">"),
    ],
    &[
        (
            "a.html",
            "{% extends 'b.html' %}{% block s %}{{ super() }}let b = {{ q | tojson }};{% endblock %}",
        ),
        (
            "b.html",
            "<script>{% block s %}let a = 1;{% endblock %}</script>",
        ),
    ],
    &[
        ("a.html", "{% include 'b.html' %}"),
        ("b.html", "<div class=\"open\"><p>"),
    ],
    &[(
        "a.html",
        "{% raw %}{% x {{ y }} <a {% endraw %}b>{{ c }}</a>{%raw-%} {%- endraw -%}",
    )],
];

#[test]
fn what_people_write_is_left_alone() {
    for pages in RIGHT {
        assert_eq!(told(pages), Ok(()), "{pages:?}");
    }
}

/// Each of these took minutes, and some of them for ever.
#[test]
fn templates_that_are_hard_to_follow_end_the_build_soon() {
    let nested = |open: &str| open.repeat(60) + &"{% endfor %}".repeat(60);
    let tags: String = (0..60)
        .map(|n| format!("{{% for a in b %}}c{n}=\""))
        .collect();
    let templates = [
        format!("<a {tags}{}", "{% endfor %}".repeat(60)),
        nested("{% for a in b %}<a b=\""),
        nested("{% for a in b %}<script>'"),
        "<a {{ x }}></a>".repeat(20_000),
        format!("<a {}>", "{% if a %}a{% endif %}".repeat(5_000)),
        format!("{{% raw %}}{}{{% endraw %}}", "{% ".repeat(100_000)),
    ];
    for template in templates {
        let shown: String = template.chars().take(40).collect();
        let pages: Pages = Box::leak(Box::new([("a.html", &*template.leak())]));
        let told = told(pages);
        let told = told.err().unwrap_or_default();
        assert!(told.matches("a.html:").count() <= 100, "{shown}");
    }
}
