//! What is told of cookies that were tampered with. It is alone in its program, which has one log.

#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::fmt::{Debug, Write as _};
use std::sync::Mutex;

use cepa::cookies::{CookieJar, EncryptedCookies, Keys, SignedCookies};
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
        assert_eq!(*event.metadata().level(), Level::DEBUG);
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
fn a_cookie_that_was_tampered_with_leaves_a_line_without_its_value() {
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
}
