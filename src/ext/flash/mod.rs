//! Messages for the page after a redirect, and forms that come back with values and errors.
//!
//! # Example
//!
//! ```
//! use cepa::cookies::{CookieJar, Keys};
//! use cepa::flash::{Flash, Submission};
//! use cepa::prelude::*;
//!
//! async fn sign(mut form: Submission, flash: Flash) -> Result<Redirect> {
//!     form.check("name", !form.value("name").is_empty(), "say who you are");
//!     match form.is_valid() {
//!         true => flash.success("thank you")?,
//!         false => flash.keep(form)?,
//!     }
//!     Ok(Redirect::to("/"))
//! }
//!
//! async fn book(flash: Flash) -> Result<String> {
//!     let form = flash.form();
//!     let error = form.error("name").unwrap_or_default().to_owned();
//!     let messages = flash.take()?;
//!     Ok(format!("{:?} {:?} {error}", messages.first().map(|it| it.text()), form.value("text")))
//! }
//!
//! let client = App::new()
//!     .state(Keys::random()) // in a program `Keys::from_env("SECRET_KEY")?`
//!     .with(CookieJar::new())
//!     .get("/", book)
//!     .post("/", sign)
//!     .test();
//!
//! client.post("/").form(&[("name", ""), ("text", "hello")]).send().assert_status(303);
//! client.get("/").send().assert_text("None \"hello\" say who you are");
//! client.get("/").send().assert_text("None \"\" ");
//! client.post("/").form(&[("name", "Ada"), ("text", "hello")]).send();
//! client.get("/").send().assert_text("Some(\"thank you\") \"\" ");
//! ```
//!
//! After a form was sent, a redirect leads to the page that is shown (Post/Redirect/Get), so that
//! reloading it sends nothing twice. What that page has to say travels in one signed cookie: messages,
//! and a [`Submission`] that was not valid. A page that reads them removes them; templates
//! (`cepa::templates`) have them as `flashes` and `form`.
//!
//! # Options
//!
//! None. The cookie is named `flash`, for all paths of the host, and is kept for ten minutes at most.
//! It is `Secure` as [`CookieJar`](crate::cookies::CookieJar) says: in production always.
//!
//! # Errors
//!
//! `build` reports a handler that takes [`Flash`] without [`CookieJar`](crate::cookies::CookieJar) and
//! [`Keys`](crate::cookies::Keys) around. Nothing that a client sends is too large: messages and errors
//! are cut, and what the cookie has no room for is left out, the oldest messages and the longest values
//! of the form, which [`Submission::is_lost`] tells. [`Submission`] as an argument fails as
//! [`Form`](crate::Form): 400, 413, 415.
//!
//! # Security
//!
//! - The cookie is signed, with the time in it: nobody can make one, and an old one is nothing. It is
//!   not encrypted: who has the browser can read what was sent from it.
//! - A response that showed something of it has `vary: cookie` and `cache-control: private, no-cache`,
//!   so that no shared cache sends it to others.
//! - Values of fields whose name has `password` in it, and of `_csrf`, are never kept;
//!   [`Submission::without`] names others.
//! - What comes back is text of a client's all the same: escape it, as templates do.

mod extract;
mod form;
mod store;

pub use extract::Flash;
pub use form::Submission;
pub use store::Message;
