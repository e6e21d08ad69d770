//! Where in a page what may be printed, as it is told when the app is built.

use cepa::App;
use cepa::templates::Templates;

pub(crate) fn told_of(list: &[(&'static str, &'static str)]) -> String {
    told(list).err().unwrap_or_default()
}

pub(crate) fn told(list: &[(&'static str, &'static str)]) -> Result<(), String> {
    let app = App::new().plug(Templates::embedded(list.to_vec()));
    let built = app.get("/", async || "").get("/{id}", async || "").build();
    built.map(drop).map_err(|error| error.to_string())
}

#[test]
fn what_escaping_makes_safe_may_be_printed() {
    let table = [
        "<p>{{ x }}</p>",
        "a < b {{ x }} > c",
        "<p title=\"{{ x }}\" class='a {{ x }}'>{{ x }}</p>",
        "<title>{{ x }} <b></title><textarea>{{ x }}</textarea><p>{{ x }}",
        "<!-- {{ x }} --><p>{{ x }}",
        "<a href=\"/users/{{ x }}\">{{ x }}</a><a href=\"?p={{ x }}\">b</a><a href='#{{ x }}'>c</a>",
        "<a href=\"https://example.com/{{ x }}\">{{ x }}</a>",
        "<a href=\"{{ x | link }}\">{{ x }}</a><img src='{{ x | trim | link }}'>",
        "<a href=\"{{ url_for('nothing', **x) | link }}\">",
        "<a href=\"{{ request.path | link }}?p={{ x }}\">",
        "<a href=\"{{ a | link }}{{ b | link }}#{{ x }}\"><a href=\"{{ url_for('nothing') }}{{ x }}\">",
        "<a href=\"{{ '/' if x else '/b/' }}{{ x }}\"><a href=\"{{ 'mailto:' }}{{ x }}\">",
        "<a href=\"{{ x | link if x else '/' }}\"><a href=\"{{ 2.5 }}{{ x }}\">",
        "<a href=\"javascript:f({{ x | int }}, '{{ 'own' }}')\"><p title=\"javascript:{{ x }}\">",
        "<script src=\"{{ url_for('nothing') }}\"></script><script src=\"/a/{{ x }}.js\"></script>\
         <script src=\"https://example.com/{{ x }}\"></script><script src=\"js/{{ x }}\"></script>\
         <script src=\"/{{ n | int }}/{{ x }}\"></script><script src=\"?a={{ x }}\"></script>",
        "<base href=\"{{ url_for('nothing') }}\"><iframe src=\"{{ x | link }}\"></iframe>",
        "<p style=\"width: {{ x | int(default=0) }}%; height: {{ x | float(-1.5) }}px\">",
        "<script>const a = {{ x | int(default=-1, base=16) }}, b = '{{ x | round(2) }}';</script>",
        "<!--> {{ x }} <!-- --!> <p title=\"{{ x }}\">{{ 1 }} < {{ x }} <<b>{{ x }}</b> <!---->{{ x }}",
        "<script>'</scripts>'; f({{ x | tojson }}); return /'/, {{ x | tojson }}; a /* b */ / 2; 'it'</script><p title=\"{{ x }}\">",
        "<p {{ 'title' if x else 'alt' }}=\"{{ x }}\">{{ '<script>' }}{{ x }}",
        "<b/>{{ x }}<p title=\"{{ super() }}{{ x }}\">",
        "<script>const a = {{ x | tojson }}; const b = [{{ x.y | tojson }}, {{ (a ~ b) | tojson }}];</script>{{ x }}",
        "<script>f(`${ {{ x | tojson }} } ${a({ b: `${c}` })}`, {{ x | tojson }})</script>",
        "<script>f(\"a 'b' \\\" c\", {{ x | tojson }}, `a`, /[/\"]\"/, {{ x | tojson }});</script>",
        "<script>// it's\n/* a \"b */ f({{ x | tojson }} / 2, '/')</script>",
        "<script>const a = {{ n | int }}, b = \"{{ n | length }}\", c = {{ 7 }};</script>",
        "<script type=\"application/json\">{{ x | tojson(indent=2) }}</script>",
        "<div data-x='{{ x | tojson }}' data-y=\"{{ x }}\">",
        "<div style=\"width: {{ x | int }}%\"><style>p { width: {{ x | round }}px }</style>",
        "<input {{ 'checked' if x }} value=\"{{ x }}\"><input {{ 'a' if x else 'b' }}>",
        "<input {% if x %}checked{% endif %} value=\"{{ x }}\">",
        "<td width={{ x | int }} {{ x | safe }} {{ a }}=\"b\">",
        "<a href=\"{% if x %}/a{% else %}/b{% endif %}/{{ x }}\">",
        "<a href=\"{{ x | safe }}\" onclick=\"{{ x | safe }}\">",
        "<p class=\"{% for a in b %}{{ a }} {% endfor %}\">{{ x }}",
        "{% for a in b %}<li value=\"{{ loop.index }}\" tabindex={{ loop.index }}>{% if a %}<li value={{ loop.length }}>{% endif %}{% endfor %}",
        "<scripts>{{ x }}</scripts>",
        "<br/>{{ x }}<br />{{ x }}<img alt=\"{{ x }}\"/>{{ x }}",
        "<p a = \"{{ x }}\" b= '{{ x }}'>",
        "<svg><use xlink:href=\"#{{ x }}\"/></svg>",
    ];
    for template in table {
        // It does not matter here whether the names are there.
        let template = template.replace("{{ a }}=", "{{ a | safe }}=");
        let list: Vec<_> = [("a.html", String::leak(template))]
            .map(|(name, text)| (name, &*text))
            .to_vec();
        let told = told(&list);
        let routes = told
            .as_ref()
            .err()
            .is_some_and(|it| it.contains("no route is named"));
        assert!(told.is_ok() || routes, "{list:?}: {told:?}");
    }
}

