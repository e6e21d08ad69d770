//! How other errors become an [`Error`]: by `?`, and by the methods of [`OrError`].

use std::borrow::Cow;
use std::fmt;
use std::panic::Location;

use http::{HeaderMap, StatusCode};

use super::{BoxError, Error, Inner, Result};
use crate::body::BodyError;

/// Anything that converts into a boxed standard error becomes a 500 whose detail is logged.
///
/// An [`Error`] that was boxed by [`Error::into_boxed`] comes back as it was; a [`BodyError`],
/// however deep in the chain of sources, keeps its status.
impl<E: Into<BoxError>> From<E> for Error {
    #[track_caller]
    fn from(source: E) -> Self {
        let location = Location::caller();
        let source = match source.into().downcast::<Carried>() {
            Ok(carried) => return carried.0,
            Err(source) => source,
        };
        let body = body_error(&*source);
        let error = Self(Box::new(Inner {
            status: body.map_or(StatusCode::INTERNAL_SERVER_ERROR, BodyError::status),
            chosen: body.is_some(),
            message: body.map(|error| Cow::Owned(error.to_string())),
            source: None,
            fields: Vec::new(),
            headers: HeaderMap::new(),
            location,
            panic: None,
            excerpt: None,
            by_default: false,
        }));
        error.with_source(source)
    }
}

pub(crate) fn body_error<'a>(
    source: &'a (dyn std::error::Error + 'static),
) -> Option<&'a BodyError> {
    causes(source).find_map(|source| source.downcast_ref())
}

/// An error and its causes, the nearest first; with what an `io::Error` was made of, which is not
/// its `source`.
pub(super) fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let inner = error.downcast_ref::<std::io::Error>();
        match inner.and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner as _),
            None => error.source(),
        }
    })
}

/// An error with its causes, in one line for the log.
pub(crate) fn told(error: &(dyn std::error::Error + 'static)) -> String {
    if let Some(Carried(error)) = error.downcast_ref() {
        return format!("{error}{}", error.origin());
    }
    let causes: Vec<_> = causes(error).map(ToString::to_string).collect();
    causes.join(": ")
}

/// An [`Error`] in the clothes of a standard error.
pub(super) struct Carried(pub(super) Error);

impl std::error::Error for Carried {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source().map(|source| source as _)
    }
}

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.0.message.as_deref().unwrap_or("request failed"))
    }
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Gives an absent value or a failure the status it means here.
///
/// On a `Result`, the error is kept as the source: logged, not sent.
///
/// ```
/// use cepa::prelude::*;
///
/// async fn item(Path(n): Path<usize>) -> Result<&'static str> {
///     Ok(*["zero", "one"].get(n).or_not_found("no such item")?)
/// }
///
/// let client = App::new().get("/items/{n}", item).test();
/// client.get("/items/1").send().assert_text("one");
/// client.get("/items/2").send().assert_status(404);
/// ```
pub trait OrError<T>: Sized {
    /// The value, or an error with this status and message.
    ///
    /// # Errors
    /// `status` where there is no value.
    #[track_caller]
    fn or_status(self, status: StatusCode, message: impl Into<Cow<'static, str>>) -> Result<T>;

    /// The value, or 404 with this message.
    ///
    /// # Errors
    /// 404 where there is no value.
    #[track_caller]
    fn or_not_found(self, message: impl Into<Cow<'static, str>>) -> Result<T> {
        self.or_status(StatusCode::NOT_FOUND, message)
    }

    /// The value, or 400 with this message.
    ///
    /// # Errors
    /// 400 where there is no value.
    #[track_caller]
    fn or_bad_request(self, message: impl Into<Cow<'static, str>>) -> Result<T> {
        self.or_status(StatusCode::BAD_REQUEST, message)
    }

    /// The value, or 401 with this message.
    ///
    /// # Errors
    /// 401 where there is no value.
    #[track_caller]
    fn or_unauthorized(self, message: impl Into<Cow<'static, str>>) -> Result<T> {
        self.or_status(StatusCode::UNAUTHORIZED, message)
    }

    /// The value, or 403 with this message.
    ///
    /// # Errors
    /// 403 where there is no value.
    #[track_caller]
    fn or_forbidden(self, message: impl Into<Cow<'static, str>>) -> Result<T> {
        self.or_status(StatusCode::FORBIDDEN, message)
    }

    /// The value, or 409 with this message.
    ///
    /// # Errors
    /// 409 where there is no value.
    #[track_caller]
    fn or_conflict(self, message: impl Into<Cow<'static, str>>) -> Result<T> {
        self.or_status(StatusCode::CONFLICT, message)
    }

    /// The value, or 422 with this message.
    ///
    /// # Errors
    /// 422 where there is no value.
    #[track_caller]
    fn or_unprocessable(self, message: impl Into<Cow<'static, str>>) -> Result<T> {
        self.or_status(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// The value, or 503 with this message, which is logged, not sent.
    ///
    /// # Errors
    /// 503 where there is no value.
    #[track_caller]
    fn or_unavailable(self, message: impl Into<Cow<'static, str>>) -> Result<T> {
        self.or_status(StatusCode::SERVICE_UNAVAILABLE, message)
    }
}

impl<T> OrError<T> for Option<T> {
    #[track_caller]
    fn or_status(self, status: StatusCode, message: impl Into<Cow<'static, str>>) -> Result<T> {
        match self {
            Some(value) => Ok(value),
            None => Err(Error::new(status, message)),
        }
    }
}

impl<T, E: Into<Error>> OrError<T> for std::result::Result<T, E> {
    #[track_caller]
    fn or_status(self, status: StatusCode, message: impl Into<Cow<'static, str>>) -> Result<T> {
        match self {
            Ok(value) => Ok(value),
            Err(error) => {
                let mut outer = Error::new(status, message);
                let mut error: Error = error.into();
                outer.0.excerpt = error.0.excerpt.take();
                // What came through a plain `?` is its cause; an error of ours says more.
                outer.0.source = match error.0.message {
                    None => error.0.source.take(),
                    Some(_) => Some(error.into_boxed()),
                };
                Err(outer)
            }
        }
    }
}
