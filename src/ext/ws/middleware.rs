//! What the options do as a middleware: they go with the request to the extractor inside.

use super::config::WebSockets;
use crate::{Middleware, Next, Request, Response};

impl Middleware for WebSockets {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        req.insert(self.clone());
        next.run(req).await
    }

    fn problems(&self) -> Vec<String> {
        self.wrong_options()
    }
}
