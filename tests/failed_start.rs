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
