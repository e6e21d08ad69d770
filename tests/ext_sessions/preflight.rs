//! What is missing or wrong is said when the app is built.

use std::time::Duration;

use cepa::prelude::*;
use cepa::sessions::{CsrfToken, CsrfTokens, MemoryStore, Session, Sessions};
use cepa::testing::ExtensionCheck;

#[test]
fn a_handler_that_takes_a_session_without_sessions_does_not_build() {
    async fn basket(_: Session) {}
    async fn form(_: CsrfToken) {}
    let apps = [
        App::new().get("/", basket),
        App::new().get("/", form),
        App::new().with(CsrfTokens::new()).get("/", async || ""),
        App::new()
            .get("/", basket)
            .mount("/shop", App::new().plug(Sessions::memory())),
        App::new()
            .with(CsrfTokens::new())
            .plug(Sessions::memory())
            .get("/", async || ""),
    ];
    for (n, app) in apps.into_iter().enumerate() {
        let error = app.build().unwrap_err().to_string();
        assert!(error.contains("needs `Session`"), "{n}: {error}");
        let fix = if n == 4 {
            "write it before"
        } else {
            "`.plug(Sessions::memory())`"
        };
        assert!(error.contains(fix), "{n}: {error}");
    }
}

#[test]
fn sessions_keep_what_extensions_promise() {
    let zero = Duration::ZERO;
    ExtensionCheck::new(Sessions::memory)
        .with_consumer(async |session: Session| session.insert("a", 1))
        .with_consumer(async |token: CsrfToken| token.to_string())
        .refuses(
            move || Sessions::memory().with_idle(zero),
            "an idle time of 0ns",
        )
        .refuses(
            move || Sessions::memory().with_absolute(zero),
            "an absolute time of 0ns",
        )
        .refuses(|| Sessions::memory().with_limit(0), "leaves no room")
        .refuses(
            || Sessions::memory().with_cookie_name("a b"),
            "no name for the cookie",
        )
        .refuses(
            || Sessions::memory().with_cookie_name(""),
            "no name for the cookie",
        )
        .refuses(
            || Sessions::memory().with_cookie_name("__Host-a"),
            "is added",
        )
        .run();
    ExtensionCheck::new(|| |app: App| app.with(CsrfTokens::new()))
        .within(|app| app.plug(Sessions::new(MemoryStore::new())))
        .run();
}

#[test]
fn two_sessions_that_would_end_each_other_do_not_build() {
    let sessions = |name: &'static str| Sessions::memory().with_cookie_name(name);
    let part = |name| App::new().plug(sessions(name)).get("/", async || "");
    let nested = || App::new().plug(sessions("session"));
    let beside = || App::new().mount("/b", part("session"));
    let hosts = |name| {
        App::new()
            .host("a.example", part("session"))
            .host("b.example", part(name))
    };
    let refused = [
        nested().mount("/a", part("session")),
        beside().mount("/a", part("session")),
        nested().host("a.example", part("session")),
    ];
    for (n, app) in refused.into_iter().enumerate() {
        let error = app.build().unwrap_err();
        assert_eq!(error.problems().len(), 1, "{n}: {error}");
        let error = error.to_string();
        assert!(
            error.contains("have the cookie `session` too"),
            "{n}: {error}"
        );
        assert!(error.contains("with_cookie_name"), "{n}: {error}");
    }
    let fine = [
        nested().mount("/a", part("other")),
        beside().mount("/a", part("other")),
        hosts("session"),
        hosts("other"),
    ];
    for (n, app) in fine.into_iter().enumerate() {
        assert!(app.build().is_ok(), "{n}");
    }
}

#[test]
fn the_middleware_is_named_after_its_cookie() {
    let app = App::new().plug(Sessions::memory());
    let inner = App::new()
        .plug(Sessions::memory().with_cookie_name("admin"))
        .get("/", async || "");
    let table = app.mount("/admin", inner).routes().to_string();
    assert!(
        table.contains("Sessions, ") && table.contains("Sessions::admin"),
        "{table}"
    );
}
