//! Payloads through every place in which a template may print a value: nothing of them runs.
//!
//! What the escaped text is, is checked for each; with `CEPA_TEST_CHROMIUM` a browser is asked, too.

use std::process::Command;

use cepa::prelude::*;
use cepa::templates::{Templates, View};

/// One a line. What runs calls `alert`.
const PAYLOADS: &str = include_str!("payloads.txt");

pub(crate) fn payloads() -> Vec<String> {
    let lines = PAYLOADS.lines().filter(|line| !line.is_empty());
    let unescape = |line: &str| {
        let table = [
            ("\\n", "\n"),
            ("\\t", "\t"),
            ("\\0", "\0"),
            ("\\x01", "\u{1}"),
        ];
        let text = table
            .iter()
            .fold(line.to_owned(), |text, (from, to)| text.replace(from, to));
        text.replace("\\u2028", "\u{2028}")
            .replace("\\ufeff", "\u{feff}")
    };
    lines.map(unescape).collect()
}

/// Each of the places, with marks around it.
const PLACES: [(&str, &str); 15] = [
    ("text.html", "<p>@@{{ x }}@@</p>"),
    ("double.html", "<p title=\"@@{{ x }}@@\">a</p>"),
    ("single.html", "<p title='@@{{ x }}@@'>a</p>"),
    (
        "title.html",
        "<textarea>@@{{ x }}@@</textarea><title>{{ x }}</title>",
    ),
    ("comment.html", "<!-- @@{{ x }}@@ -->"),
    (
        "path.html",
        "<a href=\"/a/@@{{ x }}@@?b={{ x }}#{{ x }}\">a</a>",
    ),
    (
        "link.html",
        "<a class=\"go\" href=\"{{ x | link }}\">a</a><img alt='' src='{{ x | link }}'><!--@@{{ x | link }}@@-->",
    ),
    (
        "script.html",
        "<script>window.got = [/*@@*/{{ x | tojson }}/*@@*/];</script>",
    ),
    ("data.html", "<p data-x='@@{{ x | tojson }}@@'>a</p>"),
    (
        "branch.html",
        "{% if x %}<a class=\"go\" href=\"/{% else %}<a title=\"{% endif %}@@{{ x }}@@\">a</a>",
    ),
    (
        "number.html",
        "<a class=\"go\" href=\"javascript:f({{ x | length }},{{ x | int(default=-1) }})\" \
         style=\"width: {{ x | float(0) | round }}px\">a</a><!--@@{{ x }}@@-->",
    ),
    (
        "behind_link.html",
        "<a class=\"go\" href=\"{{ x | link }}{{ x | link }}{{ '' if x else '/' }}#@@{{ x }}@@\">a</a>",
    ),
    (
        "include.html",
        "@@{% for part in ['b.txt', 'b.md', 'b', 'b.json', 'b.js', 'off.json'] %}{% include part %}|{% endfor %}@@",
    ),
    (
        "import.html",
        "@@{% set part = 'm.txt' %}{% import part as m %}{{ m.raw(x) }}@@",
    ),
    (
        "import_text.html",
        "@@{% set part = 'c.json' %}{% include part %}@@",
    ),
];

/// What pages include by names that are computed.
const PARTS: [(&str, &str); 9] = [
    ("b.txt", "{{ x }}"),
    ("b.md", "{{ x | e }}"),
    ("b", "{% set y = x %}{{ y }}"),
    ("b.json", "{{ x }}"),
    ("b.js", "{{ x | e }}"),
    (
        "off.json",
        "{% autoescape false %}{{ x }}{% endautoescape %}",
    ),
    ("m.txt", "{% macro raw(x) %}{{ x }}{% endmacro %}"),
    ("m.html", "{% macro of(x) %}{{ x }}{% endmacro %}"),
    (
        "c.json",
        "{% set part = 'm.html' %}{% import part as m %}{{ m.of(x) }}",
    ),
];

