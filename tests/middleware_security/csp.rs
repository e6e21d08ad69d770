//! `Csp` and `CspNonce`: what is written, and what is refused.

use std::collections::HashSet;

use cepa::prelude::*;
use cepa::{Csp, CspNonce, SecureHeaders};

use super::assert_problem;

fn app(csp: Csp) -> App {
    let app = App::new().with(SecureHeaders::new().with_csp(csp));
    app.get("/", async || "page")
}

/// A policy of one directive.
fn only(directive: &str, sources: &str) -> Csp {
    [
        "default-src",
        "base-uri",
        "form-action",
        "frame-ancestors",
        "object-src",
    ]
    .iter()
    .fold(Csp::new(), |csp, name| csp.without(name))
    .with(directive, sources)
}

#[test]
fn a_policy_is_sent_as_it_is_written() {
    let table = [
        ("script-src", "'self'"),
        ("script-src", "'none'"),
        ("script-src", "*"),
        ("default-src", "https: data: blob: ws://localhost:3000"),
        (
            "img-src",
            "'self' https://img.example.com/a/%2C/ *.example.com:443 *.example.org:*",
        ),
        ("connect-src", "[::1]:8080"),
        (
            "script-src",
            "'strict-dynamic' 'unsafe-inline' 'wasm-unsafe-eval' https:",
        ),
        (
            "style-src",
            "'unsafe-hashes' 'sha256-47DEQpj8HBSa-_/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
        ),
        ("sandbox", "allow-forms allow-scripts"),
        ("sandbox", ""),
        ("upgrade-insecure-requests", ""),
        ("report-to", "csp"),
        ("report-uri", "/csp/report?x=1 https://report.example"),
        ("require-trusted-types-for", "'script'"),
        ("trusted-types", "one two 'allow-duplicates'"),
    ];
    for (directive, sources) in table {
        let res = app(only(directive, sources)).test().get("/").send();
        let wanted = format!("{directive} {sources}");
        res.assert_header("content-security-policy", wanted.trim_end());
    }
    let spaced = app(only("img-src", "  'self'   data: "));
    let res = spaced.test().get("/").send();
    res.assert_header("content-security-policy", "img-src 'self' data:");
}

#[test]
fn a_directive_is_there_once_and_stays_in_its_place() {
    let csp = Csp::new()
        .with("script-src", "'self'")
        .with("default-src", "'none'")
        .with("script-src", "https:")
        .without("base-uri")
        .without("unheard-of");
    let res = app(csp).test().get("/").send();
    let wanted = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; \
        object-src 'none'; script-src https:";
    res.assert_header("content-security-policy", wanted);
}

#[test]
fn what_no_browser_would_take_does_not_build() {
    let table = [
        ("scipt-src", "'self'", "`scipt-src` is no directive"),
        ("Script-Src", "'self'", "is no directive"),
        ("script-src 'self'; img-src", "*", "is no directive"),
        ("", "*", "is no directive"),
        ("script-src", "", "to allow nothing, write `'none'`"),
        ("script-src", "  ", "to allow nothing"),
        ("script-src", "'none' 'self'", "stands alone"),
        ("script-src", "self", "write `'self'`, with its quotes"),
        (
            "script-src",
            "https: unsafe-inline",
            "write `'unsafe-inline'`",
        ),
        ("script-src", "nonce", "write `'nonce'`"),
        ("script-src", "'selfish'", "no keyword or hash"),
        ("script-src", "'self", "no keyword or hash"),
        ("script-src", "self'", "has a quote inside"),
        (
            "script-src",
            "'nonce-abc'",
            "write `'nonce'` for a new one each time",
        ),
        ("script-src", "'sha256-'", "no keyword or hash"),
        ("script-src", "'sha256-a;b'", "has the sign ';'"),
        ("script-src", "'sha1-abcd'", "no keyword or hash"),
        ("script-src", "'self'; img-src *", "has the sign ';'"),
        ("script-src", "'self', img-src *", "has the sign ','"),
        (
            "script-src",
            "'self'\r\nset-cookie: a=b",
            "has the sign '\\r'",
        ),
        ("script-src", "'self'\n", "has the sign '\\n'"),
        ("script-src", "'self'\tdata:", "has the sign '\\t'"),
        (
            "script-src",
            "https://caf\u{e9}.example",
            "has the sign '\u{e9}'",
        ),
        ("script-src", "https://a.example/\\b", "percent-encoded"),
        ("img-src", "'self' 'nonce'", "`img-src` takes no nonce"),
        ("frame-ancestors", "'nonce'", "takes no nonce"),
        ("report-uri", "/a;b", "has the sign ';'"),
        ("report-uri", "'nonce'", "takes no nonce"),
        ("upgrade-insecure-requests", "yes", "stands alone"),
    ];
    for (directive, sources, words) in table {
        assert_problem(app(only(directive, sources)), words);
        let tried = SecureHeaders::new().with_csp_report_only(only(directive, sources));
        assert_problem(App::new().with(tried).get("/", async || ""), words);
    }
    let empty = only("img-src", "*").without("img-src");
    assert_problem(app(empty), "has no directive");
}

#[test]
fn each_response_has_a_nonce_of_its_own_and_its_page_the_same() {
    let csp = only("script-src", "'nonce' 'strict-dynamic'").with("style-src", "'nonce'");
    let client = App::new()
        .with(SecureHeaders::new().with_csp(csp))
        .get("/", async |nonce: CspNonce| nonce.to_string())
        .get("/local", async |Local(nonce): Local<CspNonce>| {
            nonce.as_str().to_owned()
        })
        .get("/json", async |nonce: CspNonce| Json(json!([nonce])))
        .test();
    let mut seen = HashSet::new();
    for path in ["/", "/local"].repeat(100) {
        let res = client.get(path).send();
        let nonce = res.text().to_owned();
        assert_eq!(nonce.len(), 22);
        let wanted =
            format!("script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'nonce-{nonce}'");
        res.assert_header("content-security-policy", &wanted);
        assert!(seen.insert(nonce));
    }
    let res = client.get("/json").send();
    let policy = res.header("content-security-policy").unwrap().to_owned();
    assert!(policy.contains(&res.json::<Vec<String>>()[0]), "{policy}");
}

#[test]
fn a_nonce_of_a_policy_to_try_out_is_a_nonce_too() {
    let tried = only("script-src", "'nonce'");
    let client = App::new()
        .with(SecureHeaders::new().with_csp_report_only(tried))
        .get("/", async |nonce: CspNonce| nonce.to_string())
        .test();
    let res = client.get("/").send();
    let wanted = format!("script-src 'nonce-{}'", res.text());
    res.assert_header("content-security-policy-report-only", &wanted);
}

#[test]
fn a_nonce_that_nobody_makes_is_a_problem_or_a_500() {
    let page = async |nonce: CspNonce| nonce.to_string();
    let plain = SecureHeaders::new;
    let client = App::new().with(plain()).get("/", page).test();
    client.get("/").send().assert_status(500);

    let inner = App::new()
        .with(plain().with_csp(Csp::new().with("script-src", "'nonce'")))
        .get("/", page);
    let app = App::new()
        .with(plain())
        .get("/out", page)
        .mount("/in", inner);
    assert_problem(app, "needs `Local<CspNonce>`");
}
