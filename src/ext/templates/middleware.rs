//! What renders views on their way out, where the request is known.
//!
//! There is one around each handler, so that middleware around that handler sees a finished page, and
//! one where `Templates` is plugged, for the views that error renderers make in between. Both know
//! what middleware further in found out.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use http::header::CACHE_CONTROL;

use super::engine::Pages;
use super::error::TemplateError;
use super::view::View;
use super::visit::Visit;
use crate::{Error, FieldError, Middleware, Next, Provided, Request, Response, StatusCode, log};

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

    fn name(&self) -> Cow<'static, str> {
        "Templates".into()
    }

    fn provides(&self) -> Vec<Provided> {
        vec![Provided::local::<Rendered>()]
    }
}

impl RenderViews {
    fn render(&self, mut res: Response, view: View, visit: Visit) -> Response {
        let made = match res.error() {
            None => self.pages.render(view, visit),
            Some(_) => self.render_safely(view, visit),
        };
        match (made, res.error()) {
            (Ok(page), _) => res.set_body(page),
            (Err(error), None) => res.fail(placed(Error::from(error.clone()), &error)),
            (Err(error), Some(failed)) => {
                let mut same = of_failed_page(failed, res.status(), &error);
                // It is about more than the page: a cookie that was set on the way.
                if let Some(cached) = res.headers().get(CACHE_CONTROL) {
                    same = same.with_header(CACHE_CONTROL, cached);
                }
                res.fail(same);
            }
        }
        res
    }

    /// A panic in the page of an error is a failure of that page: its renderer would only do it again.
    fn render_safely(&self, view: View, visit: Visit) -> Result<String, TemplateError> {
        let (name, location) = (view.name.clone(), view.location);
        let made = catch_unwind(AssertUnwindSafe(|| self.pages.render(view, visit)));
        made.unwrap_or_else(|payload| {
            let text = payload.downcast_ref::<&str>().copied();
            let text = text.or_else(|| payload.downcast_ref().map(String::as_str));
            let message = format!("a value or function panicked: {}", text.unwrap_or("?"));
            Err(TemplateError::new(&name, &name, message).of_view(location))
        })
    }
}

/// What the client is told of an error whose own page cannot be made: what it would be without one.
fn of_failed_page(failed: &Error, status: StatusCode, error: &TemplateError) -> Error {
    // Of a status below 500, the log would tell nobody of the fault.
    if status.is_client_error() {
        let told = format!("the page of a {} cannot be made: {error}", status.as_u16());
        log::error(&told);
    }
    let message = failed.message().to_owned();
    let same = Error::new(status, message).with_source(error.clone());
    let add = |same: Error, it: &FieldError| same.with_field(it.field.clone(), it.message.clone());
    let same = failed.fields().iter().fold(same, add);
    placed(same, error).with_default_page()
}

/// With the lines that developers look for.
fn placed(mut error: Error, cause: &TemplateError) -> Error {
    if let Some(view) = cause.view() {
        error = error.with_location(view);
    }
    match cause.excerpt().cloned() {
        Some(excerpt) => error.with_excerpt(excerpt),
        None => error,
    }
}
