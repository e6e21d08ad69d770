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

impl Escaped<'_> {
    /// As its `Display` writes it, without a formatter's cost.
    pub(crate) fn write_to(self, out: &mut impl fmt::Write) -> fmt::Result {
        let mut start = 0;
        for (at, byte) in self.0.bytes().enumerate() {
            if let Some(reference) = reference(byte) {
                out.write_str(&self.0[start..at])?;
                out.write_str(reference)?;
                start = at + 1;
            }
        }
        out.write_str(&self.0[start..])
    }
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}

/// What stands for a character that would be markup; each is one byte.
pub(crate) fn reference(byte: u8) -> Option<&'static str> {
    match byte {
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'&' => Some("&amp;"),
        b'"' => Some("&quot;"),
        b'\'' => Some("&#39;"),
        _ => None,
    }
}
