//! The built-in middleware that watches and steers the flow of requests.

#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod concurrency;
mod logger;
mod mode;
mod request_id;
mod server_timing;
mod subscriber;
mod timeout;
mod with_each;

use cepa::prelude::*;

/// The problems of an app, as `build` prints them.
#[track_caller]
fn problems(app: App) -> String {
    app.build().unwrap_err().to_string()
}
