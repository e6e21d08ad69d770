//! What the middleware of extensions costs per request, in process, beyond the same request without.

mod support;

use cepa::compression::Compression;
use cepa::cookies::{CookieJar, Cookies, EncryptedCookies, Keys, SignedCookies};
use cepa::http::{Request as HttpRequest, Uri};
use cepa::metrics::Metrics;
use cepa::prelude::*;
use cepa::rate_limit::RateLimit;
use cepa::sessions::{
    CsrfToken, MemoryStore, Session, SessionKey, SessionRecord, SessionStore, Sessions,
};
use std::sync::LazyLock;
use support::{Cases, now, row};

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

/// Small answers, and one that is compressed.
fn compressed() -> App {
    app()
        .with(Compression::new())
        .get("/picture", async || {
            (
                [("content-type", "image/png")],
                Bytes::from_static(&[0; 4096]),
            )
        })
        .get("/text", async || {
            "It is said of onions that they have layers. ".repeat(100)
        })
}

fn uncompressed() -> App {
    app().get("/picture", async || {
        (
            [("content-type", "image/png")],
            Bytes::from_static(&[0; 4096]),
        )
    })
}

/// A browser's.
fn accepting(path: &'static str, codings: &'static str) -> impl Fn() -> HttpRequest<&'static str> {
    move || {
        let mut req = get(path, None)();
        let codings = cepa::HeaderValue::from_static(codings);
        req.headers_mut().insert("accept-encoding", codings);
        req
    }
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

/// A store with one session, and the cookie of that session.
static KEPT: LazyLock<(MemoryStore, String)> = LazyLock::new(|| {
    let store = MemoryStore::new();
    let begin = async |session: Session| -> Result<()> {
        session.insert("id", "12345678")?;
        session.insert("locale", "en")?;
        session.insert("theme", "dark")?;
        Ok(())
    };
    let sessions = Sessions::new(store.clone()).with_secure(false);
    let client = App::new().plug(sessions).get("/", begin).test();
    let cookie = client
        .get("/")
        .send()
        .header("set-cookie")
        .map(str::to_owned);
    let cookie = cookie.expect("a session is begun");
    (
        store,
        cookie.split(';').next().unwrap_or_default().to_owned(),
    )
});

const KEY: &str = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";

/// A store with a session of three values that is over in a thousand years.
fn store() -> (MemoryStore, SessionKey) {
    let (store, key) = (MemoryStore::new(), SessionKey::from_hex(KEY));
    let key = key.expect("64 digits");
    let record = SessionRecord::new(u64::MAX / 4, u64::MAX / 2)
        .with_value("id", "\"12345678\"")
        .with_value("locale", "\"en\"")
        .with_value("theme", "\"dark\"");
    let kept = now(SessionStore::create(&store, &key, record));
    kept.expect("there is room");
    (store, key)
}

fn sessions() -> App {
    app()
        .plug(Sessions::new(KEPT.0.clone()).with_secure(false))
        .get("/read", async |session: Session| {
            let value = session.get::<String>("id").expect("it is a text");
            read(value.as_deref())
        })
        .get("/write", async |session: Session| {
            session.insert("id", "12345678")
        })
        .get("/begin", async |session: Session| {
            session.insert("id", "12345678")
        })
        .get("/token", async |_: CsrfToken| "hello")
}

fn with_session(path: &'static str) -> impl Fn() -> HttpRequest<&'static str> {
    move || {
        let mut req = get(path, None)();
        let cookie = format!("theme=dark; {}", KEPT.1).parse();
        req.headers_mut()
            .insert("cookie", cookie.expect("it is ASCII"));
        req
    }
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
    let browser = "gzip, deflate, br, zstd";
    cases.ask("small, plain", app, accepting("/", browser));
    cases.ask("small", compressed, accepting("/", browser));
    cases.ask(
        "picture, plain",
        uncompressed,
        accepting("/picture", browser),
    );
    cases.ask("picture", compressed, accepting("/picture", browser));
    for coding in ["identity", "br", "zstd", "gzip"] {
        cases.ask(coding, compressed, accepting("/text", coding));
    }
    cases.ask("limited", limited, get("/", None));
    cases.ask("quiet", quiet, get("/", None));
    cases.ask("measured", measured, get("/", None));
    cases.ask("session sent", app, with_session("/"));
    cases.ask("sessions", sessions, get("/", None));
    cases.ask("sessions, one sent", sessions, with_session("/"));
    for path in ["/read", "/write", "/token"] {
        cases.ask(path, sessions, with_session(path));
    }
    cases.ask("begin", sessions, get("/begin", None));
    cases.add("load", || {
        let (store, key) = store();
        Box::new(move || drop(std::hint::black_box(now(SessionStore::load(&store, &key)))))
    });
    rows(&cases);
}

fn rows(cases: &Cases) {
    let sent = "without, cookies sent";
    cases.table(&[
        row("request without middleware", "without"),
        row("CookieJar, nothing to do", "jar").beyond("without"),
        row("CookieJar, cookies sent and not read", "jar, cookies sent").beyond(sent),
        row("CookieJar, a cookie read", "plain").beyond(sent),
        row("CookieJar, a signed cookie read", "signed").beyond(sent),
        row("CookieJar, an encrypted cookie read", "sealed").beyond(sent),
        row("CookieJar, a cookie set", "set").beyond("without"),
        row("Compression, a small answer", "small").beyond("small, plain"),
        row("Compression, a picture", "picture").beyond("picture, plain"),
        row("Compression, 4 KiB of text by br", "br").beyond("identity"),
        row("Compression, 4 KiB of text by zstd", "zstd").beyond("identity"),
        row("Compression, 4 KiB of text by gzip", "gzip").beyond("identity"),
        row("RateLimit", "limited").beyond("without"),
        row("RateLimit without headers", "quiet").beyond("without"),
        row("Metrics", "measured").beyond("without"),
        row("Sessions, none sent", "sessions").beyond("without"),
        row("Sessions, one sent and not read", "sessions, one sent").beyond("session sent"),
        row("Sessions, a value read", "/read").beyond("session sent"),
        row("of that the store", "load"),
        row("Sessions, a value set", "/write").beyond("session sent"),
        row("Sessions, a session begun", "begin").beyond("without"),
        row("Sessions, a token for a form", "/token").beyond("session sent"),
    ]);
}
