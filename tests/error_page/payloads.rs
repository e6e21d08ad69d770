//! Payloads through every place of the pages that show an error: the markup is that of a harmless
//! text, whatever is told. A browser is asked the same in `tests/browser`.

use cepa::http::HeaderValue;
use cepa::http::request::Builder;
use cepa::prelude::*;
use cepa::{Excerpt, Mode};

use super::{Page, ask_as, ask_with, get, unescaped};

const PAYLOADS: &str = include_str!("../ext_templates/payloads.txt");

fn payloads() -> impl Iterator<Item = String> {
    let table = [
        ("\\n", "\n"),
        ("\\t", "\t"),
        ("\\0", "\0"),
        ("\\x01", "\u{1}"),
        ("\\u2028", "\u{2028}"),
        ("\\ufeff", "\u{feff}"),
    ];
    let lines = PAYLOADS.lines().filter(|line| !line.is_empty());
    lines.map(move |line| {
        table
            .iter()
            .fold(line.to_owned(), |text, (from, to)| text.replace(from, to))
    })
}

/// The text percent-encoded, as an address has it.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// An app in which everything that a page may tell of is this text.
fn app(text: &str) -> App {
    let named = |text: &str| text.replace(['{', '}', '/', '*', '\0', ':', '?', '#'], "-");
    let failing = text.to_owned();
    let fail = move |mut req: Request| {
        let text = failing.clone();
        async move {
            drop(req.take_body()?.collect(10_000).await?);
            if req.query().contains("panic") {
                panic!("@@{text}@@");
            }
            let error = match req.query().contains("client") {
                true => Error::conflict(format!("@@{text}@@")),
                false => Error::internal(format!("@@{text}@@")),
            };
            let source = format!("before\n@@{}@@\nafter", text.replace('\n', " "));
            let cause = std::io::Error::other(format!("@@cause {text}@@"));
            Err::<(), _>(
                error
                    .with_field(format!("@@f {text}@@"), format!("@@{text}@@"))
                    .with_source(cause)
                    .with_excerpt(Excerpt::of(format!("@@file {text}@@"), &source, 2)),
            )
        }
    };
    let id = text.to_owned();
    App::new()
        .with(move |mut req: Request, next: Next| {
            req.set_id(format!("@@{id}@@"));
            next.run(req)
        })
        .post("/fail/{x}", fail.named(format!("@@{text}@@").leak()))
        .get(
            &format!("/near/a-{}", named(text)),
            (async || "").named(format!("@@n {text}@@").leak()),
        )
}

fn requests(text: &str) -> Vec<Builder> {
    let path = encoded(&format!("@@{text}@@"));
    let with = |uri: String, method: &str| {
        let mut req = get(&uri).method(method);
        let value = format!("@@{text}@@").replace(['\n', '\0', '\u{1}'], " ");
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            req = req
                .header("x-payload", value.clone())
                .header("referer", value.clone());
            req = req
                .header("cookie", value.clone())
                .header("user-agent", value);
        }
        // All that is special and may stand in the name of a header.
        req.header("x-a'b&c`d", "@@x@@")
            .header("content-type", "application/x-www-form-urlencoded")
    };
    vec![
        with(format!("/fail/{path}?{path}={path}&client"), "POST"),
        with(format!("/fail/{path}?{path}"), "POST"),
        with(format!("/fail/{path}?panic&{path}"), "POST"),
        with(format!("/fail/{path}?{path}"), "DELETE"),
        with(format!("/neer/{path}?a={path}"), "GET'&`"),
    ]
}

/// The tags of a page, without those of code in a sentence, and with all that stands between.
fn taken_apart(page: &Page) -> (Vec<String>, Vec<String>) {
    let mut tags = Vec::new();
    let mut texts = vec![String::new()];
    let (_, rest) = page.html.split_once("</style>").unwrap();
    for piece in rest.split('<') {
        let (tag, text) = piece.split_once('>').unwrap_or(("", piece));
        match tag {
            "code" | "/code" | "" => texts.last_mut().unwrap().push_str(text),
            _ => {
                tags.push(tag.to_owned());
                texts.push(text.to_owned());
            }
        }
    }
    (tags, texts)
}

#[test]
fn no_text_becomes_markup() {
    let body = "a=%3Cscript%3Ealert(1)%3C/script%3E&%22%3E%3Cb%3E=%27";
    assert!(payloads().count() >= 100);
    let answer = |text: &str, i: usize, mode: Mode| {
        let req = requests(text)
            .swap_remove(i)
            .header("content-length", body.len());
        ask_as(app(text).mode(mode), Some("127.0.0.1:9"), req, body)
    };
    for mode in [Mode::Development, Mode::Production] {
        for (i, _) in requests("x").iter().enumerate() {
            let (harmless, _) = taken_apart(&answer("x", i, mode));
            for payload in payloads() {
                let page = answer(&payload, i, mode);
                assert_eq!(page.is_for_developers(), mode.is_development());
                let (tags, texts) = taken_apart(&page);
                assert_eq!(tags, harmless, "{payload}");
                for text in &texts {
                    assert!(!text.contains(['"', '\'']), "{payload}: {text}");
                }
            }
        }
    }
}

/// What was escaped is told as it was.
#[test]
fn payloads_are_told_as_they_are() {
    for payload in payloads() {
        let page = ask_with(app(&payload), requests(&payload).swap_remove(1), "");
        let (_, texts) = taken_apart(&page);
        let hidden = |c: char| c.is_control() && c != '\n' && c != '\t';
        let told = payload.replace(hidden, "\u{fffd}").replace('`', "");
        for wanted in [format!("@@{told}@@"), format!("@@cause {told}@@")] {
            let is_told = |text: &String| unescaped(text).replace('`', "").contains(&wanted);
            assert!(texts.iter().any(is_told), "{wanted}: {texts:?}");
        }
    }
}
