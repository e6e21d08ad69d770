//! What is wrong with a password, and what is said to those who have not signed in.

use std::fmt;

use crate::{Error, IntoResponse, Response};

/// Why a password is not accepted. By `?`, a 422 with the sentence at the field `password`.
///
/// ```
/// use cepa::auth::{PasswordError, Passwords};
///
/// let passwords = Passwords::new();
/// assert_eq!(passwords.check("Password1", &[]), Err(PasswordError::Common));
/// assert_eq!(passwords.check("onion", &[]).unwrap_err().to_string(), "take at least 8 characters");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PasswordError {
    /// It has too few characters.
    Short {
        /// How many it has to have.
        least: usize,
    },
    /// It has too many characters.
    Long {
        /// How many it may have.
        most: usize,
    },
    /// It is one of those that are tried first.
    Common,
    /// It is little more than a name of its owner or of the site.
    Personal,
}

impl PasswordError {
    /// As what a client gets.
    pub(super) fn to_error(self) -> Error {
        let sentence = self.to_string();
        let error = Error::unprocessable("choose another password").with_source(self);
        error.with_field("password", sentence)
    }
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { least } => write!(f, "take at least {least} characters"),
            Self::Long { most } => write!(f, "take at most {most} characters"),
            Self::Common => f.write_str("this is one of the most common passwords: take another"),
            Self::Personal => f.write_str(
                "this is little more than a name: take words that have nothing to do with it",
            ),
        }
    }
}

impl std::error::Error for PasswordError {}

impl IntoResponse for PasswordError {
    fn into_response(self) -> Response {
        self.to_error().into_response()
    }
}

/// Behind a 401 of this extension: nobody has signed in, and somebody has to.
///
/// [`Auth::with_login_page`](super::Auth::with_login_page) leads browsers to that page by it.
///
/// ```
/// use cepa::auth::NotSignedIn;
/// use cepa::prelude::*;
///
/// let error: Error = NotSignedIn.into();
/// assert!(error.downcast_ref::<NotSignedIn>().is_some());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSignedIn;

impl NotSignedIn {
    /// As what a client gets.
    pub(super) fn to_error(self) -> Error {
        Error::unauthorized("sign in first").with_source(self)
    }
}

impl fmt::Display for NotSignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody has signed in")
    }
}

impl std::error::Error for NotSignedIn {}

impl IntoResponse for NotSignedIn {
    fn into_response(self) -> Response {
        self.to_error().into_response()
    }
}
