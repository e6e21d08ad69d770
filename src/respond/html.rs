//! `Html`: text sent as a page.

use super::{IntoResponse, with_type};
use crate::body::Body;
use crate::response::Response;

/// Text as `text/html; charset=utf-8`. It is sent as it is: escape what users wrote.
///
/// ```
/// use cepa::prelude::*;
///
/// let app = App::new().get("/", async || Html("<h1>Hello</h1>"));
/// app.test().get("/").send().assert_header("content-type", "text/html; charset=utf-8");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Html<T>(pub T);

impl<T: Into<Body>> IntoResponse for Html<T> {
    fn into_response(self) -> Response {
        with_type(self.0, "text/html; charset=utf-8")
    }
}