const SCRIPT: &str = "in a script a value is written as JSON";
const IN_TEXT: &str = "in a text or comment of a script";
const STYLE: &str = "in a style a value cannot be escaped";
const BARE: &str = "a value without quotes around can add attributes";
const TAG: &str = "in a tag a value cannot be escaped";
const LINK: &str = "may be `javascript:`: write `{{ .. | link }}`";
const RUNS: &str = "a value is part of what runs";
const LOADS: &str = "may be a script of any host";
const STYLE_OF: &str = "in `style` a value cannot be escaped";
const HANDLER: &str = "would run as a script";

/// Templates, and what is said of them.
const WRONG: &[(&str, &str)] = &[
    ("<script>f({{ x }})</script>", SCRIPT),
    ("<script>f({{ a ~ b | tojson }})</script>", SCRIPT),
    ("<script>f({{ x | tojson | upper }})</script>", SCRIPT),
    ("<script>f({{ x | tojson if x else y }})</script>", SCRIPT),
    ("<SCRIPT type=module>f({{ x }})</SCRIPT>", SCRIPT),
    ("<script>f(\"{{ x | tojson }}\")</script>", IN_TEXT),
    ("<script>f('a {{ x | tojson }}')</script>", IN_TEXT),
    (
        "<script>f(`${a ? { b: `c` } : ''} {{ x | tojson }}`)</script>",
        IN_TEXT,
    ),
    (
        "<script>f(`<li>${a ? `<b>${c}</b>` : ''} {{ x | tojson }}`)</script>",
        IN_TEXT,
    ),
    ("<script>f(`${a}${'`'} {{ x | tojson }}`)</script>", IN_TEXT),
    ("<script>f('a\\'{{ x | tojson }}')</script>", IN_TEXT),
    ("<script>// {{ x | tojson }}\n</script>", IN_TEXT),
    ("<script>/* {{ x | tojson }} */</script>", IN_TEXT),
    ("<script>a = /{{ x | tojson }}/</script>", IN_TEXT),
    (
        "<script>f({{ 1 | int }} / 2, '{{ x | tojson }}')</script>",
        IN_TEXT,
    ),
    ("<style>p { color: {{ x }} }</style>", STYLE),
    ("<p style=\"color: {{ x }}\">", STYLE_OF),
    (
        "<iframe srcdoc=\"{{ x }}\">",
        "in `srcdoc` a value cannot be escaped",
    ),
    ("<p class={{ x }}>", BARE),
    ("<p class=a{{ x }}>", BARE),
    ("<p class= {{ x }}>", BARE),
    ("<p {{ x }}>", TAG),
    ("<p {{ x }}=\"a\">", TAG),
    ("<p data-{{ x }}=\"a\">", TAG),
    ("<p{{ x }}>", TAG),
    ("</{{ x }}>", TAG),
    ("<p {{ 'a' if x else y }}>", TAG),
    ("<p {{ 'a' ~ x }}>", TAG),
    ("<a href=\"{{ x }}\">", LINK),
    ("<a href=\"{{ x | link | upper }}\">", LINK),
    ("<a href='  {{ x }}/a'>", LINK),
    ("<a HREF=\"{{ x }}\">", LINK),
    ("<a href=\"java{{ x }}\">", LINK),
    ("<a href=\"javascript:f({{ x }})\">", RUNS),
    ("<a href=\"JavaScript:f('{{ x }}')\">", RUNS),
    ("<a href=\" \tjava\nscript:f('{{ x | link }}')\">", RUNS),
    (
        "<a href=\"javascript:f('{{ url_for('nothing') }}')\">",
        RUNS,
    ),
    ("<a href='javascript:f({{ x | tojson }})'>", RUNS),
    ("<a href=\"{{ 'javascript:' }}{{ x | link }}\">", RUNS),
    ("<a href=\"{{ x | link }}:{{ x | link }}\">", RUNS),
    ("<img src=\"data:text/plain;base64,{{ x | link }}\">", RUNS),
    // What may be empty begins nothing.
    ("<a href=\"{{ a | link }}{{ b }}\">", LINK),
    ("<a href=\"{{ a | link }}{{ '' }}b{{ b }}\">", LINK),
    ("<a href=\"{{ '/' if abs else '' }}{{ b }}\">", LINK),
    ("<a href=\"{{ '/' if abs }}{{ b }}\">", LINK),
    (
        "<a href=\"{{ '/' if a else 'java' if b else '/' }}{{ b }}\">",
        LINK,
    ),
    ("<a href=\"{{ super() }}{{ b }}\">", LINK),
    ("<a href=\"{{ request.path }}\">", LINK),
    ("<a href=\"{{ url_for('nothing')[1:] }}\">", LINK),
    ("<a href=\"{{ url_for('nothing').x }}\">", LINK),
    // Only what must be a number is one.
    ("<p style=\"width: {{ n | int(default=b) }}\">", STYLE_OF),
    ("<p style=\"width: {{ n | int(b) }}\">", STYLE_OF),
    ("<p style=\"width: {{ n | float(b) }}\">", STYLE_OF),
    ("<p style=\"width: {{ n | float('red') }}\">", STYLE_OF),
    ("<p style=\"width: {{ n | int | default(b) }}\">", STYLE_OF),
    ("<p style=\"width: {{ loop.index }}\">", STYLE_OF),
    (
        "{% for a in b %}{% macro m() %}<p style=\"width: {{ loop.index }}\">{% endmacro %}{% endfor %}",
        STYLE_OF,
    ),
    (
        "{% for a in b %}{% else %}<p style=\"width: {{ loop.index }}\">{% endfor %}",
        STYLE_OF,
    ),
    // `link` lets every host through.
    ("<script src=\"{{ x | link }}\"></script>", LOADS),
    ("<script src=\"{{ x }}\"></script>", LOADS),
    ("<script src=\"/{{ x }}\"></script>", LOADS),
    ("<script src=\"//{{ x }}\"></script>", LOADS),
    ("<script src=\"https://{{ x }}/a.js\"></script>", LOADS),
    (
        "<script src=\"https://example{{ x }}/a.js\"></script>",
        LOADS,
    ),
    ("<script src=\"http{{ x }}\"></script>", LOADS),
    ("<svg><script xlink:href=\"{{ x | link }}\">", LOADS),
    ("<embed src='{{ x | link }}'>", LOADS),
    ("<object data=\"{{ x | link }}\">", LOADS),
    ("<base href=\"{{ x | link }}\">", LOADS),
    // Where browsers are somewhere else than it seems.
    ("<{{ x }}>", "behind `<` a value may begin a tag"),
    ("<{# a #}script>f({{ x }})</script>", SCRIPT),
    ("<!--><p title={{ x }}> -->", BARE),
    ("<!--->{{ x }}<p title={{ x }}> -->", BARE),
    ("<!-- --!><p title={{ x }}>", BARE),
    ("<script>'</scripts>' + {{ x }}</script>", SCRIPT),
    ("<script><!-- {{ x | tojson }}\n</script>", IN_TEXT),
    (
        "<script>return /\"/, \"{{ x | tojson }}\"</script>",
        IN_TEXT,
    ),
    ("<p title/={{ x }}>", TAG),
    ("<p class=a =\"{{ x }}\">", TAG),
    (
        "<form action=\"{{ x }}\"><button formaction=\"{{ x | link }}\">",
        LINK,
    ),
    ("<img src=\"{{ x }}\">", LINK),
    ("<svg><use xlink:href=\"{{ x }}\">", LINK),
    ("<a href=\"{% if x %}/a{% endif %}{{ x }}\">", LINK),
    (
        "<a href=\"{% if x %}{{ x }}{% else %}/b{% endif %}\">",
        LINK,
    ),
    (
        "<a href=\"{% if x %}/b{% else %}{{ x }}{% endif %}\">",
        LINK,
    ),
    (
        "<a href=\"{% if x %}{% else %}/b{% endif %}{{ x }}\">",
        LINK,
    ),
    ("<a href=\"{% for a in b %}/{% endfor %}{{ x }}\">", LINK),
    ("<a onclick=\"f({{ x }})\">", HANDLER),
    ("<a onclick='f({{ x | tojson }})'>", HANDLER),
    ("<a ONMOUSEOVER=\"{{ x }}\">", HANDLER),
    (
        "<div data-x=\"{{ x | tojson }}\">",
        "put single ones around, `data-x='{{ .. | tojson }}'`",
    ),
    (
        "<script>{% include 'b.js' %}</script>",
        "a template is included inside of a tag",
    ),
    (
        "<p {% include 'b.js' %}>",
        "a template is included inside of a tag",
    ),
    ("{% macro m(x) %}<a href=\"{{ x }}\">{% endmacro %}", LINK),
    ("{% set y %}<p class={{ x }}>{% endset %}", BARE),
    ("{% set y | f(a=1) %}<p class={{ x }}>{% endset %}", BARE),
    (
        "<script>{% call m() %}{{ x }}{% endcall %}</script>",
        SCRIPT,
    ),
    ("<p class={{ x }}>{% extends 'c.html' %}", BARE),
];

