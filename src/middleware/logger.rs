//! `Logger`: one line for each request, when its response has been sent.

use std::time::Instant;

use http::Method;

use super::{Middleware, Next};
use crate::log::{self, Level};
use crate::request::Request;
use crate::response::{Outcome, Response};

/// Writes one line per request: method, path, status, bytes, time, and how it ended.
///
/// The line is written when the body was sent, so time and bytes are those of the whole response.
/// It goes to `tracing` at level info, or to stderr where no subscriber is installed. Queries are
/// left out, since they may hold secrets. It changes nothing in request and response.
///
/// ```
/// use cepa::prelude::*;
///
/// // GET / 200 5 B 81 µs
/// let app = App::new().with(Logger::new()).get("/", async || "hello");
/// app.test().get("/").send().assert_text("hello");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Logger {
    _private: (),
}

impl Logger {
    /// A logger with the default line.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Middleware for Logger {
    async fn handle(&self, req: Request, next: Next) -> Response {
        let mut line = Line {
            method: req.method().clone(),
            path: req.path().to_owned(),
            start: Instant::now(),
            status: None,
            written: false,
        };
        let mut res = next.run(req).await;
        line.status = Some(res.status().as_u16());
        res.on_end(move |outcome| line.write(outcome));
        res
    }
}

/// What is known of a request until its line is written.
struct Line {
    method: Method,
    path: String,
    start: Instant,
    /// `None` until the response is there.
    status: Option<u16>,
    written: bool,
}

impl Line {
    fn write(&mut self, outcome: Outcome) {
        self.written = true;
        let Self {
            method,
            path,
            start,
            ..
        } = self;
        let time = start.elapsed();
        let status = self
            .status
            .map_or_else(|| "-".to_owned(), |status| status.to_string());
        let line = match outcome {
            Outcome::Sent { bytes } => format!("{method} {path} {status} {bytes} B {time:.0?}"),
            Outcome::Failed { bytes } => {
                format!("{method} {path} {status} {bytes} B {time:.0?}, broken off")
            }
            Outcome::Cancelled { bytes } => {
                format!("{method} {path} {status} {bytes} B {time:.0?}, client gone")
            }
        };
        log::emit(Level::Info, &line);
    }
}

/// The client went away while the handler worked: its future was dropped, and this with it.
impl Drop for Line {
    fn drop(&mut self) {
        if !self.written {
            self.write(Outcome::Cancelled { bytes: 0 });
        }
    }
}
