//! Cookies in an app: what is read, what is set on which response, and what is refused.

#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::time::Duration;

use cepa::cookies::{
    Cookie, CookieErrorKind, CookieJar, Cookies, EncryptedCookies, Keys, SameSite, SignedCookies,
};
use cepa::prelude::*;
use cepa::testing::TestResponse;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210";

/// The `Set-Cookie` lines of a response.
fn set(res: &TestResponse) -> Vec<&str> {
    let lines = res.headers().get_all("set-cookie").iter();
    lines.map(|line| line.to_str().unwrap()).collect()
}

async fn show(Path(name): Path<String>, cookies: Cookies) -> String {
    cookies.get(&name).unwrap_or("-".to_owned())
}

#[test]
fn cookies_are_read_by_name_and_malformed_ones_skipped() {
    let client = App::new()
        .with(CookieJar::new())
        .get("/{name}", show)
        .test();
    let sent = "theme=dark; =x; broken; lang=%C3%A9o; bad=%ff; \t quoted=\"1\" ; theme=light";
    let table = [
        ("/theme", "dark"),
        ("/lang", "\u{e9}o"),
        ("/quoted", "1"),
        ("/bad", "-"),
        ("/broken", "-"),
        ("/none", "-"),
    ];
    for (path, value) in table {
        client
            .get(path)
            .header("cookie", sent)
            .send()
            .assert_text(value);
        client
            .get(path)
            .header("cookie", "")
            .send()
            .assert_text("-");
    }
}

#[test]
fn whatever_bytes_are_sent_are_answered() {
    let client = App::new()
        .state(Keys::random())
        .with(CookieJar::new())
        .get(
            "/",
            async |plain: Cookies, signed: SignedCookies, sealed: EncryptedCookies| {
                let read = [plain.get("a"), signed.get("a"), sealed.get("a")];
                assert_eq!(&read[1..], &[None, None]);
                "read"
            },
        )
        .test();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..2_000 {
        let mut sent = b"a=".to_vec();
        for _ in 0..state % 40 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            sent.push(b"aA;=. -_%\"\\,\t\xc3\xa9\xff0"[(state >> 20) as usize % 17]);
        }
        state = state.wrapping_add(0x1234_5678_9abc_def1);
        let sent = cepa::HeaderValue::from_bytes(&sent).unwrap();
        client
            .get("/")
            .header("cookie", sent)
            .send()
            .assert_text("read");
    }
}

#[test]
fn a_cookie_is_set_with_safe_defaults_and_secure_by_https() {
    let app = || {
        App::new()
            .with(CookieJar::new())
            .get("/", async |cookies: Cookies| {
                cookies.set(("a", "1"))?;
                cookies.set(
                    Cookie::new("b", "2")
                        .with_http_only(false)
                        .with_secure(false),
                )
            })
    };
    let res = app().test().get("/").send();
    let wanted = [
        "a=1; Path=/; SameSite=Lax; HttpOnly",
        "b=2; Path=/; SameSite=Lax",
    ];
    assert_eq!(set(&res), wanted);
    let res = app().test().get("https://localhost/").send();
    assert_eq!(set(&res)[0], "a=1; Path=/; SameSite=Lax; Secure; HttpOnly");
    assert_eq!(set(&res)[1], wanted[1]);
    let forced = App::new()
        .with(CookieJar::new().with_secure(true))
        .mount("/", app());
    let res = forced.test().get("/").send();
    assert_eq!(set(&res)[0], "a=1; Path=/; SameSite=Lax; Secure; HttpOnly");
}