fn client() -> cepa::testing::TestClient {
    async fn show(Path((name, i)): Path<(String, usize)>) -> View {
        View::new(name, json!({ "x": payloads()[i] }))
    }
    App::new()
        .plug(Templates::embedded([&PLACES[..], &PARTS].concat()))
        .get("/{name}/{i}", show)
        .test()
}

/// What stands between the marks.
fn printed(page: &str) -> &str {
    let (_, rest) = page.split_once("@@").unwrap();
    rest.rsplit_once("@@").unwrap().0
}

#[test]
fn nothing_that_is_printed_leaves_its_place() {
    let client = client();
    let payloads = payloads();
    assert!(payloads.len() >= 100, "{}", payloads.len());
    for (i, payload) in payloads.iter().enumerate() {
        for (name, _) in PLACES {
            let res = client.get(format!("/{name}/{i}")).send();
            let page = res.assert_status(200).text();
            let printed = printed(page);
            if name == "script.html" || name == "data.html" {
                let json = printed.trim_start_matches("*/").trim_end_matches("/*");
                assert!(!json.contains(['<', '>', '&', '\'']), "{payload}: {page}");
                assert_eq!(serde_json::from_str::<String>(json).unwrap(), *payload);
                continue;
            }
            assert!(
                !printed.contains(['<', '>', '"', '\'']),
                "{payload}: {page}"
            );
            if name == "link.html" {
                let link = unescaped(printed);
                assert!(link == "about:invalid" || link == *payload, "{page}");
                let bare: String = link.chars().filter(|c| *c > ' ').collect();
                let bare = bare.to_ascii_lowercase();
                let runs = ["javascript:", "data:", "vbscript:", "blob:", "file:"];
                assert!(
                    !runs.iter().any(|scheme| bare.starts_with(scheme)),
                    "{page}"
                );
            } else if name == "include.html" {
                let parts = unescaped(printed);
                assert_eq!(parts, format!("{payload}|").repeat(6));
            } else {
                assert_eq!(unescaped(printed), *payload);
            }
        }
    }
}

#[test]
fn in_a_file_that_is_a_script_a_payload_is_one_value() {
    async fn show(Path((name, i)): Path<(String, usize)>) -> View {
        View::new(name, json!({ "x": payloads()[i] }))
    }
    let files = [
        ("a.json", "{{ x }}"),
        ("a.js", "{% include 'a.json' %}"),
        ("b.js", "{{ x | tojson }}"),
        ("b.txt", "{{ x }}"),
        ("d.js", "{% set part = 'b.txt' %}{% include part %}"),
        ("c.js", "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(x) }}"),
    ];
    let client = App::new()
        .plug(Templates::embedded(files))
        .get("/{name}/{i}", show)
        .test();
    for (i, payload) in payloads().iter().enumerate() {
        for (name, _) in files.iter().filter(|(name, _)| *name != "b.txt") {
            let res = client.get(format!("/{name}/{i}")).send();
            let json = res.assert_status(200).text();
            assert_eq!(
                serde_json::from_str::<String>(json).unwrap(),
                *payload,
                "{name}"
            );
        }
    }
}

