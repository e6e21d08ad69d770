//! What went wrong: a status, a message that may be shown and a source that may not.
//!
//! An error becomes a response in the chain step it comes from (`render`), so that everything
//! further out sees a response like any other, with the error attached.

mod answer;
mod context;
mod convert;
mod develop;
mod excerpt;
mod fields;
mod panics;
mod render;
mod watch;

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::panic::Location;
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

pub use context::ErrorContext;
pub use convert::OrError;
pub(crate) use convert::{body_error, told};
use develop::Seen;
pub(crate) use develop::{note_for_developers, note_miss};
pub use excerpt::Excerpt;
pub use fields::FieldErrors;
use panics::Panic;
pub(crate) use panics::note_places;
pub use render::{ErrorFormat, ErrorRenderer};
pub(crate) use render::{Observer, Renderer, remove_of_the_body, render_outside};
pub(crate) use watch::Watch;

/// A boxed error of any kind, as the standard library and most crates pass it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The result of handlers, extractors and most functions of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error on its way to become a response.
///
/// - The *message* is a sentence for the client. It is sent for statuses 400 to 499; for others
///   the client sees the status' name only.
/// - The *source* is what caused it. It is logged and never sent.
/// - The *location* is the line of the `?` or of the constructor that made it.
///
/// Every error type that converts into [`BoxError`] becomes a 500 through `?`:
///
/// ```
/// use cepa::prelude::*;
///
/// async fn parse(Path(text): Path<String>) -> Result<String> {
///     let number: u8 = text.parse()?;                        // 500, the detail is logged
///     if number > 99 {
///         return Err(Error::unprocessable("at most 99"));    // 422, the message is sent
///     }
///     Ok(format!("{number}"))
/// }
///
/// let client = App::new().get("/{text}", parse).test();
/// client.get("/7").send().assert_text("7");
/// client.get("/x").send().assert_status(500);
/// let res = client.get("/100").send();
/// res.assert_status(422);
/// assert_eq!(res.error().map(|e| e.message()), Some("at most 99"));
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    status: StatusCode,
    /// Whether the status was chosen, or is only the 500 of a plain `?`.
    chosen: bool,
    message: Option<Cow<'static, str>>,
    source: Option<BoxError>,
    fields: Vec<FieldError>,
    headers: HeaderMap,
    location: &'static Location<'static>,
    /// It was a panic.
    panic: Option<Box<Panic>>,
    /// The text that it comes from, where that is not the program's.
    excerpt: Option<Box<Excerpt>>,
    /// The app's renderer is not asked.
    by_default: bool,
}

/// What is wrong with one field of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldError {
    /// The field's path, such as `items[2].price`.
    pub field: String,
    /// A sentence about it for the client.
    pub message: String,
}

impl FieldError {
    /// What is wrong with the field at this path.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

/// A constructor for one status; the documentation says when to use it.
macro_rules! constructors {
    ($($name:ident $status:ident $doc:literal,)*) => {
        $(
            #[doc = $doc]
            #[track_caller]
            #[must_use]
            pub fn $name(message: impl Into<Cow<'static, str>>) -> Self {
                Self::new(StatusCode::$status, message)
            }
        )*
    };
}

impl Error {
    /// An error with this status and message. A status that is no error, below 400, becomes 500.
    #[track_caller]
    #[must_use]
    pub fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        let is_error = status.is_client_error() || status.is_server_error();
        Self(Box::new(Inner {
            status: if is_error {
                status
            } else {
                StatusCode::INTERNAL_SERVER_ERROR
            },
            chosen: true,
            message: Some(message.into()),
            source: None,
            fields: Vec::new(),
            headers: HeaderMap::new(),
            location: Location::caller(),
            panic: None,
            excerpt: None,
            by_default: false,
        }))
    }

    constructors! {
        bad_request BAD_REQUEST "400: the request is malformed (RFC 9110, 15.5.1).",
        unauthorized UNAUTHORIZED "401: the client has to say who it is (RFC 9110, 15.5.2).",
        forbidden FORBIDDEN "403: this client may not do this (RFC 9110, 15.5.4).",
        not_found NOT_FOUND "404: there is nothing here (RFC 9110, 15.5.5).",
        conflict CONFLICT "409: the state of the resource does not allow it (RFC 9110, 15.5.10).",
        unprocessable UNPROCESSABLE_ENTITY "422: well-formed, but the content is wrong (RFC 9110, 15.5.21).",
        too_many_requests TOO_MANY_REQUESTS "429: the client has to slow down (RFC 6585, 4).",
        internal INTERNAL_SERVER_ERROR "500: a fault of the program; the message is logged, not sent.",
        unavailable SERVICE_UNAVAILABLE "503: for now it does not work; the message is logged, not sent.",
    }

    /// The same error with what caused it. It is logged, and found by
    /// [`downcast_ref`](Self::downcast_ref).
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same error at another place: that of the code which caused it, where an extension found
    /// it later.
    #[must_use]
    pub fn with_location(mut self, location: &'static Location<'static>) -> Self {
        self.0.location = location;
        self
    }

    /// The same error with the lines of the text that it comes from, which are shown to developers
    /// only: those of a template, a query, a file of settings.
    #[must_use]
    pub fn with_excerpt(mut self, excerpt: Excerpt) -> Self {
        self.0.excerpt = Some(Box::new(excerpt));
        self
    }

