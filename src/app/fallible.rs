//! What start and stop hooks return: nothing, or a result.

use crate::error::{Error, Result};

/// `()` or `Result<(), E>`, where `E` becomes an [`Error`].
#[diagnostic::on_unimplemented(
    message = "a hook returns `()` or `Result<(), E>`, not `{Self}`",
    label = "not `()` or a `Result<(), E>`"
)]
pub trait Fallible {
    /// As a result of this crate.
    ///
    /// # Errors
    /// The error inside, if there is one.
    fn into_result(self) -> Result<()>;
}

impl Fallible for () {
    fn into_result(self) -> Result<()> {
        Ok(())
    }
}

impl<E: Into<Error>> Fallible for Result<(), E> {
    fn into_result(self) -> Result<()> {
        self.map_err(Into::into)
    }
}
