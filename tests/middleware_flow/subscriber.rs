//! Where the lines of `Logger` go if the program has a `tracing` subscriber.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use cepa::prelude::*;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Keeps the messages of events up to a level.
#[derive(Clone)]
struct Kept {
    level: Level,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Subscriber for Kept {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level && metadata.target() == "cepa"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        let mut message = Message(event.metadata().level().to_string());
        event.record(&mut message);
        self.lines.lock().unwrap().push(message.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What a subscriber of this level gets of two requests.
fn lines(level: Level) -> Vec<String> {
    let lines = Arc::default();
    let kept = Kept {
        level,
        lines: Arc::clone(&lines),
    };
    tracing::subscriber::with_default(kept, || {
        let client = App::new()
            .with(Logger::new())
            .get("/", async || "hello")
            .test();
        client.get("/?a=1").send().assert_text("hello");
        client.get("/error").send().assert_status(404);
    });
    lines.lock().unwrap().clone()
}

#[test]
fn a_subscriber_gets_the_lines_it_wants() {
    let info = lines(Level::INFO);
    assert_eq!(info.len(), 2, "{info:?}");
    assert!(info[0].starts_with("GET /?a=1 200 5 B "), "{info:?}");
    assert!(info[1].starts_with("GET /error 404 "), "{info:?}");
    let debug = lines(Level::DEBUG);
    assert_eq!(debug.len(), 3, "{debug:?}");
    assert_eq!(lines(Level::WARN), [""; 0]);
}
