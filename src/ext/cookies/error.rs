//! What can be wrong with a cookie to set, and with a key.

use std::fmt;

use crate::{Error, IntoResponse, Response};

/// Why a cookie cannot be set. By `?` it is a 500, since the program made the cookie.
///
/// ```
/// use cepa::HeaderValue;
/// use cepa::cookies::{Cookie, CookieErrorKind};
///
/// let error = HeaderValue::try_from(Cookie::new("two words", "x")).unwrap_err();
/// assert_eq!(error.kind(), CookieErrorKind::Name);
/// assert!(error.to_string().starts_with("the cookie `two words` cannot be set: its name"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieError {
    name: String,
    kind: CookieErrorKind,
}

/// What is wrong with a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CookieErrorKind {
    /// The name is empty or has other signs than letters, digits and ``!#$%&'*+-.^_`|~``.
    Name,
    /// The path does not begin with `/`, or has a `;` or signs that are not visible ASCII.
    Path,
    /// The domain is not made of letters, digits, `-` and `.`.
    Domain,
    /// Its prefix, `SameSite=None` or `Partitioned` demands `Secure`, which was switched off.
    Insecure,
    /// A name that begins with `__Host-` goes with the path `/` and without a domain only.
    HostPrefix,
    /// With its attributes it is longer than 4096 bytes, which browsers need not keep
    /// (RFC 6265, 6.1).
    Size {
        /// How long it is.
        bytes: usize,
    },
    /// The response passed the jar already.
    Late,
}

impl CookieError {
    pub(super) fn new(name: &str, kind: CookieErrorKind) -> Self {
        let name = name.to_owned();
        Self { name, kind }
    }

    /// The name of the cookie.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is wrong with it.
    #[must_use]
    pub fn kind(&self) -> CookieErrorKind {
        self.kind
    }
}

impl fmt::Display for CookieError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the cookie `{}` cannot be set: ", self.name)?;
        f.write_str(match self.kind {
            CookieErrorKind::Name => {
                "its name is empty or has signs other than letters, digits and `-_.`"
            }
            CookieErrorKind::Path => {
                "its path has to begin with `/` and to be visible ASCII without `;`"
            }
            CookieErrorKind::Domain => "its domain has to be made of letters, digits, `-` and `.`",
            CookieErrorKind::Insecure => {
                "its prefix, `SameSite=None` or `Partitioned` demands `Secure`; leave `with_secure(false)` out"
            }
            CookieErrorKind::HostPrefix => {
                "the prefix `__Host-` allows no domain and no path but `/`; leave them out or rename it"
            }
            CookieErrorKind::Size { bytes } => {
                return write!(
                    f,
                    "it has {bytes} bytes, and browsers keep 4096; keep the data on the server and an id in the cookie"
                );
            }
            CookieErrorKind::Late => {
                "the response has left already; set it before the handler returns"
            }
        })
    }
}

impl std::error::Error for CookieError {}

/// A 500, as by `?`.
impl IntoResponse for CookieError {
    fn into_response(self) -> Response {
        Error::from(self).into_response()
    }
}

/// Why [`Keys`](super::Keys) cannot be made of a secret.
///
/// ```
/// use cepa::cookies::Keys;
///
/// let error = Keys::new("too short").unwrap_err();
/// assert!(error.to_string().starts_with("the secret key has 9 bytes; 32 are the least"));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The environment has no such variable, or it is empty or not UTF-8.
    Missing {
        /// The variable's name.
        variable: String,
    },
    /// The secret has fewer than 32 bytes.
    Short {
        /// How many it has.
        bytes: usize,
    },
    /// The secret has fewer than eight different bytes, so nobody has drawn it at random.
    Regular,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { variable } => {
                write!(
                    f,
                    "the environment variable `{variable}` holds no secret key"
                )?;
            }
            Self::Short { bytes } => {
                write!(f, "the secret key has {bytes} bytes; 32 are the least")?;
            }
            Self::Regular => f.write_str("the secret key has fewer than eight different bytes")?,
        }
        f.write_str("; draw one by `openssl rand -hex 32`")
    }
}

/// The sentence, since `main` prints an error this way.
impl fmt::Debug for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for KeyError {}
