//! Pages from templates, which are checked when the app is built.
//!
//! # Example
//!
//! ```
//! use cepa::prelude::*;
//! use cepa::templates::{Templates, View};
//!
//! const TEMPLATES: [(&str, &str); 2] = [
//!     ("layout.html", "<title>{% block title %}{% endblock %}</title>{% block body %}{% endblock %}"),
//!     (
//!         "users/show.html",
//!         "{% extends 'layout.html' %}{% block title %}{{ name }}{% endblock %}\
//!          {% block body %}<a href=\"{{ url_for('users.show', name=name) }}\">{{ name }}</a>{% endblock %}",
//!     ),
//! ];
//!
//! async fn show(Path(name): Path<String>) -> View {
//!     View::new("users/show.html", json!({ "name": name }))
//! }
//!
//! let client = App::new()
//!     .plug(Templates::embedded(TEMPLATES)) // or `Templates::dir("templates")`
//!     .get("/users/{name}", show.named("users.show"))
//!     .test();
//! client
//!     .get("/users/Ann%20%3CA%3E")
//!     .send()
//!     .assert_text("<title>Ann &lt;A&gt;</title><a href=\"/users/Ann%20%3CA%3E\">Ann &lt;A&gt;</a>");
//! ```
//!
//! The language is that of [minijinja], which is Jinja's; `docs/templates.md` shows it at work. A
//! [`View`] is rendered on its way out, around the handler that returned it or the error renderer,
//! so templates know the request and what middleware around the handler found out.
//!
//! | in templates | is |
//! |---|---|
//! | `request.path`, `.query`, `.method`, `.development` | where the request went, and the mode |
//! | `csp_nonce` | the nonce of the page's policy; undefined without one |
//! | `flashes` | the messages that were left for this page, see [`flash`](crate::flash) |
//! | `form` | the form that was left, or that of [`View::with_form`] |
//! | `url_for("users::show", id=7)` | the path of a route, as [`Request::url_for`](crate::Request::url_for) |
//! | `asset("app.css")` | the address of a static file, of the [`Assets`](crate::files::Assets) that are mounted |
//! | `value \| link` | the value, if it is an address that runs no script |
//! | `value \| tojson` | JSON, safe in a script or between single quotes |
//!
//! [`ContextProcessor`] adds a value of each page, [`TemplateFunction`] a function or filter; other
//! extensions give theirs by [`App::contribute`](crate::App::contribute). The methods of `form` are
//! `value(name, otherwise)`, `all(name)`, `has(name, value)`, `error(name)` and `is_lost(name)`; it
//! has `errors`, `is_valid` and `is_empty`.
//!
//! # Options
//!
//! | knob | default |
//! |---|---|
//! | [`Templates::with_value`]: a value of all pages | none |
//! | [`Templates::with_processor`]: a value of each page | none |
//! | [`Templates::with_function`], [`Templates::with_filter`] | those of minijinja |
//! | [`Templates::with_env`]: anything else of minijinja | escaping by name, undefined is an error |
//!
//! In development a changed file counts from the next request on; in production nothing is read
//! after the build. What is built anew is checked anew: a problem is a 500 then, with the same words.
//!
//! # Errors
//!
//! `build` reports, with template, line, column and the fix: a template that cannot be parsed;
//! `extends`, `include` and `import` of templates that are not there; `url_for` and `asset` with
//! literal names that are not there or lack parameters; unknown filters and tests; blocks that no
//! layout has; values printed where escaping does not help (see Security). Also a handler that returns a [`View`] without
//! [`Templates`] around, and names that collide.
//!
//! A page that cannot be rendered is a 500 with a [`TemplateError`]: an undefined name, a template
//! that is not there. If it is the page of an error, that error keeps its status, and has the page it
//! would have without [`on_error`](crate::App::on_error).
//!
//! # Security
//!
//! - In `.html`, `.htm`, `.xhtml`, `.xml`, `.svg`, `.atom` and `.rss` every value is escaped for HTML
//!   (`<`, `>`, `&` and both quotes), unless it is marked by `| safe`; in `.json` and `.js` it is
//!   written as JSON. Other endings are sent as they are. What a page extends, includes or imports is
//!   escaped as the page is, or does not build; by a computed name, it is escaped for HTML.
//! - Escaping for HTML does not help everywhere, and a template that prints a value there does not
//!   build: in a script without `| tojson` or inside of its texts, in a style, in an event handler or
//!   `srcdoc`, in an attribute without quotes, in place of an attribute, and at the beginning of an
//!   address without `| link`, where it could be `javascript:`. The address of a script begins by
//!   `url_for`, `asset` or text of the template. Numbers (`| int`) pass; `| safe` says that you know
//!   better.
//! - The check reads templates as they are written, with all branches. It does not see what macros and
//!   `| safe` texts are printed into at run time, what a computed name stands for, nor HTML that a
//!   script makes of data in the browser.
//! - Templates are part of the program: never render one that a user wrote.

mod assets;
mod check;
mod config;
mod contribute;
mod engine;
mod error;
mod escape;
mod form;
mod functions;
mod html;
mod layouts;
mod markup;
mod middleware;
mod page;
mod printed;
mod scan;
mod source;
mod targets;
mod told;
mod view;
mod visit;

pub use minijinja;

pub use config::Templates;
pub use contribute::{ContextProcessor, TemplateFunction};
pub use error::TemplateError;
pub use view::View;
pub use visit::Visit;
