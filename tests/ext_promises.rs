//! Each extension of this crate keeps what all extensions promise, as a stranger's has to.
//!
//! What is a middleware here is plugged by a function, which is an extension as well.

#[cfg(feature = "compression")]
#[test]
fn compression_keeps_what_extensions_promise() {
    use cepa::App;
    use cepa::compression::{Coding, Compression, Decompression};
    let by = |coding: Option<Coding>| {
        move |app: App| {
            app.with(Compression::new().with_codings(coding))
                .with(Decompression::new())
        }
    };
    cepa::testing::ExtensionCheck::new(move || by(Some(Coding::Gzip)))
        .refuses(move || by(None), "no coding")
        .run();
}

#[cfg(feature = "cookies")]
mod cookies {
    use cepa::cookies::{CookieJar, Cookies, EncryptedCookies, Keys, SignedCookies};
    use cepa::prelude::*;
    use cepa::testing::{ExtensionCheck, check_extension};

    #[test]
    fn cookies_keep_what_extensions_promise() {
        check_extension(|| |app: App| app.with(CookieJar::new()));
        ExtensionCheck::new(|| |app: App| app.with(CookieJar::new()))
            .with_consumer(async |cookies: Cookies| cookies.get("a").unwrap_or_default())
            .run();
    }

    #[test]
    fn cookies_that_need_keys_say_so() {
        ExtensionCheck::new(|| |app: App| app.with(CookieJar::new()))
            .within(|app| app.state(Keys::random()))
            .with_consumer(async |cookies: SignedCookies| cookies.get("a").unwrap_or_default())
            .with_consumer(async |cookies: EncryptedCookies| cookies.get("a").unwrap_or_default())
            .run();
        ExtensionCheck::new(|| |app: App| app.state(Keys::random()))
            .within(|app| app.with(CookieJar::new()))
            .with_consumer(async |cookies: SignedCookies| cookies.get("a").unwrap_or_default())
            .run();
    }
}

#[cfg(feature = "health")]
#[test]
fn health_keeps_what_extensions_promise() {
    use cepa::health::Health;
    cepa::testing::ExtensionCheck::new(Health::new)
        .refuses(|| Health::new().with_live_path("livez"), "write `/livez`")
        .run();
}

#[cfg(feature = "metrics")]
#[test]
fn metrics_keep_what_extensions_promise() {
    use cepa::metrics::Metrics;
    cepa::testing::ExtensionCheck::new(Metrics::new)
        .refuses(
            || Metrics::new().with_duration_buckets([2.0, 1.0]),
            "do not rise",
        )
        .refuses(|| Metrics::new().with_path("metrics"), "write `/metrics`")
        .run();
}

#[cfg(feature = "multipart")]
#[test]
fn uploads_keep_what_extensions_promise() {
    use cepa::multipart::{UploadLimits, Uploads};
    let limited = || Uploads::new().with_limits(UploadLimits::new().with_parts(0));
    cepa::testing::ExtensionCheck::new(Uploads::new)
        .refuses(limited, "lets no upload through")
        .refuses(|| Uploads::new().with_temp_dir(""), "has no name")
        .run();
}

#[cfg(feature = "rate-limit")]
#[test]
fn a_rate_limit_keeps_what_extensions_promise() {
    use cepa::App;
    use cepa::rate_limit::RateLimit;
    let limit = |requests| move |app: App| app.with(RateLimit::per_minute(requests));
    cepa::testing::ExtensionCheck::new(move || limit(100))
        .refuses(move || limit(0), "RateLimit")
        .run();
}

#[cfg(feature = "tower")]
mod tower {
    use cepa::App;
    use cepa::testing::check_extension;
    use cepa::tower::tower;

    /// A layer that adds nothing.
    #[derive(Clone)]
    struct Plain;

    impl<S> tower_layer::Layer<S> for Plain {
        type Service = S;

        fn layer(&self, inner: S) -> S {
            inner
        }
    }

    #[test]
    fn a_layer_of_tower_keeps_what_extensions_promise() {
        check_extension(|| |app: App| app.with(tower(Plain)));
    }
}

#[cfg(feature = "flash")]
#[test]
fn flash_says_what_it_needs() {
    use cepa::App;
    use cepa::cookies::{CookieJar, Keys};
    use cepa::flash::Flash;
    cepa::testing::ExtensionCheck::new(|| |app: App| app.with(CookieJar::new()))
        .within(|app| app.state(Keys::random()))
        .with_consumer(async |flash: Flash| flash.success("kept"))
        .run();
}

#[cfg(feature = "templates")]
#[test]
fn templates_keep_what_extensions_promise() {
    use cepa::templates::{Templates, View};
    let pages = |text: &'static str| move || Templates::embedded([("page.html", text)]);
    cepa::testing::ExtensionCheck::new(pages("page"))
        .with_consumer(async || View::new("page.html", ()))
        .refuses(pages("{{ x | no }}"), "there is no filter `no`")
        .refuses(|| Templates::dir("no/such/folder"), "cannot be read")
        .run();
}

/// Messages name what a program writes, not what is kept for it inside.
#[cfg(all(
    feature = "auth",
    feature = "jwt",
    feature = "multipart",
    feature = "orm",
    feature = "templates"
))]
#[test]
fn what_is_missing_is_named_as_programs_write_it() {
    use cepa::auth::require_login;
    use cepa::jwt::Claims;
    use cepa::multipart::Multipart;
    use cepa::orm::{Db, Tx};
    use cepa::prelude::*;
    use cepa::templates::View;
    let app = App::new()
        .get("/db", async |_: Db| ())
        .get("/tx", async |_: Tx| ())
        .get("/in", (async || "").with(require_login()))
        .get("/claims", async |_: Claims<Value>| ())
        .post("/upload", async |_: Multipart| ())
        .get("/page", async || View::new("page.html", ()));
    let error = app.build().unwrap_err().to_string();
    for name in ["Db", "Tx", "Auth", "Jwt", "Uploads", "View"] {
        assert!(
            error.contains(&format!("needs `{name}`: add `.plug(")),
            "{name}: {error}"
        );
    }
    assert!(!error.contains("State<"), "{error}");
}
