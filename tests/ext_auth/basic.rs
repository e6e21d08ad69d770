//! Names and passwords with each request.

use cepa::auth::{BasicAuth, BasicCredentials, OnlyKnown};
use cepa::prelude::*;
use cepa::testing::{TestClient, TestResponse};

#[derive(Clone)]
struct Staff(String);

async fn known(typed: BasicCredentials) -> Result<Option<Staff>> {
    match (&*typed.name, &*typed.password) {
        ("ada", "onion") => Ok(Some(Staff(typed.name))),
        ("broken", _) => Err(Error::unavailable("the directory is down")),
        _ => Ok(None),
    }
}

fn client() -> TestClient {
    App::new()
        .get("/raw", async |typed: Option<BasicCredentials>| {
            typed.map_or(String::new(), |it| it.name)
        })
        .get(
            "/probe",
            (async |_: Local<OnlyKnown>| "up").with(BasicAuth::only("probe", "probe", "leek")),
        )
        .group("/staff", |staff| {
            staff
                .with(BasicAuth::new("st\"aff\u{e9}", known))
                .get("/", async |Local(Staff(name)): Local<Staff>| name)
                .post("/", async || "posted")
        })
        .test()
}

fn ask(client: &TestClient, path: &str, typed: &str) -> TestResponse {
    use base64::Engine as _;
    let typed = base64::engine::general_purpose::STANDARD.encode(typed);
    client
        .get(path)
        .header("authorization", format!("Basic {typed}"))
        .send()
}

const CHALLENGE: &str = "Basic realm=\"staff\", charset=\"UTF-8\"";

#[test]
fn those_who_are_known_pass() {
    let client = client();
    ask(&client, "/staff", "ada:onion").assert_text("ada");
    for typed in [
        "ada:leek",
        "ada:",
        ":",
        "ada",
        "ada:onion\0",
        "Ada:onion",
        "ada:onion ",
    ] {
        let res = ask(&client, "/staff", typed);
        res.assert_status(401)
            .assert_header("www-authenticate", CHALLENGE);
    }
    let res = client.get("/staff").send();
    res.assert_status(401)
        .assert_header("www-authenticate", CHALLENGE);
    let other = client
        .get("/staff")
        .header("authorization", "Bearer x")
        .send();
    other
        .assert_status(401)
        .assert_header("www-authenticate", CHALLENGE);
    client.get("/staff/nothing").send().assert_status(401);
}

#[test]
fn one_name_and_password_need_no_function() {
    let client = client();
    ask(&client, "/probe", "probe:leek").assert_text("up");
    for typed in [
        "probe:leeks",
        "probe:",
        "prob:eleek",
        "probe:leek:",
        "x:leek",
    ] {
        ask(&client, "/probe", typed).assert_status(401);
    }
}

#[test]
fn what_was_typed_can_be_taken_as_it_is() {
    let client = client();
    ask(&client, "/raw", "bob:x").assert_text("bob");
    client.get("/raw").send().assert_text("");
    client
        .get("/raw")
        .header("authorization", "Basic ?")
        .send()
        .assert_status(401);
    client
        .get("/raw")
        .header("authorization", "Digest x")
        .send()
        .assert_text("");
}

#[test]
fn guessing_is_stopped_and_a_directory_that_is_down_is_no_guess() {
    let client = client();
    for _ in 0..20 {
        ask(&client, "/staff", "broken:x").assert_status(503);
    }
    for name in ["ada", "Ada", " ADA", "adA", "ada "] {
        for guess in ["guess", "leek"] {
            let typed = format!("{name}:{guess}");
            ask(&client, "/staff", &typed).assert_status(401);
        }
    }
    let res = ask(&client, "/staff", "ada:onion");
    res.assert_status(429);
    assert!(res.header("retry-after").is_some());
}

/// Browsers send the password along, whoever made the form.
#[test]
fn pages_of_other_origins_send_nothing() {
    let client = client();
    let post = |origin: &str| {
        let req = client
            .post("/staff")
            .header("authorization", "Basic YWRhOm9uaW9u");
        req.header("origin", origin).send()
    };
    post("http://localhost").assert_text("posted");
    post("https://evil.example").assert_status(403);
}
