//! What can go wrong, and with which status it is answered.

use std::fmt;
use std::io;
use std::path::PathBuf;

use cepa::Error;

/// What can go wrong with flags.
#[derive(Debug)]
#[non_exhaustive]
pub enum FlagError {
    /// There is no flag of this name: 404.
    Unknown(String),
    /// The file cannot be read or written: it ends the start, or is told at the stop.
    File(PathBuf, io::Error),
}

impl FlagError {
    /// The answer to a request that ran into it. What an app maps itself goes before.
    pub(crate) fn to_error(&self) -> Error {
        match self {
            Self::Unknown(_) => Error::not_found(self.to_string()),
            Self::File(..) => Error::unavailable("the flags cannot be kept"),
        }
    }
}

impl fmt::Display for FlagError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(f, "there is no flag `{name}`"),
            Self::File(path, error) => write!(f, "the flags in {}: {error}", path.display()),
        }
    }
}

impl std::error::Error for FlagError {}
