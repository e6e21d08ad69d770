//! What is told of cookies that were tampered with, or that browsers will not keep. It is alone in its
//! program, which has one log.

#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::fmt::{Debug, Write as _};
use std::sync::Mutex;

use cepa::Mode;
use cepa::cookies::{CookieJar, Cookies, EncryptedCookies, Keys, SignedCookies};
use cepa::prelude::*;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

static LINES: Mutex<String> = Mutex::new(String::new());

/// Keeps the level and message of each event.
struct Lines;

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "cepa"
    }

    fn event(&self, event: &Event<'_>) {
        struct Text<'a>(&'a mut String);
        impl Visit for Text<'_> {
            fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
                write!(self.0, "{value:?}").unwrap();
            }
        }
        let lines = &mut *LINES.lock().unwrap();
        lines.push_str(match *event.metadata().level() {
            Level::DEBUG => "",
            Level::WARN => "warning: ",
            other => panic!("{other}"),
        });
        event.record(&mut Text(lines));
        lines.push('\n');
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn cookies_that_were_tampered_with_or_will_be_dropped_leave_a_line_without_their_value() {
    tracing::subscriber::set_global_default(Lines).unwrap();
    let client = App::new()
        .state(Keys::random())
        .with(CookieJar::new())
        .get("/", async |one: SignedCookies, two: EncryptedCookies| {
            assert_eq!([one.get("one"), two.get("two")], [None, None]);
        })
        .test();
    client.get("/").send().assert_status(200);
    assert_eq!(*LINES.lock().unwrap(), "", "an absent cookie says nothing");
    let sent = "one=secret; two=secret";
    client
        .get("/")
        .header("cookie", sent)
        .send()
        .assert_status(200);
    let told = LINES.lock().unwrap().clone();
    let line =
        |name: &str| format!("the cookie `{name}` was tampered with, or its key is not known\n");
    assert_eq!(told, line("one") + &line("two"));

    LINES.lock().unwrap().clear();
    let set = async |cookies: Cookies| cookies.set(("theme", "dark"));
    let app = |jar| App::new().mode(Mode::Production).with(jar).get("/", set);
    let (own, guessed) = (CookieJar::new().with_secure(true), CookieJar::new());
    app(own).test().get("/").send().assert_status(200);
    assert_eq!(*LINES.lock().unwrap(), "");
    let client = app(guessed).test();
    for _ in 0..2 {
        client.get("/").send().assert_status(200);
    }
    let told = LINES.lock().unwrap().clone();
    assert!(
        told.starts_with("warning: a cookie was set for a client that seems"),
        "{told}"
    );
    assert_eq!(told.lines().count(), 1, "{told}");
}