#[test]
fn what_escaping_does_not_make_safe_is_told() {
    for (template, wanted) in WRONG {
        let told = told_of(&[("a.html", template), ("b.js", ""), ("c.html", "")]);
        assert!(told.contains(wanted), "{template}: {told}");
    }
}

#[test]
fn a_block_is_looked_at_where_its_layout_has_it() {
    let layout = (
        "layout.html",
        "<script>{% block script %}{% endblock %}</script>\
        <a href=\"{% block to %}/{% endblock %}\">{% block body %}{% endblock %}</a>",
    );
    let page = |text| [layout, ("page.html", text)];
    let good = "{% extends 'layout.html' %}{{ x }}<p class={{ x }}>\
        {% block script %}f({{ x | tojson }}){% endblock %}\
        {% block to %}/{{ x }}{% endblock %}{% block body %}<p>{{ x }}{% endblock %}";
    assert_eq!(told(&page(good)), Ok(()));
    let table = [
        (
            "{% block script %}f({{ x }}){% endblock %}",
            "page.html:1:48: in a script",
        ),
        (
            "{% block to %}{{ x }}{% endblock %}",
            "page.html:1:42: a value that begins `href`",
        ),
        (
            "{% block body %}<p {{ x }}>{% endblock %}",
            "page.html:1:47: in a tag",
        ),
    ];
    for (text, wanted) in table {
        let text = String::leak(format!("{{% extends 'layout.html' %}}{text}"));
        let told = told(&page(text)).unwrap_err();
        assert!(told.contains(wanted), "{text}: {told}");
    }
    let chain = [
        layout,
        ("middle.html", "{% extends 'layout.html' %}"),
        (
            "page.html",
            "{% extends 'middle.html' %}{% block script %}{{ x }}{% endblock %}",
        ),
    ];
    assert!(told(&chain).unwrap_err().contains("in a script"));
}