    /// The same error, answered for by the default page and not by
    /// [`App::on_error`](crate::App::on_error): for an extension that renders the pages of errors, where
    /// one of these cannot be rendered.
    ///
    /// ```
    /// use cepa::prelude::*;
    ///
    /// async fn failed(error: &Error, _: &ErrorContext) -> String {
    ///     format!("our page: {}", error.message())
    /// }
    ///
    /// let full = async || Error::conflict("the disk is full").with_default_page();
    /// let res = App::new().on_error(failed).get("/", full).test().get("/").send();
    /// res.assert_status(409).assert_header("content-type", "application/problem+json");
    /// ```
    #[must_use]
    pub fn with_default_page(mut self) -> Self {
        self.0.by_default = true;
        self
    }

    /// The same error with a sentence about one field of the input, sent to the client.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.0.fields.push(FieldError::new(field, message));
        self
    }

    /// The same error with a header for its response, such as `Retry-After`.
    ///
    /// A value that no header may have turns this into a 500 that says so.
    #[track_caller]
    #[must_use]
    pub fn with_header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => {
                self.0.headers.append(name, value);
                self
            }
            _ => Self::internal("an error was given a header not allowed in HTTP")
                .with_source(self.into_boxed()),
        }
    }

    /// The same error with `Retry-After` (RFC 9110, 10.2.3): the client may come again after this time,
    /// in whole seconds, rounded up, 1 at least.
    ///
    /// ```
    /// use cepa::prelude::*;
    /// use std::time::Duration;
    ///
    /// async fn busy() -> Error {
    ///     Error::unavailable("the index is being built").with_retry_after(Duration::from_millis(2_500))
    /// }
    ///
    /// let client = App::new().get("/", busy).test();
    /// client.get("/").send().assert_status(503).assert_header("retry-after", "3");
    /// ```
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        let begun = u64::from(wait.subsec_nanos() > 0);
        let seconds = wait.as_secs().saturating_add(begun).max(1);
        self.0.headers.insert(RETRY_AFTER, seconds.into());
        self
    }

    /// The status of the response. 500 for errors that came through a plain `?`, unless
    /// [`App::map_error`](crate::App::map_error) says otherwise.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// What the client may see: the message for 400 to 499, otherwise the status' name.
    #[must_use]
    pub fn message(&self) -> &str {
        match &self.0.message {
            Some(message) if self.0.status.is_client_error() => message,
            _ => self.0.status.canonical_reason().unwrap_or("Error"),
        }
    }

    /// What is wrong with which field, in the order added. Sent as the message is: for 400 to 499.
    #[must_use]
    pub fn fields(&self) -> &[FieldError] {
        &self.0.fields
    }

    /// Where this was made: the line of the constructor or of the `?`.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.0.location
    }

    /// The lines of the text that it comes from, where it was given some.
    #[must_use]
    pub fn excerpt(&self) -> Option<&Excerpt> {
        self.0.excerpt.as_deref()
    }

    /// What caused this, if it was caused by another error.
    #[must_use]
    pub fn source(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        self.0.source.as_deref()
    }

    /// The error of type `E` that caused this, however deep in the chain of sources.
    #[must_use]
    pub fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.sources().find_map(|source| source.downcast_ref())
    }

    /// The chain of causes, the nearest first.
    pub fn sources(&self) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
        let first = self
            .0
            .source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static));
        first.into_iter().flat_map(convert::causes)
    }

    /// This error as a standard error, for code that wants one; `?` turns it back unchanged.
    #[must_use]
    pub fn into_boxed(self) -> BoxError {
        Box::new(convert::Carried(self))
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    pub(crate) fn is_chosen(&self) -> bool {
        self.0.chosen
    }

    /// Takes status, message, fields and headers of `other`; source and location stay.
    pub(crate) fn become_like(&mut self, other: Self) {
        let other = *other.0;
        self.0.status = other.status;
        self.0.chosen = true;
        self.0.message = other.message;
        self.0.fields = other.fields;
        self.0.headers = other.headers;
    }

    #[track_caller]
    pub(crate) fn from_panic(payload: &(dyn Any + Send)) -> Self {
        let panic = Panic::of(payload);
        let mut error = Self::internal(panic.to_string());
        error.0.panic = Some(Box::new(panic));
        error
    }

    /// The line it comes from, for the log; nothing for a panic, which says so itself, and for a
    /// line of this crate, where there is nothing to mend.
    fn origin(&self) -> String {
        let place = self.0.location;
        match self.0.panic.is_some() || is_ours(place.file()) {
            true => String::new(),
            false => format!(" (at {place})"),
        }
    }
}

/// Whether a file is one of this crate. The compiler names all of them by one folder.
fn is_ours(file: &str) -> bool {
    let folder = file!().strip_suffix("mod.rs").unwrap_or(file!());
    let folder = folder.trim_end_matches(['/', '\\']);
    let sources = folder.strip_suffix("error").unwrap_or(folder);
    file.starts_with(sources)
}

/// For developers: message and causes in one line, whatever the status.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.message {
            Some(message) => f.write_str(message)?,
            None if self.0.source.is_none() => f.write_str(self.message())?,
            None => {}
        }
        let mut said = self.0.message.as_deref().unwrap_or("").to_owned();
        for source in self.sources().map(ToString::to_string) {
            // A message taken from its own cause, or that ends with it, does not tell it twice.
            if !said.ends_with(&source) {
                let separator = if said.is_empty() { "" } else { ": " };
                write!(f, "{separator}{source}")?;
                said = source;
            }
        }
        Ok(())
    }
}

/// The text of `Display` with status and place, since `main` prints an error this way.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({self}) at {}", self.status(), self.location())
    }
}
