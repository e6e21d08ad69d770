//! `cepa::flash`: messages and forms that survive one redirect.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use cepa::Mode;
use cepa::cookies::{CookieJar, Keys};
use cepa::flash::{Flash, Submission};
use cepa::prelude::*;
use serde::Deserialize;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

async fn page(flash: Flash) -> Result<String> {
    let messages = flash.take()?;
    let messages = messages
        .iter()
        .map(|it| format!("{}={};", it.kind(), it.text()));
    let text: String = messages.collect();
    let form = flash.form();
    let errors: Vec<_> = form
        .errors()
        .map(|(field, it)| format!("{field}:{it}"))
        .collect();
    let values: Vec<_> = ["a", "b", "password", "New_Password2"]
        .map(|it| form.value(it))
        .to_vec();
    let lost = ["a", "b"].map(|it| form.is_lost(it));
    Ok(format!(
        "{text}|{}|{}|{lost:?}",
        errors.join(","),
        values.join(",")
    ))
}

async fn post(form: Submission, flash: Flash) -> Result<Redirect> {
    flash.success("one")?;
    flash.add("note", "two \u{e9} \"")?;
    let mut form = form.without("c");
    form.reject("a", "wrong");
    form.check("b", true, "fine");
    flash.keep(form)?;
    Ok(Redirect::to("/"))
}

fn app() -> App {
    let keys = Keys::new(SECRET).unwrap();
    let app = App::new().state(keys).with(CookieJar::new());
    app.get("/", page)
        .get("/other", async || "other")
        .post("/", post)
}

const EMPTY: &str = "||,,,|[false, false]";

#[test]
fn messages_and_a_form_are_there_once() {
    let client = app().test();
    client.get("/").send().assert_text(EMPTY);
    let fields = [
        ("a", "x y"),
        ("b", "<b>"),
        ("c", "no"),
        ("password", "s"),
        ("New_Password2", "s"),
    ];
    let res = client.post("/").form(&fields).send();
    let cookie = res.header("set-cookie").unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("Max-Age=600"),
        "{cookie}"
    );
    client.get("/other").send().assert_text("other");
    let wanted = "success=one;note=two \u{e9} \";|a:wrong|x y,<b>,,|[false, false]";
    let res = client.get("/").send();
    res.assert_text(wanted);
    assert!(res.header("set-cookie").unwrap().contains("Max-Age=0"));
    let res = client.get("/").send();
    assert_eq!(res.assert_text(EMPTY).header("set-cookie"), None);
}

/// Such a page is of one visitor, like one that read a session.
#[test]
fn a_page_that_showed_something_is_kept_by_no_shared_cache() {
    async fn own(flash: Flash) -> Result<Response> {
        let count = flash.take()?.len().to_string();
        Ok(count
            .into_response()
            .with_header("cache-control", "no-store"))
    }
    let headers = |res: &cepa::testing::TestResponse| {
        let of = |name| res.header(name).unwrap_or("-").to_owned();
        format!("{} | {}", of("vary"), of("cache-control"))
    };
    let client = app()
        .get("/own", own)
        .get("/form", async |flash: Flash| {
            flash.form().value("a").to_owned()
        })
        .test();
    let post = || {
        headers(
            client
                .post("/")
                .form(&[("a", "x")])
                .send()
                .assert_status(303),
        )
    };
    let get = |path: &str| headers(client.get(path).send().assert_status(200));
    assert_eq!(get("/"), "- | -");
    assert_eq!(post(), "- | -");
    assert_eq!(get("/other"), "- | -");
    assert_eq!(get("/own"), "cookie | no-store");
    assert_eq!(get("/own"), "- | no-store");
    assert_eq!(get("/form"), "cookie | private, no-cache");
    assert_eq!(get("/form"), "- | -");
    post();
    assert_eq!(get("/"), "cookie | private, no-cache");
    assert_eq!(get("/"), "- | -");
}

/// As that of the session is, which may stand beside it: a proxy that does https need not be named.
#[test]
fn in_production_the_cookie_is_secure() {
    let is_secure = |mode: Mode, jar: CookieJar| {
        let app = App::new().mode(mode).with(jar).mount("", app());
        let res = app.test().post("/").form(&[("a", "x")]).send();
        res.header("set-cookie").unwrap().contains("; Secure")
    };
    assert!(!is_secure(Mode::Development, CookieJar::new()));
    assert!(is_secure(Mode::Production, CookieJar::new()));
    assert!(!is_secure(
        Mode::Production,
        CookieJar::new().with_secure(false)
    ));
}

