//! `Secure`: the middleware that most apps with pages and cookies want, in the right order.

use crate::{App, CrossOrigin, Extension, SecureHeaders};

/// An extension that adds, outermost first:
///
/// 1. [`SecureHeaders`], so that refusals and errors have the headers too;
/// 2. [`CrossOrigin`], which keeps pages of other sites from sending what changes something.
///
/// Each is as its `new` makes it, unless it is given another way. What depends on names only the app
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
    headers: SecureHeaders,
    cross_origin: CrossOrigin,
}

impl Secure {
    /// All of them as they are by default.
    #[must_use]
    pub fn defaults() -> Self {
        Self {
            headers: SecureHeaders::new(),
            cross_origin: CrossOrigin::new(),
        }
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
}

impl Extension for Secure {
    fn install(self, app: App) -> App {
        app.with(self.headers) // outermost
            .with(self.cross_origin)
    }
}
