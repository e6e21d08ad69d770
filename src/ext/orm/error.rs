//! Which status an error of the database has.

use std::time::Duration;

use sea_orm::{DbErr, TransactionError};

use super::fault::Fault;
use crate::Error;

/// When to come again where the database is away or busy.
const AGAIN: Duration = Duration::from_secs(1);

/// The error of a request for an error of the database. No text of the database is in it, but names
/// of columns.
pub(super) fn map(error: &DbErr) -> Error {
    match Fault::of(error) {
        Fault::Taken(fields) => {
            let error = Error::conflict("there is such a record already");
            with_fields(error, fields, "is taken already")
        }
        Fault::Reference(fields) => {
            let error = Error::conflict("another record is missing, or refers to this one");
            with_fields(
                error,
                fields,
                "refers to what is not there, or is referred to",
            )
        }
        Fault::Empty(fields) => with_fields(
            Error::unprocessable("a value is missing"),
            fields,
            "needs a value",
        ),
        Fault::Rule(fields) => {
            let error = Error::unprocessable("a value breaks a rule");
            with_fields(error, fields, "breaks a rule")
        }
        Fault::TooLong(fields) => {
            let error = Error::unprocessable("a value is too long or too large");
            with_fields(error, fields, "is too long or too large")
        }
        Fault::Value => Error::unprocessable("a value cannot be stored"),
        Fault::Missing => Error::not_found("there is no such record"),
        Fault::Conflict => {
            Error::unavailable("another transaction was in the way").with_retry_after(AGAIN)
        }
        Fault::Away => Error::unavailable("the database is not available").with_retry_after(AGAIN),
        Fault::Schema => Error::internal(
            "the database has no such table or column: if a migration makes it, name that in \
             `.migrate::<Migrator>()` of the database",
        ),
        Fault::Other => Error::internal("the database refused"),
    }
}

/// The same for the error of SeaORM's `transaction`, which does not tell its cause in the way of
/// standard errors.
pub(super) fn map_transaction(error: &TransactionError<DbErr>) -> Error {
    match error {
        TransactionError::Connection(error) | TransactionError::Transaction(error) => map(error),
    }
}

fn with_fields(error: Error, fields: Vec<String>, message: &'static str) -> Error {
    let add = |error: Error, field| error.with_field(field, message);
    fields.into_iter().fold(error, add)
}
