//! Values that any part of an app gives and one extension collects.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::sync::{Arc, Mutex};

use cepa::Contributions;
use cepa::prelude::*;

#[derive(Debug)]
struct Word(&'static str);

struct Gives(&'static str);

impl Extension for Gives {
    fn install(self, app: App) -> App {
        app.contribute(Word(self.0))
    }
}

async fn words(words: Contributions<Word>) -> String {
    words
        .iter()
        .map(|word| word.0)
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn the_whole_tree_is_collected_outermost_first() {
    let inner = App::new()
        .get("/words", words)
        .contribute(Word("c"))
        .mount("/deep", App::new().plug(Gives("d")));
    let app = App::new()
        .get("/words", words)
        .contribute(Word("a"))
        .mount("/inner", inner)
        .plug(Gives("b"))
        .host("h.test", App::new().contribute(Word("e")));
    let client = app.test();
    client.get("/words").send().assert_text("a b c d e");
    client.get("/inner/words").send().assert_text("a b c d e");
}

#[test]
fn types_are_kept_apart_and_none_is_an_empty_slice() {
    let service = App::new()
        .contribute(7_u8)
        .contribute(8_u8)
        .build()
        .unwrap();
    assert_eq!(&service.contributions::<u8>()[..], [7, 8]);
    assert!(service.contributions::<u16>().is_empty());
    assert_eq!(format!("{:?}", service.contributions::<u8>()), "[7, 8]");
}

#[test]
fn each_value_knows_the_line_that_gave_it() {
    let (plain, plugged) = (line!() + 1, line!() + 2);
    let app = App::new().contribute(Word("a"));
    let app = app.plug(Gives("b"));
    let words = app.build().unwrap().contributions::<Word>();
    let told: Vec<_> = words
        .located()
        .map(|(word, at)| (word.0, at.line()))
        .collect();
    assert_eq!(told, [("a", plain), ("b", plugged)]);
}

#[test]
fn they_are_read_by_checks_and_at_start() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (checked, started) = (Arc::clone(&seen), Arc::clone(&seen));
    let app = App::new()
        .check(move |service| {
            let count = service.contributions::<Word>().len();
            checked.lock().unwrap().push(format!("{count} at build"));
            Ok(())
        })
        .on_start_with(move |service| async move {
            let count = service.contributions::<Word>().len();
            started.lock().unwrap().push(format!("{count} at start"));
        })
        .mount("/m", App::new().contribute(Word("late")))
        .get("/", async || "");
    app.test().get("/").send();
    assert_eq!(*seen.lock().unwrap(), ["1 at build", "1 at start"]);
}

#[test]
fn work_beside_the_requests_ends_with_the_stop() {
    let ended = Arc::new(Mutex::new(""));
    let (in_task, in_hook) = (Arc::clone(&ended), Arc::clone(&ended));
    let app = App::new()
        .get("/", async || "")
        .on_start_with(|app| async move {
            let mut stopping = app.stopping();
            app.spawn(async move {
                stopping.wait().await;
                *in_task.lock().unwrap() = "the task ended";
            });
        })
        .on_stop(async move || assert_eq!(*in_hook.lock().unwrap(), "the task ended"));
    let client = app.test();
    client.get("/").send();
    assert_eq!(*ended.lock().unwrap(), "");
    client.stop();
    assert_eq!(*ended.lock().unwrap(), "the task ended");
}

#[test]
fn a_start_that_fails_with_the_app_in_hand_is_an_error() {
    let app = App::new().on_start_with(async |_| Err::<(), _>(Error::internal("no disk")));
    let service = app.build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let error = runtime.block_on(service.start()).unwrap_err();
    assert!(error.to_string().contains("no disk"));
}

#[test]
fn problems_of_options_are_listed_with_all_others() {
    struct Wrong;
    impl Extension for Wrong {
        fn install(self, app: App) -> App {
            app.problem("the cache is larger than the disk: make it smaller")
        }
    }
    let line = line!() + 1;
    let app = App::new().plug(Wrong).get("/:id", async || "");
    let error = app.build().unwrap_err();
    assert_eq!(error.problems().len(), 2);
    assert_eq!(error.problems()[0].location().line(), line);
    assert_eq!(
        error.problems()[0].message(),
        "the cache is larger than the disk: make it smaller"
    );
}
