//! What renders views on their way out, where the request is known.
//!
//! There is one around each handler, so that middleware around that handler sees a finished page, and
//! one where `Templates` is plugged, for the views that error renderers make in between. Both know
//! what middleware further in found out.

use super::engine::Pages;
use super::view::View;
use super::visit::Visit;
use crate::{Error, HeaderValue, IntoResponse, Middleware, Next, Provided, Request, Response};
use http::header::CONTENT_TYPE;

/// Says that views are rendered in here.
pub(super) struct Rendered;

/// Renders the views of what is inside.
pub(super) struct RenderViews {
    pub(super) pages: Pages,
}

impl Middleware for RenderViews {
    async fn handle(&self, mut req: Request, next: Next) -> Response {
        let visit = Visit::of(&mut req);
        let mut res = next.run(req).await;
        match res.take_draft::<View>() {
            Some(view) => self.render(res, view, visit),
            None => res,
        }
    }

    fn provides(&self) -> Vec<Provided> {
        vec![Provided::local::<Rendered>()]
    }
}

impl RenderViews {
    fn render(&self, mut res: Response, view: View, visit: Visit) -> Response {
        let error = match self.pages.render(view, visit) {
            Ok(page) => {
                res.set_body(page);
                return res;
            }
            Err(error) => error,
        };
        if res.error().is_none() {
            let (view, excerpt) = (error.view(), error.excerpt().cloned());
            let mut error = Error::from(error);
            if let Some(view) = view {
                error = error.with_location(view);
            }
            if let Some(excerpt) = excerpt {
                error = error.with_excerpt(excerpt);
            }
            return error.into_response();
        }
        // It is the page of an error, whose renderer would only fail again.
        crate::log::emit(crate::log::Level::Error, &error.to_string());
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        res.headers_mut().insert(CONTENT_TYPE, text);
        res.set_body(res.status().canonical_reason().unwrap_or("Error"));
        res
    }
}
