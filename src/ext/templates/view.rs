//! `View`: what a handler returns for a page.
//!
//! Before it: the handler chose a template and its data. After it: the middleware of `Templates`
//! renders it, where the request is known.

use std::borrow::Cow;
use std::fmt;
use std::panic::Location;

use minijinja::value::{Serde, Value};
use serde::Serialize;

use super::form::FormValue;
use super::middleware::Rendered;
use crate::flash::Submission;
use crate::{Body, HeaderValue, IntoResponse, Need, Response};
use http::header::CONTENT_TYPE;

const FIX: &str = "add `.plug(Templates::dir(\"templates\"))` to this app or one around it";
const UNMADE: &str = "a view was sent that no `Templates` rendered: add `.plug(Templates::dir(\"templates\"))` to the app or one around it";

/// A page: the name of a template, and its data.
///
/// The data is anything that serialises to a map or struct, such as `json!({ .. })` or a type with
/// `#[derive(Serialize)]`; `()` for none. Its status is 200 unless a tuple or middleware says
/// otherwise, its content type goes by the ending of the name.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::templates::{Templates, View};
///
/// async fn create() -> impl IntoResponse {
///     let view = View::new("note.html", json!({ "title": "Buy <milk>" })).with("pages", 3);
///     (StatusCode::CREATED, view)
/// }
///
/// let client = App::new()
///     .plug(Templates::embedded([("note.html", "<h1>{{ title }}</h1>{{ pages }}")]))
///     .post("/", create)
///     .test();
/// let res = client.post("/").send();
/// res.assert_status(201).assert_header("content-type", "text/html; charset=utf-8");
/// res.assert_text("<h1>Buy &lt;milk&gt;</h1>3");
/// ```
///
/// # Errors
/// 500 with a [`TemplateError`](super::TemplateError) where the template cannot be rendered. A
/// handler that returns a `View` without [`Templates`](super::Templates) around it is a problem that
/// [`App::build`](crate::App::build) reports; one that hides it in a `Response` answers 500.
#[must_use = "a view is nothing until a handler returns it"]
pub struct View {
    pub(super) name: Cow<'static, str>,
    pub(super) data: Value,
    pub(super) more: Vec<(&'static str, Value)>,
    pub(super) location: &'static Location<'static>,
}

impl View {
    /// The template of this name, with this data.
    #[track_caller]
    pub fn new(name: impl Into<Cow<'static, str>>, data: impl Serialize) -> Self {
        Self {
            name: name.into(),
            data: Value::from(Serde(&data)),
            more: Vec::new(),
            location: Location::caller(),
        }
    }

    /// The same with one more value, which counts before one of this name in the data.
    pub fn with(mut self, name: &'static str, value: impl Serialize) -> Self {
        self.more.push((name, Value::from(Serde(&value))));
        self
    }
}

impl View {
    /// The same with this form as `form`: the page shows what was sent and what is wrong with it.
    ///
    /// ```
    /// use cepa::flash::Submission;
    /// use cepa::prelude::*;
    /// use cepa::templates::{Templates, View};
    ///
    /// const FORM: &str = "<input name=\"name\" value=\"{{ form.value('name') }}\">{{ form.error('name') or '' }}";
    ///
    /// async fn sign(mut form: Submission) -> impl IntoResponse {
    ///     form.check("name", form.value("name").len() > 2, "too short");
    ///     (StatusCode::UNPROCESSABLE_ENTITY, View::new("form.html", ()).with_form(form))
    /// }
    ///
    /// let app = App::new().plug(Templates::embedded([("form.html", FORM)])).post("/", sign);
    /// let res = app.test().post("/").form(&[("name", "Al")]).send();
    /// res.assert_status(422).assert_text("<input name=\"name\" value=\"Al\">too short");
    /// ```
    pub fn with_form(mut self, form: Submission) -> Self {
        self.more.push(("form", FormValue::value(form)));
        self
    }
}

impl IntoResponse for View {
    fn into_response(self) -> Response {
        let kind = media_type(&self.name);
        let mut res = Body::draft(self, UNMADE).into_response();
        res.headers_mut().insert(CONTENT_TYPE, kind);
        res
    }

    fn needs() -> Vec<Need> {
        vec![Need::local::<Rendered>().with_name("View").with_fix(FIX)]
    }
}

/// Without the data, which may be of a user.
impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("View").field(&self.name).finish()
    }
}

/// The ending of a name, in front of one that only says that it is a template.
pub(super) fn ending(name: &str) -> &str {
    match last(name) {
        Some((bare, "j2" | "jinja2" | "jinja")) => last(bare).map_or("", |(_, ending)| ending),
        Some((_, ending)) => ending,
        None => "",
    }
}

/// The last dot's two sides, if it is in the name of the file.
fn last(name: &str) -> Option<(&str, &str)> {
    let at = name.bytes().rposition(|byte| matches!(byte, b'.' | b'/'))?;
    let (bare, ending) = name.split_at(at);
    Some((bare, ending.strip_prefix('.')?))
}

/// Constants, which the compiler has looked through.
fn media_type(name: &str) -> HeaderValue {
    const fn of(text: &'static str) -> HeaderValue {
        HeaderValue::from_static(text)
    }
    match ending(name) {
        "html" | "htm" => const { of("text/html; charset=utf-8") },
        "xhtml" => const { of("application/xhtml+xml; charset=utf-8") },
        "xml" => const { of("application/xml; charset=utf-8") },
        "atom" => const { of("application/atom+xml; charset=utf-8") },
        "rss" => const { of("application/rss+xml; charset=utf-8") },
        "svg" => const { of("image/svg+xml; charset=utf-8") },
        "json" => const { of("application/json") },
        "js" => const { of("text/javascript; charset=utf-8") },
        "css" => const { of("text/css; charset=utf-8") },
        "csv" => const { of("text/csv; charset=utf-8") },
        "md" => const { of("text/markdown; charset=utf-8") },
        _ => const { of("text/plain; charset=utf-8") },
    }
}
