//! Why a route's parameters do not make the type that a handler takes.
//!
//! `params_de` fails with it; at start-up it is a problem of the app, in a request a 400 or 500.

use std::fmt;

use serde::de;

use crate::extract::in_words;

/// Its `Display` is a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PathError {
    /// The type takes another number of parameters than the route has.
    WrongCount { wanted: usize, have: usize },
    /// The route has no parameter for this field.
    MissingField(&'static str),
    /// The route and the type do not fit in another way; a sentence.
    Misfit(String),
    /// A value is not UTF-8 once percent-decoded.
    BadEncoding { name: String },
    /// A value does not parse, or the type's own check refused it.
    BadValue { name: String, reason: String },
    /// As `BadValue`, where it is not known which parameter it is about.
    Refused(String),
}

impl PathError {
    /// Whether another URL could have been right (400), or only other code (500).
    pub(crate) fn is_client_fault(&self) -> bool {
        match self {
            Self::WrongCount { .. } | Self::MissingField(_) | Self::Misfit(_) => false,
            Self::BadEncoding { .. } | Self::BadValue { .. } | Self::Refused(_) => true,
        }
    }

    /// The parameter that is wrong, if it is one, and what is wrong with it.
    pub(crate) fn field(&self) -> Option<(&str, &str)> {
        match self {
            Self::BadEncoding { name } => Some((name, "is not valid UTF-8")),
            Self::BadValue { name, reason } => Some((name, reason)),
            _ => None,
        }
    }

    /// Names the parameter where it was not known yet.
    pub(super) fn named(self, name: &str) -> Self {
        match self {
            Self::Refused(reason) => Self::BadValue {
                name: name.to_owned(),
                reason,
            },
            known => known,
        }
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongCount { wanted, have } => {
                let s = if *wanted == 1 { "" } else { "s" };
                write!(
                    f,
                    "the type takes {wanted} path parameter{s}, the route has {have}"
                )
            }
            Self::MissingField(field) => {
                write!(f, "the route has no path parameter for the field `{field}`")
            }
            Self::BadEncoding { name } => {
                write!(f, "the path parameter `{name}` is not valid UTF-8")
            }
            Self::BadValue { name, reason } => write!(f, "the path parameter `{name}`: {reason}"),
            Self::Misfit(sentence) | Self::Refused(sentence) => f.write_str(sentence),
        }
    }
}

impl std::error::Error for PathError {}

impl de::Error for PathError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Refused(in_words(&message.to_string()).into_owned())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::MissingField(field)
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::Misfit(format!(
            "the type has no field for the path parameter `{field}`"
        ))
    }
}
