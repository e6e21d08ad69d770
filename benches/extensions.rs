//! What the middleware of extensions costs per request, in process, beyond the same request without.

mod support;

use cepa::cookies::{CookieJar, Cookies, EncryptedCookies, Keys, SignedCookies};
use cepa::http::{Request as HttpRequest, Uri};
use cepa::metrics::Metrics;
use cepa::prelude::*;
use cepa::rate_limit::RateLimit;
use support::{Cases, row};

fn keys() -> Keys {
    Keys::new("0123456789abcdef0123456789abcdef").expect("it is long enough")
}

fn app() -> App {
    App::new().get("/", async || "hello")
}

fn jar() -> App {
    let app = app().state(keys()).with(CookieJar::new());
    app.get("/plain", async |cookies: Cookies| {
        read(cookies.get("id").as_deref())
    })
    .get("/signed", async |cookies: SignedCookies| {
        read(cookies.get("id").as_deref())
    })
    .get("/sealed", async |cookies: EncryptedCookies| {
        read(cookies.get("id").as_deref())
    })
    .get("/set", async |cookies: Cookies| {
        cookies.set(("id", "12345678"))
    })
}

/// Says so where a case does not measure what it is meant to.
fn read(value: Option<&str>) -> &'static str {
    assert_eq!(value, Some("12345678"));
    "hello"
}

fn limited() -> App {
    app().with(RateLimit::per_second(1_000_000_000))
}

fn quiet() -> App {
    app().with(RateLimit::per_second(1_000_000_000).with_headers(false))
}

fn measured() -> App {
    app().plug(Metrics::new())
}

fn get(path: &'static str, cookie: Option<String>) -> impl Fn() -> HttpRequest<&'static str> {
    move || {
        let mut req = HttpRequest::new("");
        *req.uri_mut() = Uri::from_static(path);
        if let Some(cookie) = &cookie {
            let cookie = format!("theme=dark; id={cookie}").parse();
            let headers = req.headers_mut();
            headers.insert("cookie", cookie.expect("it is ASCII"));
        }
        req
    }
}

fn main() {
    let (plain, signed) = ("12345678".to_owned(), keys().sign("id", "12345678"));
    let sealed = keys().encrypt("id", "12345678");
    let mut cases = Cases::default();
    cases.ask("without", app, get("/", None));
    cases.ask("jar", jar, get("/", None));
    cases.ask("without, cookies sent", app, get("/", Some(plain.clone())));
    cases.ask("jar, cookies sent", jar, get("/", Some(plain.clone())));
    cases.ask("plain", jar, get("/plain", Some(plain)));
    cases.ask("signed", jar, get("/signed", Some(signed)));
    cases.ask("sealed", jar, get("/sealed", Some(sealed)));
    cases.ask("set", jar, get("/set", None));
    cases.ask("limited", limited, get("/", None));
    cases.ask("quiet", quiet, get("/", None));
    cases.ask("measured", measured, get("/", None));
    let sent = "without, cookies sent";
    cases.table(&[
        row("request without middleware", "without"),
        row("CookieJar, nothing to do", "jar").beyond("without"),
        row("CookieJar, cookies sent and not read", "jar, cookies sent").beyond(sent),
        row("CookieJar, a cookie read", "plain").beyond(sent),
        row("CookieJar, a signed cookie read", "signed").beyond(sent),
        row("CookieJar, an encrypted cookie read", "sealed").beyond(sent),
        row("CookieJar, a cookie set", "set").beyond("without"),
        row("RateLimit", "limited").beyond("without"),
        row("RateLimit without headers", "quiet").beyond("without"),
        row("Metrics", "measured").beyond("without"),
    ]);
}
