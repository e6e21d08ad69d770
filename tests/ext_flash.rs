//! `cepa::flash`: messages and forms that survive one redirect.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use cepa::cookies::{CookieJar, Keys};
use cepa::flash::{Flash, Submission};
use cepa::prelude::*;

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

#[test]
fn messages_that_are_too_large_are_an_error() {
    let app = app().get("/long", async |flash: Flash| flash.error("x".repeat(5000)));
    app.test().get("/long").send().assert_status(500);
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

#[test]
fn flash_says_what_it_needs() {
    let told = |app: App| app.get("/", page).build().unwrap_err().to_string();
    assert!(told(App::new().state(Keys::random())).contains("add `.with(CookieJar::new())`"));
    assert!(told(App::new().with(CookieJar::new())).contains("`.state(Keys::from_env("));
}