/// Their values stood in the page as they were.
#[test]
fn what_stands_in_a_page_is_escaped_for_it() {
    let table = [
        (
            "a.html",
            "{% include 'b.txt' %}",
            "a.html:1:12: `b.txt` is not escaped as `.html` is: give it a name that ends with `.html`",
        ),
        (
            "a.html",
            "{% include 'b' if x else 'b.md' %}",
            "a.html:1:26: `b.md` is not",
        ),
        (
            "a.html",
            "{% include ['b.json', x] ignore missing %}",
            "a.html:1:13: `b.json` is not",
        ),
        (
            "a.svg",
            "{% import 'b.js' as m %}",
            "a.svg:1:11: `b.js` is not escaped as `.svg` is",
        ),
        (
            "a.html",
            "{% from 'b' import m %}",
            "a.html:1:9: `b` is not",
        ),
        (
            "a.html",
            "{% extends 'b.md' %}",
            "a.html:1:12: `b.md` is not",
        ),
        (
            "a.json",
            "[{% include 'b.txt' %}]",
            "a.json:1:13: `b.txt` is not escaped as `.json` is",
        ),
    ];
    let parts = ["b.txt", "b", "b.md", "b.json", "b.js", "b.html.j2"];
    for (name, template, wanted) in table {
        let mut list = vec![(name, template)];
        list.extend(parts.map(|part| (part, "{% macro m() %}{% endmacro %}")));
        let told = told(&list).unwrap_err();
        assert!(told.contains(wanted), "{template}: {told}");
    }
    for (name, template) in [
        ("a.html", "{% include 'b.html.j2' %}"),
        ("a.js", "[{% include 'b.json' %}]"),
        (
            "a.txt",
            "{% include 'b.html.j2' %}{% include 'b' %}{% include 'b.json' %}",
        ),
    ] {
        let mut list = vec![(name, template)];
        list.extend(parts.map(|part| (part, "")));
        assert_eq!(told(&list), Ok(()));
    }
}