#[test]
fn what_was_not_signed_by_the_app_is_nothing() {
    let client = app().test();
    client
        .get("/")
        .cookie("flash", "e30.x")
        .send()
        .assert_text(EMPTY);
    let foreign = Keys::random().sign("flash", "{\"t\":9999999999,\"m\":[[\"a\",\"b\"]]}");
    client
        .get("/")
        .cookie("flash", &foreign)
        .send()
        .assert_text(EMPTY);
    let old = "{\"t\":1,\"m\":[[\"a\",\"b\"]],\"v\":[],\"e\":[],\"l\":[]}";
    let old = Keys::new(SECRET).unwrap().sign("flash", old);
    client
        .get("/")
        .cookie("flash", &old)
        .send()
        .assert_text(EMPTY);
}

#[test]
fn the_longest_values_of_a_large_form_are_lost() {
    let client = app().test();
    let long = "x".repeat(10_000);
    client
        .post("/")
        .form(&[("a", "short"), ("b", &long)])
        .send()
        .assert_status(303);
    client
        .get("/")
        .send()
        .assert_text("success=one;note=two \u{e9} \";|a:wrong|short,,,|[false, true]");
}

/// A text that a client sent is in many a message: it must not fail what was done before.
#[test]
fn a_long_message_is_cut() {
    async fn say(flash: Flash, text: String) -> Result<()> {
        Ok(flash.error(text)?)
    }
    let client = app().post("/say", say).test();
    for c in ["x", "\u{1}", "\u{1f600}"] {
        let say = |count| client.post("/say").body(c.repeat(count)).send();
        say(300).assert_status(200);
        let read = |end: &str| format!("error={}{end};{EMPTY}", c.repeat(300));
        client.get("/").send().assert_text(&read(""));
        say(5000).assert_status(200);
        client.get("/").send().assert_text(&read("\u{2026}"));
    }
}

#[test]
fn of_too_many_messages_the_oldest_are_gone() {
    async fn say(flash: Flash, text: String) -> Result<()> {
        Ok(flash.error(text)?)
    }
    let client = app().post("/say", say).test();
    for i in 0..40 {
        let text = format!("{i}{}", "x".repeat(298));
        client.post("/say").body(text).send().assert_status(200);
    }
    let shown = client.get("/").send().text().to_owned();
    assert!(
        shown.contains("error=39xx") && shown.contains("error=35xx"),
        "{shown}"
    );
    assert!(!shown.contains("error=33xx"), "{shown}");
}

/// What is wrong with a field quotes what was sent for it.
#[test]
fn no_form_is_too_large_to_be_kept() {
    async fn post(mut form: Submission, flash: Flash) -> Result<Redirect> {
        let parsed = form.parse::<std::collections::HashMap<String, u8>>();
        assert_eq!(parsed, None);
        for name in ["a", "b"] {
            form.reject(name, form.value(name).to_owned());
        }
        flash.keep(form)?;
        Ok(Redirect::to("/"))
    }
    let client = app().post("/long", post).test();
    for c in ["x", "\u{1}", "\"", "\u{1f600}"] {
        let long = c.repeat(5000);
        let fields = [("a".to_owned(), long.clone())];
        let post = |fields: &[(String, String)]| {
            client.post("/long").form(&fields).send().assert_status(303);
            client.get("/").send().text().to_owned()
        };
        let shown = post(&fields);
        assert!(
            shown.starts_with("|a:") && shown.contains('\u{2026}'),
            "{shown}"
        );
        assert!(shown.ends_with("|,,,|[true, false]"), "{shown}");
        // The name of a field is a client's as well, and so is their number.
        post(&[(long.clone(), "x".to_owned())]);
        let names = |i: usize| {
            (
                format!("{i}{}", c.repeat(58 / c.len())),
                c.repeat(500 / c.len()),
            )
        };
        post(&(0..900).map(names).collect::<Vec<_>>());
        let many = [("b".to_owned(), long)];
        post(&many.iter().cycle().take(20).cloned().collect::<Vec<_>>());
    }
}

#[test]
fn what_is_of_one_page_or_secret_is_not_kept() {
    async fn shown(flash: Flash) -> String {
        format!("{:?}", flash.form())
    }
    let client = app().get("/shown", shown).test();
    let fields = [("a", "x"), ("_csrf", "t0ken"), ("password", "hidden")];
    client.post("/").form(&fields).send().assert_status(303);
    let shown = client.get("/shown").send().text().to_owned();
    assert!(shown.contains("values: [(\"a\", \"x\")]"), "{shown}");
}

