//! `Html`: text sent as a page; `Escaped`: what users wrote, in a page.

use std::fmt;

use super::{IntoResponse, with_type};
use crate::body::Body;
use crate::response::Response;

/// Text as `text/html; charset=utf-8`. It is sent as it is: what users wrote goes through
/// [`Escaped`], or into a template.
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

/// Text of anyone inside HTML: between tags, and in attributes with quotes (HTML standard, 13.1.2.3 and
/// 13.1.4).
///
/// ```
/// use cepa::prelude::*;
/// use cepa::Escaped;
///
/// async fn hello(Path(name): Path<String>) -> Html<String> {
///     Html(format!("<h1>Hello, {}!</h1>", Escaped(&name)))
/// }
///
/// let client = App::new().get("/{name}", hello).test();
/// client.get("/%3Cb%3E").send().assert_contains("Hello, &lt;b&gt;!");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut start = 0;
        for (at, c) in self.0.char_indices() {
            if let Some(reference) = reference(c) {
                f.write_str(&self.0[start..at])?;
                f.write_str(reference)?;
                start = at + c.len_utf8();
            }
        }
        f.write_str(&self.0[start..])
    }
}

/// What stands for a character that would be markup.
pub(crate) fn reference(c: char) -> Option<&'static str> {
    match c {
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '&' => Some("&amp;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        _ => None,
    }
}