#[test]
fn what_was_set_leaves_with_errors_panics_and_the_answers_of_others() {
    async fn mark(cookies: Cookies, req: Request, next: Next) -> Result<Response> {
        cookies.set(("in", "1"))?;
        let res = next.run(req).await;
        cookies.set(("out", "1"))?;
        Ok(res)
    }
    async fn refuse(cookies: Cookies, _: Request, _: Next) -> Result<Response> {
        cookies.set(("refused", "1"))?;
        Err(Error::forbidden("no"))
    }
    async fn fails(cookies: Cookies) -> Result<()> {
        cookies.set(("own", "1"))?;
        Err(Error::conflict("no"))
    }
    async fn panics(cookies: Cookies) {
        cookies.set(("own", "1")).unwrap();
        panic!("on purpose");
    }
    async fn replaced() -> Redirect {
        Redirect::to("/")
    }
    let client = App::new()
        .with(CookieJar::new())
        .with(mark)
        .get("/fails", fails)
        .get("/panics", panics)
        .get("/refused", replaced.with(refuse))
        .get("/moved", replaced)
        .test();
    let table: [(&str, u16, &[&str]); 5] = [
        ("/fails", 409, &["in", "own", "out"]),
        ("/panics", 500, &["in", "own", "out"]),
        ("/refused", 403, &["in", "refused", "out"]),
        ("/moved", 303, &["in", "out"]),
        ("/nothing", 404, &["in", "out"]),
    ];
    for (path, status, names) in table {
        let res = client.get(path).send();
        res.assert_status(status);
        let lines = set(&res);
        let found = lines.iter().map(|line| line.split('=').next().unwrap());
        assert_eq!(found.collect::<Vec<_>>(), names, "{path}");
    }
}

#[test]
fn a_cookie_set_by_the_handler_stands_beside_those_of_the_jar() {
    let client = App::new()
        .with(CookieJar::new())
        .get("/", async |cookies: Cookies| {
            cookies.set(("a", "1")).unwrap();
            let mut res = "hello".into_response();
            res.append_header(
                "set-cookie",
                Cookie::new("b", "2").with_same_site(SameSite::Strict),
            );
            res
        })
        .get("/bad", async || {
            let mut res = "hello".into_response();
            res.append_header("set-cookie", Cookie::new("b c", "2"));
            res
        })
        .test();
    let lines = [
        "b=2; Path=/; SameSite=Strict; Secure; HttpOnly",
        "a=1; Path=/; SameSite=Lax; HttpOnly",
    ];
    assert_eq!(set(&client.get("/").send()), lines);
    client.get("/bad").send().assert_status(500);
}

#[test]
fn reading_sees_what_was_changed() {
    async fn change(cookies: Cookies) -> Result<String> {
        let mut seen = vec![cookies.get("a")];
        cookies.set(("a", "2; x=\u{e9}"))?;
        seen.push(cookies.get("a"));
        cookies.delete("a")?;
        seen.push(cookies.get("a"));
        cookies.set(Cookie::new("a", "4").with_path("/x"))?;
        seen.push(cookies.get("a"));
        Ok(format!("{seen:?}"))
    }
    let client = App::new().with(CookieJar::new()).get("/", change).test();
    let res = client.get("/").header("cookie", "a=1").send();
    res.assert_text("[Some(\"1\"), Some(\"2; x=\u{e9}\"), None, Some(\"4\")]");
    // One line for each name and path.
    assert_eq!(
        set(&res),
        [
            "a=; Path=/; Max-Age=0; SameSite=Lax; HttpOnly",
            "a=4; Path=/x; SameSite=Lax; HttpOnly"
        ]
    );
}

#[test]
fn an_app_that_lacks_the_jar_or_the_keys_is_not_built() {
    let problem = |app: App| app.build().unwrap_err().to_string();
    let no_jar = problem(App::new().get("/", async |_: Cookies| ""));
    assert!(
        no_jar.ends_with("needs `Cookies`: add `.with(CookieJar::new())` around it"),
        "{no_jar}"
    );
    let inside = App::new().get("/", (async |_: Cookies| "").with(CookieJar::new()));
    inside.test().get("/").send().assert_status(200);
    let keyless = App::new()
        .with(CookieJar::new())
        .get("/", async |_: SignedCookies| "");
    let keyless = problem(keyless);
    assert!(
        keyless.ends_with("needs `Keys`: add `.state(Keys::from_env(\"SECRET_KEY\")?)`"),
        "{keyless}"
    );
    let both = problem(App::new().get("/", async |_: EncryptedCookies| ""));
    assert!(both.contains("the app has 2 problems"), "{both}");
    async fn outside(_: Cookies, req: Request, next: Next) -> Response {
        next.run(req).await
    }
    let outside = problem(
        App::new()
            .with(outside)
            .with(CookieJar::new())
            .get("/", async || ""),
    );
    assert!(outside.contains("stands further in"), "{outside}");
}