#[test]
fn a_form_is_read_as_a_type_or_rejected_by_its_field() {
    async fn read(mut form: Submission) -> String {
        let parsed = form.parse::<Vec<(String, u8)>>();
        let errors: Vec<_> = form
            .errors()
            .map(|(field, it)| format!("{field}: {it}"))
            .collect();
        format!("{parsed:?} {errors:?} {}", form.is_valid())
    }
    let client = App::new().post("/", read).test();
    let ask = |fields: &[(&str, &str)]| client.post("/").form(&fields).send().text().to_owned();
    assert_eq!(ask(&[("a", "1")]), "Some([(\"a\", 1)]) [] true");
    assert_eq!(
        ask(&[("a", "1"), ("b", "999")]),
        "None [\"b: the number 999 is too large\"] false"
    );
    client.post("/").body("a=1").send().assert_status(415);
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is shown")]
struct Book {
    title: String,
    year: u16,
    price: Option<f64>,
    #[serde(default)]
    shelves: Vec<u8>,
    kind: Kind,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Novel,
}

/// A person corrects a form once, not once for each field.
#[test]
fn all_that_is_wrong_with_a_form_is_told_at_once() {
    async fn read(mut form: Submission) -> String {
        let book = form.parse::<Book>();
        form.check("title", !form.value("title").is_empty(), "is missing");
        let is_old = book.as_ref().is_none_or(|book| book.year > 1450);
        form.check("year", is_old, "is before print");
        let errors = form.errors().map(|(field, it)| format!("{field} {it};"));
        match book.filter(|_| form.is_valid()) {
            Some(book) => format!("{book:?}"),
            None => errors.collect(),
        }
    }
    let client = App::new().post("/", read).test();
    let ask = |form: &'static str| {
        let req = client.post("/").body(form);
        let req = req.header("content-type", "application/x-www-form-urlencoded");
        req.send().text().to_owned()
    };
    let rows = [
        (
            "title=&year=x&price=dear&shelves=1&shelves=999&kind=novel",
            "year expected a whole number, found \"x\";price expected a number, found \"dear\";\
             shelves the number 999 is too large;title is missing;",
        ),
        (
            "title=&year=&price=&kind=",
            "year is missing;kind unknown variant ``, expected `novel`;title is missing;",
        ),
        ("title=a&year=1400&kind=novel", "year is before print;"),
        ("title=a&kind=novel", "year is missing;"),
        (
            "year=x",
            "year expected a whole number, found \"x\";title is missing;",
        ),
        (
            "title=a&title=b&year=1&year=2&kind=novel",
            "title it takes one value and is there 2 times;year it takes one value and is there 2 times;",
        ),
        (
            "title=+a+&year=+1984&price=5+&shelves=1&shelves=%092&kind=novel",
            "Book { title: \" a \", year: 1984, price: Some(5.0), shelves: [1, 2], kind: Novel }",
        ),
        ("title=a&year=+++&kind=novel", "year is missing;"),
    ];
    for (form, told) in rows {
        assert_eq!(ask(form), told, "{form}");
    }
}

/// A thousand fields that are wrong are told of in no time.
#[test]
fn many_wrong_fields_cost_little() {
    async fn read(mut form: Submission) -> String {
        let parsed = form.parse::<std::collections::HashMap<String, u8>>();
        format!("{parsed:?} {}", form.errors().count())
    }
    let client = App::new().post("/", read).test();
    let fields: Vec<_> = (0..1000).map(|n| (format!("k{n}"), "x")).collect();
    let start = std::time::Instant::now();
    let res = client.post("/").form(&fields).send();
    let told = res.text().strip_prefix("None ").unwrap();
    assert!(told.parse::<u32>().unwrap() > 8, "{told}");
    let long = "x".repeat(200_000);
    let fields: Vec<_> = (0..9).map(|n| (format!("k{n}"), " 1 ")).collect();
    for (count, told) in [(3, "None 1"), (9, "None 1")] {
        let mut fields = fields[..count].to_vec();
        fields.push(("long".to_owned(), &long));
        client.post("/").form(&fields).send().assert_text(told);
    }
    assert!(start.elapsed() < std::time::Duration::from_secs(2));
}

#[test]
fn flash_says_what_it_needs() {
    let told = |app: App| app.get("/", page).build().unwrap_err().to_string();
    assert!(told(App::new().state(Keys::random())).contains("add `.with(CookieJar::new())`"));
    assert!(told(App::new().with(CookieJar::new())).contains("`.state(Keys::from_env("));
}
