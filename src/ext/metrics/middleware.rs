//! The middleware: notes when a request came, and counts it when its response was sent.

use std::sync::Arc;

use tokio::time::Instant;

use super::store::{CANCELLED, Holder, Place, Requests, method_index};
use crate::{Middleware, Next, Request, Response};

/// Counts every request inside of it.
pub(super) struct Measure {
    pub(super) requests: Holder,
}

impl Middleware for Measure {
    async fn handle(&self, req: Request, next: Next) -> Response {
        let mut open = Open {
            requests: self.requests.begin(),
            place: self.requests.place(&req),
            method: method_index(req.method()),
            status: CANCELLED,
            start: Instant::now(),
            bytes: 0,
        };
        let mut res = next.run(req).await;
        open.status = res.status().as_u16();
        res.on_end(move |outcome| {
            open.bytes = outcome.bytes();
            drop(open);
        });
        res
    }

    fn name(&self) -> std::borrow::Cow<'static, str> {
        "Metrics".into()
    }
}

/// A request that is being answered. It is counted when this is dropped, so also where the client
/// went away and the handler's future was dropped.
struct Open {
    requests: Arc<Requests>,
    place: Place,
    method: u8,
    status: u16,
    start: Instant,
    bytes: u64,
}

impl Drop for Open {
    fn drop(&mut self) {
        let took = self.start.elapsed();
        self.requests
            .count(&self.place, self.method, self.status, took, self.bytes);
    }
}