#[test]
fn a_jar_in_a_jar_shares_its_cookies() {
    let inner =
        App::new()
            .with(CookieJar::new().with_secure(true))
            .get("/", async |cookies: Cookies| {
                let seen = cookies.get("outer");
                cookies.set(("inner", "1")).map(|()| seen)
            });
    async fn outer(cookies: Cookies, req: Request, next: Next) -> Result<Response> {
        cookies.set(("outer", "1"))?;
        Ok(next.run(req).await)
    }
    let app = App::new()
        .with(CookieJar::new())
        .with(outer)
        .mount("/in", inner);
    let res = app.test().get("/in").send();
    res.assert_text("1");
    let lines = [
        "outer=1; Path=/; SameSite=Lax; HttpOnly",
        "inner=1; Path=/; SameSite=Lax; HttpOnly",
    ];
    assert_eq!(set(&res), lines);
}

#[test]
fn no_debug_shows_a_value() {
    let client = App::new()
        .state(Keys::random())
        .with(CookieJar::new())
        .get("/", async |plain: Cookies, signed: SignedCookies| {
            plain.set(("pin", "1234")).unwrap();
            let one = Cookie::new("pin", "1234");
            format!("{plain:?} {signed:?} {one:?}")
        })
        .test();
    let res = client.get("/").send();
    assert!(!res.text().contains("1234"), "{}", res.text());
    assert!(res.text().starts_with("Cookies { changed: [\"pin\"]"));
    let line = res.headers().get("set-cookie").unwrap();
    assert_eq!(
        (line.is_sensitive(), format!("{line:?}")),
        (true, "Sensitive".to_owned())
    );
}

/// A request has room for so many tokens that to hash for each would be worth sending them.
#[test]
fn a_thousand_tokens_under_one_name_are_no_work() {
    let keys = Keys::new(SECRET).unwrap().with_old(OTHER).unwrap();
    let app = App::new().state(keys.clone()).with(CookieJar::new());
    let client = app.get("/", async |a: SignedCookies| a.get("a")).test();
    let sent = "a=b.c; ".repeat(10_000) + "a=" + &keys.sign("a", "true");
    let start = std::time::Instant::now();
    client
        .get("/")
        .header("cookie", sent)
        .send()
        .assert_text("true");
    let time = start.elapsed();
    assert!(time < Duration::from_secs(1), "{time:?}");
}

#[test]
fn what_cannot_be_set_is_an_error_with_a_sentence() {
    let client = App::new()
        .with(CookieJar::new())
        .get("/", async |cookies: Cookies| {
            let error = cookies.set(("a", "x".repeat(4096))).unwrap_err();
            assert!(
                matches!(error.kind(), CookieErrorKind::Size { bytes: 4130 }),
                "{error}"
            );
            assert!(
                error
                    .to_string()
                    .contains("it has 4130 bytes, and browsers keep 4096")
            );
            let error = cookies
                .set(Cookie::new("__Host-a", "1").with_path("/x"))
                .unwrap_err();
            assert_eq!(error.kind(), CookieErrorKind::HostPrefix);
            assert_eq!(cookies.get("a"), None);
            cookies.set(("b\r\nset-cookie: c", "1"))
        })
        .test();
    let res = client.get("/").send();
    res.assert_status(500);
    assert_eq!(set(&res), [""; 0]);
    let cause = res
        .error()
        .and_then(|error| error.downcast_ref::<cepa::cookies::CookieError>());
    assert_eq!(cause.map(|cause| cause.kind()), Some(CookieErrorKind::Name));
}

#[tokio::test]
async fn a_cookie_that_comes_after_the_response_is_an_error() {
    let (send, late) = tokio::sync::oneshot::channel();
    let send = std::sync::Arc::new(std::sync::Mutex::new(Some(send)));
    let handler = move |cookies: Cookies| {
        let send = send.lock().unwrap().take().unwrap();
        async move { drop(send.send(cookies)) }
    };
    let client = App::new().with(CookieJar::new()).get("/", handler).test();
    client.get("/").await.assert_status(200);
    let error = late.await.unwrap().set(("a", "1")).unwrap_err();
    assert_eq!(error.kind(), CookieErrorKind::Late);
}