#[test]
fn a_layout_is_escaped_as_what_extends_it() {
    let told = told_of(&[("a.txt", "{% extends 'b.html' %}"), ("b.html", "")]);
    let wanted = "a.txt:1:12: `b.html` is escaped, and this template is not";
    assert!(told.contains(wanted), "{told}");
}

#[test]
fn other_texts_are_left_alone() {
    assert_eq!(
        told(&[("a.txt", "<p {{ x }}>"), ("b.css", "p { {{ x }} }")]),
        Ok(())
    );
}

/// A text around a value ended where the quotes of the value begin.
#[test]
fn files_that_are_scripts_print_values_as_they_are_in_json() {
    let good = [
        (
            "a.js",
            "const a = {{ x }}, b = [{{ x | tojson }}], c = '{{ n | int }}';",
        ),
        (
            "b.js",
            "f({{ url_for('nothing') | tojson }}, 'a', {{ 'a' }}); {% include 'c.json' %}",
        ),
        (
            "c.json",
            "{\"a\": {{ x }}, \"b/c\": [{% for y in z %}{{ y }}{% endfor %}]}",
        ),
        (
            "d.js",
            "{% macro m(x) %}{{ x }}{% endmacro %}f({{ m(x) }}); '</script>'; f({{ x }})",
        ),
    ];
    let told = told_of(&good);
    let problems = told.lines().filter(|line| line.contains(".js"));
    let others = problems.filter(|line| !line.contains("no route is named `nothing`"));
    assert_eq!(others.collect::<Vec<_>>(), Vec::<&str>::new());
    let table = [
        ("a.js", "var x = \"{{ b }}\";", IN_TEXT),
        ("a.json", "{\"a\": \"{{ b }}\"}", IN_TEXT),
        ("a.json", "{\"a\": \"{{ b | tojson }}\"}", IN_TEXT),
        ("a.json", "{\"a\": \"{{ 'b' }}\"}", IN_TEXT),
        ("a.js", "// {{ b }}\n", IN_TEXT),
        ("a.js", "/* {{ b }} */", IN_TEXT),
        ("a.js", "a = /{{ b }}/", IN_TEXT),
        ("a.js", "a = `{{ b }}`", IN_TEXT),
        ("a.js.j2", "'{% if a %}{{ b }}{% endif %}'", IN_TEXT),
        ("a.js", "f({{ url_for('nothing') }})", SCRIPT),
        ("a.js", "{% macro m(b) %}'{{ b }}'{% endmacro %}", IN_TEXT),
        (
            "a.js",
            "'{% include 'c.json' %}'",
            "a template is included inside of",
        ),
    ];
    for (name, template, wanted) in table {
        let told = told_of(&[(name, template), ("c.json", "")]);
        assert!(told.contains(wanted), "{template}: {told}");
    }
}
