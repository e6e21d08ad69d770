//! `Secure`: the middleware that most apps with pages and cookies want, in the right order.

use std::time::Duration;

use crate::{App, CrossOrigin, Extension, RequestId, SecureHeaders, Timeout};

/// An extension that adds, outermost first:
///
/// 1. [`RequestId`], so that whatever goes wrong inside has a name, in the log and at the client;
/// 2. [`SecureHeaders`], so that refusals and errors have the headers too;
/// 3. [`CrossOrigin`], which keeps pages of other sites from sending what changes something;
/// 4. [`Timeout`] of 30 seconds until the head of a response, the reading of a request's body
///    included: a route that takes large uploads over slow lines wants another one here.
///
/// Each is as its `new` makes it, unless it is given another way. A `Logger` before this has the id
/// in its lines only if a `RequestId` of the app's own stands before it; that one's id is kept. What depends on names only the app
/// knows stays with the app: [`Cors`](crate::Cors) and [`HostGuard`](crate::HostGuard), both before
/// this.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::{CrossOrigin, Secure};
///
/// let friends = CrossOrigin::new().with_trusted(["https://friend.example"]);
/// let client = App::new()
///     .plug(Secure::defaults().with_cross_origin(friends))
///     .post("/", async || "done")
///     .test();
/// client.post("/").header("origin", "https://friend.example").send().assert_text("done");
/// let res = client.post("/").header("origin", "https://evil.example").send();
/// res.assert_status(403).assert_header("x-content-type-options", "nosniff");
/// ```
///
/// # Errors
/// What its parts say, at the line of the `plug`.
#[derive(Clone, Debug)]
pub struct Secure {
    request_id: Option<RequestId>,
    headers: SecureHeaders,
    cross_origin: CrossOrigin,
    timeout: Option<Timeout>,
}

/// Long for a page, short for a request that is stuck.
const TIME: Duration = Duration::from_secs(30);

impl Secure {
    /// All of them as they are by default.
    #[must_use]
    pub fn defaults() -> Self {
        Self {
            request_id: Some(RequestId::new()),
            headers: SecureHeaders::new(),
            cross_origin: CrossOrigin::new(),
            timeout: Some(Timeout::new(TIME)),
        }
    }

    /// These ids in place of the default ones, for another header or ids of the server's own only.
    #[must_use]
    pub fn with_request_id(mut self, id: RequestId) -> Self {
        self.request_id = Some(id);
        self
    }

    /// No ids.
    #[must_use]
    pub fn without_request_id(mut self) -> Self {
        self.request_id = None;
        self
    }

    /// These headers in place of the default ones.
    #[must_use]
    pub fn with_headers(mut self, headers: SecureHeaders) -> Self {
        self.headers = headers;
        self
    }

    /// This check in place of the default one, for trusted origins.
    #[must_use]
    pub fn with_cross_origin(mut self, check: CrossOrigin) -> Self {
        self.cross_origin = check;
        self
    }

    /// This limit in place of 30 seconds.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Timeout) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// No limit, for apps that say it route by route: the shortest of several counts.
    #[must_use]
    pub fn without_timeout(mut self) -> Self {
        self.timeout = None;
        self
    }
}

impl Extension for Secure {
    fn install(self, app: App) -> App {
        app.with(self.request_id) // outermost
            .with(self.headers)
            .with(self.cross_origin)
            .with(self.timeout)
    }
}