/// Sets and reads one signed and one encrypted cookie, each named by the path.
fn sealed_app(keys: Keys) -> App {
    async fn write(Path(name): Path<String>, a: SignedCookies, b: EncryptedCookies) -> Result<()> {
        a.set((format!("s-{name}"), "Ada; 1"))?;
        b.set(Cookie::new(format!("e-{name}"), "Ada; 2").with_max_age(Duration::from_secs(60)))?;
        Ok(())
    }
    async fn read(Path(name): Path<String>, a: SignedCookies, b: EncryptedCookies) -> String {
        let read = [a.get(&format!("s-{name}")), b.get(&format!("e-{name}"))];
        read.map(|value| value.unwrap_or("-".to_owned())).join("|")
    }
    App::new()
        .state(keys)
        .with(CookieJar::new())
        .post("/{name}", write)
        .get("/{name}", read)
}

/// The names and values that a response sets.
fn pairs(res: &TestResponse) -> Vec<(String, String)> {
    let pair = |line: &str| {
        let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    };
    set(res).into_iter().map(pair).collect()
}

#[test]
fn signed_and_encrypted_cookies_come_back_and_can_be_deleted() {
    let app = sealed_app(Keys::new(SECRET).unwrap());
    let client = app
        .delete(
            "/{name}",
            async |Path(name): Path<String>, a: SignedCookies, b: EncryptedCookies| {
                a.delete(&format!("s-{name}"))?;
                b.delete(&format!("e-{name}"))
            },
        )
        .test();
    let res = client.post("/x").send();
    let pairs = pairs(&res);
    assert!(pairs[0].1.starts_with("QWRhOyAx."), "{pairs:?}");
    assert!(set(&res)[1].ends_with("; Path=/; Max-Age=60; SameSite=Lax; HttpOnly"));
    client.get("/x").send().assert_text("Ada; 1|Ada; 2");
    client.get("/y").send().assert_text("-|-");
    client.delete("/x").send().assert_status(200);
    client.get("/x").send().assert_text("-|-");
}

#[test]
fn a_value_under_another_name_or_changed_reads_as_absent() {
    let client = sealed_app(Keys::new(SECRET).unwrap()).test();
    let pairs = pairs(&client.post("/x").send());
    let (signed, sealed) = (&pairs[0].1, &pairs[1].1);
    let read = |path: &str, sent: String| {
        client
            .get(path)
            .header("cookie", sent)
            .send()
            .text()
            .to_owned()
    };
    assert_eq!(
        read("/x", format!("s-x={signed}; e-x={sealed}")),
        "Ada; 1|Ada; 2"
    );
    assert_eq!(read("/y", format!("s-y={signed}; e-y={sealed}")), "-|-");
    assert_eq!(read("/x", format!("s-x={sealed}; e-x={signed}")), "-|-");
    assert_eq!(read("/x", "s-x=Ada; e-x=Ada".to_owned()), "-|-");
    // One planted by a sibling domain, sent first, does not hide the true one.
    assert_eq!(
        read(
            "/x",
            format!("s-x=Eve; s-x={signed}; e-x=Eve; e-x={sealed}")
        ),
        "Ada; 1|Ada; 2"
    );
    for at in 0..signed.len().max(sealed.len()) {
        let changed = |token: &str| {
            let other = |c| if c == 'A' { 'B' } else { 'A' };
            let change = |(i, c)| if i == at % token.len() { other(c) } else { c };
            token.chars().enumerate().map(change).collect::<String>()
        };
        let sent = format!("s-x={}; e-x={}", changed(signed), changed(sealed));
        assert_eq!(read("/x", sent), "-|-", "byte {at}");
    }
}

#[test]
fn keys_are_rotated_without_signing_anybody_out() {
    let old = sealed_app(Keys::new(SECRET).unwrap()).test();
    let sent = pairs(&old.post("/x").send());
    let sent: String = sent
        .iter()
        .map(|(name, value)| format!("{name}={value}; "))
        .collect();
    let read = |keys: Keys| {
        let client = sealed_app(keys).test();
        client
            .get("/x")
            .header("cookie", &*sent)
            .send()
            .text()
            .to_owned()
    };
    let new = Keys::new(OTHER).unwrap();
    assert_eq!(read(new.clone().with_old(SECRET).unwrap()), "Ada; 1|Ada; 2");
    assert_eq!(read(new), "-|-");
    assert_eq!(read(Keys::random()), "-|-");
}
