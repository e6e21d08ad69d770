//! `UploadLimits` as a middleware: what holds for the uploads inside of it.

use super::limits::UploadLimits;
use crate::{Middleware, Next, Request, Response};

impl Middleware for UploadLimits {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        let outer = req.local::<Self>().copied().unwrap_or_default();
        req.insert(self.or(outer));
        next.run(req).await
    }

    fn problems(&self) -> Vec<String> {
        self.wrong_options()
    }
}
