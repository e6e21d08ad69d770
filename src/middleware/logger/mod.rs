//! `Logger`: one line for each request, when its response has been sent.

mod line;

use std::borrow::Cow;

use line::Line;

use super::{Middleware, Next};
use crate::log::{self, Level};
use crate::secrets::Secrets;
use crate::{Request, Response};

/// Writes one line per request: what was asked, what was answered, how long it took, how it ended.
///
/// ```text
/// GET /users/42?tab=new 200 512 B 1.3ms route=/users/{id} id=9f2c..
/// GET /report?token=*** 200 1048576 B 2.1s cancelled
/// ```
///
/// It changes nothing in request and response: no headers, no statuses. In a line there are
///
/// - method, path and query as sent, secrets masked (see below);
/// - the status; `-` if the client went away before there was one;
/// - the bytes of the body that were sent, and the time from the request's arrival here to the
///   body's end;
/// - `failed` if the source of the body failed, so that the response was broken off, and
///   `cancelled` if the client went away or the response was dropped;
/// - the route, where its path is another text than the request's, and the request's id, where one
///   was given further out: write [`RequestId`](crate::RequestId) before the logger.
///
/// It goes to `tracing` at level info and target `cepa`, or to stderr where the program has no
/// subscriber. With a subscriber that does not want it, nothing is put together.
///
/// **Secrets.** `***` stands for the values of query parameters whose names have `token`,
/// `password`, `passwd`, `passphrase`, `secret`, `api_key`, `access_key`, `private_key`,
/// `signature`, `credential`, `authorization`, `card_number` or `session` in them, that have one of the
/// words `auth`, `card`, `code`, `csrf`, `cvc`, `cvv`, `hmac`, `jwt`, `key`, `otp`, `pass`, `pin`,
/// `pwd`, `sid`, `sig`, `ticket` in them, as `user[pin]` and `otp_code` do, or are one of
/// [`with_secret`](Self::with_secret); case and punctuation make no difference. Where a path
/// parameter has such a name (of the second list only your own), the route's path is written
/// in place of the request's, also if the answer is a 405 or a redirect to the other last slash.
/// Before routing there is no route: add the logger by `with`. Headers and bodies are never written.
///
/// **One line is one request.** Spaces, control characters and what is not ASCII are
/// percent-encoded in paths, queries and ids, so that nobody can write a line, a field, or to the
/// terminal; what was sent percent-encoded stays so.
///
/// ```
/// use cepa::prelude::*;
///
/// let app = App::new()
///     .with(Logger::new().with_skip("/health").with_secret("iban"))
///     .get("/health", async || "ok")
///     .get("/", async || "hello");
/// app.test().get("/").send().assert_text("hello");
/// ```
///
/// # Errors
/// A path to skip that does not begin with a slash, and a secret without a name, are problems that
/// [`App::build`](crate::App::build) reports.
#[derive(Clone, Debug, Default)]
pub struct Logger {
    json: bool,
    skipped: Vec<Cow<'static, str>>,
    secrets: Secrets,
}

impl Logger {
    /// Lines for people, of all requests.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes each line as a JSON object with the members `time` (RFC 3339, UTC, when the line was
    /// written), `method`, `path`, `query`, `route`, `status`, `bytes`, `duration_ms`, `outcome`
    /// (`sent`, `failed` or `cancelled`) and `request_id`. What is not known is `null`.
    ///
    /// Errors have lines of their own, which stay text: `error: GET /boom 500: ..`.
    #[must_use]
    pub fn with_json(mut self) -> Self {
        self.json = true;
        self
    }

    /// Writes no line for requests of this path, such as health checks. Errors in them, 500 and
    /// above, are in the log anyway.
    #[must_use]
    pub fn with_skip(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        self.skipped.push(path.into());
        self
    }

    /// Masks parameters of this name too.
    #[must_use]
    pub fn with_secret(mut self, name: &str) -> Self {
        self.secrets.add(name);
        self
    }
}

impl Middleware for Logger {
    async fn handle(&self, req: Request, next: Next) -> Response {
        if !log::enabled(Level::Info) || self.skipped.iter().any(|path| path == req.path()) {
            return next.run(req).await;
        }
        let mut line = Line::of(&req, &self.secrets, self.json);
        let mut res = next.run(req).await;
        line.set_status(res.status());
        res.on_end(move |outcome| line.end(outcome));
        res
    }

    fn problems(&self) -> Vec<String> {
        let malformed = self.skipped.iter().filter(|path| !path.starts_with('/'));
        let malformed =
            malformed.map(|path| format!("no request has the path `{path}`: begin it with `/`"));
        let nameless = self.secrets.has_nameless();
        let nameless =
            nameless.then(|| "a secret has no name: give it letters or digits".to_owned());
        malformed.chain(nameless).collect()
    }
}
