//! A start that fails leaves nothing running: tasks of the hooks before it are told.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

use std::time::Duration;

use cepa::prelude::*;
use cepa::{RunError, Server};
use tokio::sync::oneshot;

/// The runtime of `listen` goes on, and with it a task that waits for the stop.
#[tokio::test]
async fn tasks_of_the_hooks_before_a_failing_one_are_told_to_stop() {
    let (ended, end) = oneshot::channel();
    let app = App::new()
        .on_start_with(|app| async move {
            let mut stopping = app.stopping();
            app.clone().spawn(async move {
                stopping.wait().await;
                let _ = ended.send(());
                drop(app);
            });
        })
        .on_start(async || Err::<(), _>(Error::internal("no database")));
    let served = Server::new(app).tcp("127.0.0.1:0").listen().await;
    assert!(matches!(served, Err(RunError::Start(_))), "{served:?}");
    let told = tokio::time::timeout(Duration::from_secs(20), end).await;
    told.expect("the task is told").unwrap();
}

/// It would seem to have started, with half of its hooks.
#[tokio::test]
async fn a_start_that_failed_or_was_cut_fails_again() {
    let failing = App::new().on_start(async || Err::<(), _>(Error::internal("no database")));
    let service = failing.build().unwrap();
    for words in [
        "no database",
        "when they ran before",
        "when they ran before",
    ] {
        let error = service.start().await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    let hanging = App::new().on_start(std::future::pending::<()>);
    let service = hanging.build().unwrap();
    tokio::select! {
        biased;
        _ = service.start() => unreachable!("it hangs"),
        () = tokio::task::yield_now() => {}
    }
    let error = service.start().await.unwrap_err();
    assert!(error.to_string().contains("were cut"), "{error}");
    let fine = App::new().on_start(async || ()).build().unwrap();
    fine.start().await.unwrap();
    fine.start().await.unwrap();
}
