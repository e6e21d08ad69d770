//! What can be wrong with an upload.

use std::fmt;

use crate::{Error, StatusCode};

/// Why an upload was refused; the source of the [`Error`] that the client gets, for those who want
/// to tell one from the other ([`Error::downcast_ref`]).
///
/// ```
/// use cepa::multipart::{Multipart, MultipartError, UploadLimits, Uploads};
/// use cepa::prelude::*;
///
/// async fn count(mut parts: Multipart) -> Result<String> {
///     let mut count = 0;
///     while parts.next_field().await?.is_some() {
///         count += 1;
///     }
///     Ok(count.to_string())
/// }
///
/// let limits = UploadLimits::new().with_parts(1);
/// let client = App::new().plug(Uploads::new().with_limits(limits)).post("/", count).test();
/// let part = "--x\r\ncontent-disposition: form-data; name=a\r\n\r\nb\r\n";
/// let ask = |body| client.post("/").header("content-type", "multipart/form-data; boundary=x").body(body);
/// ask(format!("{part}--x--")).send().assert_text("1");
/// let res = ask(format!("{part}{part}--x--")).send();
/// res.assert_status(413);
/// let error = res.error().and_then(|error| error.downcast_ref());
/// assert!(matches!(error, Some(MultipartError::TooManyParts { limit: 1 })));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MultipartError {
    /// The content type is another one; 415.
    NotMultipart,
    /// The content type has no boundary, or one that RFC 2046, 5.1.1 does not allow; 400.
    NoBoundary,
    /// It is not of the form that RFC 7578 demands; 400.
    Malformed(&'static str),
    /// It ends before its last boundary; 400.
    Truncated,
    /// There are more parts than allowed; 413.
    TooManyParts {
        /// How many are allowed.
        limit: usize,
    },
    /// There are more files than allowed; 413.
    TooManyFiles {
        /// How many are allowed.
        limit: usize,
    },
    /// The headers of a part are longer than allowed; 413.
    HeadTooLarge {
        /// How many bytes are allowed.
        limit: usize,
    },
    /// A file is larger than allowed; 413.
    FileTooLarge {
        /// The field it belongs to.
        field: String,
        /// How many bytes are allowed.
        limit: u64,
    },
    /// What was to be read into memory is larger than allowed; 413.
    TextTooLarge {
        /// The field it belongs to.
        field: String,
        /// How many bytes are allowed.
        limit: u64,
    },
    /// A field is no UTF-8 text; 422.
    NotText {
        /// The field.
        field: String,
    },
}

impl MultipartError {
    /// The status it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotMultipart => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NoBoundary | Self::Malformed(_) | Self::Truncated => StatusCode::BAD_REQUEST,
            Self::NotText { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::FileTooLarge { field, .. }
            | Self::TextTooLarge { field, .. }
            | Self::NotText { field } => Some(field)
                .filter(|field| !field.is_empty())
                .map(|it| &**it),
            _ => None,
        }
    }

    /// As what a client gets.
    pub(super) fn into_error(self) -> Error {
        let sentence = self.to_string();
        let field = self.field().map(str::to_owned);
        let error = Error::new(self.status(), sentence.clone()).with_source(self);
        match field {
            Some(field) => error.with_field(field, sentence),
            None => error,
        }
    }
}

impl fmt::Display for MultipartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMultipart => f.write_str(
                "send the form as `multipart/form-data`; in HTML, `<form enctype=\"multipart/form-data\">`",
            ),
            Self::NoBoundary => f.write_str(
                "the `Content-Type` has no usable boundary: `multipart/form-data; boundary=..`",
            ),
            Self::Malformed(what) => write!(f, "the upload is malformed: {what}"),
            Self::Truncated => f.write_str("the upload ends before its last boundary"),
            Self::TooManyParts { limit } => {
                write!(f, "the upload has more parts than the {limit} allowed here")
            }
            Self::TooManyFiles { limit } => {
                write!(f, "the upload has more files than the {limit} allowed here")
            }
            Self::HeadTooLarge { limit } => {
                write!(f, "the headers of a part are longer than {limit} bytes")
            }
            Self::FileTooLarge { field, limit } if field.is_empty() => {
                write!(f, "a file is larger than {limit} bytes")
            }
            Self::FileTooLarge { field, limit } => {
                write!(f, "the file in `{field}` is larger than {limit} bytes")
            }
            Self::TextTooLarge { field, limit } => {
                write!(f, "`{field}` is larger than the {limit} bytes that are read into memory")
            }
            Self::NotText { field } => write!(f, "`{field}` is no UTF-8 text"),
        }
    }
}

impl std::error::Error for MultipartError {}