/// Slashes are harmless, and a page whose addresses are written as references is hard to read.
#[test]
fn only_what_html_needs_is_escaped_however_it_is_printed() {
    let escaped = "http://a/?b=1&amp;c=&lt;&#39;&quot;&gt;";
    let table = [
        ("a.html", "{{ x }}", escaped.to_owned()),
        ("a.html", "{{ x | e }}", escaped.to_owned()),
        (
            "a.html",
            "{{ x | escape | upper | safe }}",
            escaped.to_uppercase(),
        ),
        (
            "a.html",
            "{{ x | safe }}",
            "http://a/?b=1&c=<'\">".to_owned(),
        ),
        (
            "a.html",
            "{% set y %}{{ x }}{% endset %}{{ y }}",
            escaped.to_owned(),
        ),
        (
            "a.html",
            "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(x) }}",
            escaped.to_owned(),
        ),
        (
            "a.html",
            "{{ [x, '<b>' | safe] | join(', ') }}",
            format!("{escaped}, <b>"),
        ),
        (
            "a.html",
            "{{ ['/', '<'] }} {{ 1.5 }} {{ true }}",
            "[&#39;/&#39;, &#39;&lt;&#39;] 1.5 True".to_owned(),
        ),
        (
            "a.html",
            "{% autoescape false %}{{ x | e }}{% endautoescape %}",
            escaped.to_owned(),
        ),
        ("a.txt", "{{ x | e }}", escaped.to_owned()),
        (
            "a.json",
            "{{ x | e }}",
            "\"http://a/?b=1&c=<'\\\">\"".to_owned(),
        ),
    ];
    for (name, template, wanted) in table {
        let view = move || async move { View::new(name, json!({ "x": "http://a/?b=1&c=<'\">" })) };
        let templates = Templates::embedded([(name, template)]);
        let client = App::new().plug(templates).get("/", view).test();
        client
            .get("/")
            .send()
            .assert_status(200)
            .assert_text(&wanted);
    }
}

/// Escaping is turned off in the open only.
#[test]
fn a_template_may_turn_escaping_off() {
    let list = [
        (
            "a.html",
            "{% autoescape false %}{{ x }}{% include 'b.html' %}{% endautoescape %}",
        ),
        (
            "b.html",
            "{{ x }}{% autoescape 'none' %}{{ x }}{% endautoescape %}",
        ),
    ];
    let view = async || View::new("a.html", json!({ "x": "<b>" }));
    let client = App::new()
        .plug(Templates::embedded(list))
        .get("/", view)
        .test();
    client.get("/").send().assert_text("<b>&lt;b&gt;<b>");
}

/// As a browser reads it.
fn unescaped(text: &str) -> String {
    let table = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    table
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

const HEAD: &str = "<!doctype html><meta charset=utf-8><script>\
    window.ran = 0; window.alert = () => { document.documentElement.dataset.ran = ++window.ran; };\
    </script>";
/// Touches what a visitor could touch.
const FOOT: &str = "<script>\
    for (const link of document.querySelectorAll('a.go')) link.target = '_self', \
        link.protocol === 'javascript:' && link.click();\
    for (const it of document.querySelectorAll('*')) \
        for (const kind of ['click', 'mouseover', 'focus', 'error', 'load', 'toggle', 'animationstart']) \
            if (it.tagName !== 'A') it.dispatchEvent(new Event(kind));\
    document.documentElement.dataset.done = 1;\
    </script>";

/// The page after its scripts ran.
fn browse(chromium: &str, name: &str, page: &str) -> String {
    let dir = std::env::temp_dir().join(format!("cepa-xss-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join("page.html");
    std::fs::write(&file, page).unwrap();
    let out = Command::new("timeout")
        .args(["60", chromium])
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--dump-dom",
            "--virtual-time-budget=2000",
        ])
        .arg(format!("--user-data-dir={}", dir.join("profile").display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    drop(std::fs::remove_dir_all(dir));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

#[test]
fn a_browser_runs_nothing_of_it() {
    let Ok(chromium) = std::env::var("CEPA_TEST_CHROMIUM") else {
        return;
    };
    let client = client();
    let mut page = HEAD.to_owned();
    for i in 0..payloads().len() {
        for (name, _) in PLACES {
            page += client.get(format!("/{name}/{i}")).send().text();
        }
    }
    let seen = browse(&chromium, "safe", &(page + FOOT));
    assert!(
        seen.contains("data-done=\"1\""),
        "the page was not read to its end"
    );
    assert!(!seen.contains("data-ran="), "something ran");

    // So that the page above would notice: a payload, not escaped.
    let raw = "<img src=x onerror=alert(1)><a class=go href=javascript:alert(1)>a</a>";
    let seen = browse(&chromium, "raw", &format!("{HEAD}{raw}{FOOT}"));
    assert!(
        seen.contains("data-ran="),
        "nothing ran, though nothing was escaped"
    );
}
