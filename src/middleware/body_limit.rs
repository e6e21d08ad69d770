//! `BodyLimit`: how much of a request body is read, for a scope or a route.

use super::{Middleware, Next};
use crate::{Request, Response};

/// Lets extractors and [`Request::take_body`] read so many bytes of the body; a larger one is a 413
/// (RFC 9110, 15.5.14), at once where `Content-Length` says so.
///
/// It takes the place of the server's limit
/// ([`Server::with_body_limit`](crate::Server::with_body_limit), 2 MiB by default) and of a
/// `BodyLimit` further out, be it smaller or larger: the innermost counts. So it refuses nothing
/// itself; who reads the body gets the error. It changes no header.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::BodyLimit;
///
/// async fn store(text: String) -> String {
///     format!("{} bytes", text.len())
/// }
///
/// let client = App::new()
///     .with(BodyLimit::new(10))
///     .post("/note", store)
///     .post("/book", store.with(BodyLimit::new(100)))
///     .test();
/// client.post("/note").body("0123456789").send().assert_text("10 bytes");
/// client.post("/note").body("0123456789+").send().assert_status(413);
/// client.post("/book").body("0123456789+").send().assert_text("11 bytes");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit {
    bytes: u64,
}

impl BodyLimit {
    /// At most so many bytes; 0 lets no body through.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        Self { bytes }
    }
}

impl Middleware for BodyLimit {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        req.set_body_limit(self.bytes);
        next.run(req).await
    }
}
