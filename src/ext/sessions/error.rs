//! What can go wrong with a session.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::cookies::{CookieError, CookieErrorKind};
use crate::{Error, IntoResponse, Response};

/// After how long a client may try again, when the store could not be asked.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Why a session cannot be read, changed or kept. Where [`Sessions`](super::Sessions) is plugged, it
/// is a 503 with `Retry-After` by `?` if the store failed, and otherwise a 500.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::sessions::{Session, SessionErrorKind, Sessions};
///
/// async fn read(session: Session) -> Result<String> {
///     session.insert("basket", ["onion"])?;
///     let error = session.get::<u32>("basket").unwrap_err(); // it is a list
///     assert_eq!(error.kind(), SessionErrorKind::Value);
///     Ok(error.to_string())
/// }
///
/// let client = App::new().plug(Sessions::memory()).get("/", read).test();
/// client.get("/").send().assert_contains("`basket` of the session");
/// ```
#[derive(Clone)]
pub struct SessionError {
    kind: SessionErrorKind,
    message: String,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionErrorKind {
    /// The store could not be asked, or answered that it cannot.
    Store,
    /// A value cannot be written as JSON, or is of another type than it is read as.
    Value,
    /// The session would be larger than it may be.
    Size,
    /// The response has left, and the session was kept with it.
    Late,
    /// `Local<Session>` in place of `Session`: nothing was read for this request.
    Unopened,
    /// Sessions that are kept in cookies cannot do it.
    Cookie,
    /// The operating system has no random numbers.
    Random,
}

impl SessionError {
    fn new(kind: SessionErrorKind, message: impl Into<String>) -> Self {
        let (message, source) = (message.into(), None);
        Self {
            kind,
            message,
            source,
        }
    }

    pub(super) fn store(error: Error) -> Self {
        let message = "the store of the sessions failed";
        let source = Some(Arc::from(error.into_boxed()));
        Self {
            source,
            ..Self::new(SessionErrorKind::Store, message)
        }
    }

    pub(super) fn value(key: &str, error: &serde_json::Error) -> Self {
        let key = key.escape_debug();
        Self::new(
            SessionErrorKind::Value,
            format!("`{key}` of the session: {error}"),
        )
    }

    pub(super) fn size(bytes: usize, limit: usize) -> Self {
        let message = format!(
            "the session would have {bytes} bytes, and {limit} are the most: keep large things elsewhere and their ids here"
        );
        Self::new(SessionErrorKind::Size, message)
    }

    pub(super) fn cookie_line(error: &CookieError) -> Self {
        let kind = match error.kind() {
            CookieErrorKind::Size { .. } => SessionErrorKind::Size,
            _ => SessionErrorKind::Cookie,
        };
        Self::new(kind, error.to_string())
    }

    pub(super) fn late() -> Self {
        let message = "the session was kept with the head of the response: change it before that";
        Self::new(SessionErrorKind::Late, message)
    }

    pub(super) fn unopened() -> Self {
        let message = "the session was not read yet: take `Session` as an argument, or `req.extract::<Session>().await?`";
        Self::new(SessionErrorKind::Unopened, message)
    }

    pub(super) fn cookie() -> Self {
        let message = "sessions in cookies cannot be ended by the server: use a store for that";
        Self::new(SessionErrorKind::Cookie, message)
    }

    pub(super) fn random(error: &getrandom::Error) -> Self {
        let message = format!("the operating system has no random numbers: {error}");
        Self::new(SessionErrorKind::Random, message)
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> SessionErrorKind {
        self.kind
    }

    /// As an error of the app: 503 if the store failed, otherwise 500.
    pub(super) fn to_error(&self) -> Error {
        let message = self.message.clone();
        let error = match self.kind {
            SessionErrorKind::Store => Error::unavailable(message).with_retry_after(RETRY_AFTER),
            _ => Error::internal(message),
        };
        error.with_source(self.clone())
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionError")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("source", &self.source)
            .finish()
    }
}

impl std::error::Error for SessionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

/// A 503 if the store failed, otherwise a 500.
impl IntoResponse for SessionError {
    fn into_response(self) -> Response {
        self.to_error().into_response()
    }
}
