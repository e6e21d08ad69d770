//! What an error of a database means, whichever database it is of.

use sea_orm::sqlx::error::{DatabaseError, ErrorKind};
use sea_orm::{DbErr, RuntimeErr, sqlx};

use super::field;

/// What went wrong, as far as a client or a retry is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A record with this key is there already.
    Taken(Vec<String>),
    /// A record refers to one that is not there, or is referred to.
    Reference(Vec<String>),
    /// A column must have a value.
    Empty(Vec<String>),
    /// A rule of the table does not hold.
    Rule(Vec<String>),
    /// A value is longer, or larger, than its column.
    TooLong(Vec<String>),
    /// A value that no column of its type has, such as text with a zero in it.
    #[cfg_attr(
        not(any(feature = "orm-postgres", feature = "orm-mysql")),
        allow(dead_code, reason = "SQLite stores any value in any column")
    )]
    Value,
    /// There is no such record.
    Missing,
    /// Another transaction was in the way; the same again may succeed.
    Conflict,
    /// The database does not answer, or takes no more.
    Away,
    /// A table or column is not there: a migration did not run.
    Schema,
    /// A fault of the program.
    Other,
}

impl Fault {
    pub(super) fn of(error: &DbErr) -> Self {
        match error {
            DbErr::RecordNotFound(_) | DbErr::RecordNotUpdated => Self::Missing,
            DbErr::RecordNotInserted => Self::Taken(Vec::new()),
            DbErr::ConnectionAcquire(_) => Self::Away,
            DbErr::Exec(RuntimeErr::SqlxError(error))
            | DbErr::Query(RuntimeErr::SqlxError(error)) => of_sqlx(error).unwrap_or(Self::Other),
            DbErr::Conn(RuntimeErr::SqlxError(error)) => of_sqlx(error).unwrap_or(Self::Away),
            DbErr::Conn(RuntimeErr::Internal(_)) => Self::Away,
            _ => Self::Other,
        }
    }

    /// Whether a connection that could not be made may be made in a moment: not where the server knows
    /// no such user or database.
    pub(super) fn is_late(error: &DbErr) -> bool {
        match error {
            DbErr::Conn(RuntimeErr::SqlxError(error)) => {
                of_sqlx(error).is_some_and(|fault| fault.is_passing())
            }
            error => Self::of(error).is_passing(),
        }
    }

    /// Whether the same may succeed in a moment.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::Conflict | Self::Away)
    }
}

fn of_sqlx(error: &sqlx::Error) -> Option<Fault> {
    match error {
        sqlx::Error::Database(error) => of_database(&**error),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Some(Fault::Away),
        _ => None,
    }
}

/// What the error says of itself, by its kind first, then by the codes of its database.
fn of_database(error: &dyn DatabaseError) -> Option<Fault> {
    let told = |make: fn(Vec<String>) -> Fault| Some(make(field::of(error)));
    match error.kind() {
        ErrorKind::UniqueViolation | ErrorKind::ExclusionViolation => told(Fault::Taken),
        ErrorKind::ForeignKeyViolation => told(Fault::Reference),
        ErrorKind::NotNullViolation => told(Fault::Empty),
        ErrorKind::CheckViolation => told(Fault::Rule),
        _ => match of_code(error)? {
            Fault::TooLong(_) => told(Fault::TooLong),
            fault => Some(fault),
        },
    }
}

fn of_code(error: &dyn DatabaseError) -> Option<Fault> {
    #[cfg(feature = "orm-postgres")]
    if let Some(error) = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
        return of_sqlstate(error.code());
    }
    #[cfg(feature = "orm-mysql")]
    if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return of_number(error.number());
    }
    #[cfg(feature = "orm-sqlite")]
    if error
        .try_downcast_ref::<sqlx::sqlite::SqliteError>()
        .is_some()
    {
        return of_result(error.code()?.parse().ok()?, error.message());
    }
    let _ = error;
    None
}

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
#[cfg(feature = "orm-postgres")]
fn of_sqlstate(code: &str) -> Option<Fault> {
    Some(match code {
        // string_data_right_truncation, numeric_value_out_of_range
        "22001" | "22003" => Fault::TooLong(Vec::new()),
        // character_not_in_repertoire, untranslatable_character, invalid_text_representation,
        // datetime_field_overflow
        "22021" | "22P05" | "22P02" | "22008" => Fault::Value,
        // serialization_failure, deadlock_detected, lock_not_available
        "40001" | "40P01" | "55P03" => Fault::Conflict,
        // undefined_table, undefined_column
        "42P01" | "42703" => Fault::Schema,
        // query_canceled, as by its statement_timeout
        "57014" => Fault::Away,
        // connection exceptions, insufficient resources, shutting down or starting up
        _ if ["08", "53"].iter().any(|class| code.starts_with(class)) => Fault::Away,
        _ if code.starts_with("57P0") => Fault::Away,
        _ => return None,
    })
}

/// <https://mariadb.com/kb/en/mariadb-error-code-reference/>
#[cfg(feature = "orm-mysql")]
fn of_number(number: u16) -> Option<Fault> {
    Some(match number {
        // Data too long, out of range
        1406 | 1264 => Fault::TooLong(Vec::new()),
        // Incorrect value, invalid character string, incorrect string for a character set
        1292 | 1300 | 1366 | 3988 => Fault::Value,
        // Lock wait timeout, deadlock, record has changed since it was read
        1205 | 1213 | 1020 => Fault::Conflict,
        // No such table, unknown column
        1146 | 1054 => Fault::Schema,
        // Too many connections, out of resources, shutdown, read only, statement timeout, killed
        1040 | 1041 | 1053 | 1203 | 1226 | 1290 | 1317 | 1836 | 1927 | 1969 => Fault::Away,
        _ => return None,
    })
}

/// <https://www.sqlite.org/rescode.html>; the low byte is the primary code.
#[cfg(feature = "orm-sqlite")]
fn of_result(code: i32, message: &str) -> Option<Fault> {
    Some(match code & 0xff {
        // SQLITE_ERROR, which is anything a statement can be wrong in
        1 if is_of_schema(message) => Fault::Schema,
        // SQLITE_BUSY, SQLITE_LOCKED
        5 | 6 => Fault::Conflict,
        // SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN
        8 | 10 | 13 | 14 => Fault::Away,
        // SQLITE_TOOBIG
        18 => Fault::TooLong(Vec::new()),
        _ => return None,
    })
}

#[cfg(feature = "orm-sqlite")]
fn is_of_schema(message: &str) -> bool {
    let said = ["no such table", "no such column", "has no column named"];
    said.iter().any(|said| message.contains(said))
}

#[cfg(test)]
mod tests {
    #[cfg(any(
        feature = "orm-postgres",
        feature = "orm-mysql",
        feature = "orm-sqlite"
    ))]
    use super::Fault;

    #[cfg(feature = "orm-postgres")]
    #[test]
    fn sqlstates_mean_what_a_client_can_do() {
        let table = [
            ("40P01", Some(Fault::Conflict)),
            ("40001", Some(Fault::Conflict)),
            ("55P03", Some(Fault::Conflict)),
            ("57P01", Some(Fault::Away)),
            ("57P03", Some(Fault::Away)),
            ("57014", Some(Fault::Away)),
            ("08006", Some(Fault::Away)),
            ("53300", Some(Fault::Away)),
            ("22001", Some(Fault::TooLong(Vec::new()))),
            ("22P02", Some(Fault::Value)),
            ("42601", None),
            ("42P01", Some(Fault::Schema)),
            ("25P02", None),
            ("28P01", None),
        ];
        for (code, fault) in table {
            assert_eq!(super::of_sqlstate(code), fault, "{code}");
        }
    }

    #[cfg(feature = "orm-mysql")]
    #[test]
    fn numbers_of_mariadb_mean_what_a_client_can_do() {
        let table = [
            (1213, Some(Fault::Conflict)),
            (1205, Some(Fault::Conflict)),
            (1020, Some(Fault::Conflict)),
            (1040, Some(Fault::Away)),
            (1053, Some(Fault::Away)),
            (1317, Some(Fault::Away)),
            (1969, Some(Fault::Away)),
            (1406, Some(Fault::TooLong(Vec::new()))),
            (1366, Some(Fault::Value)),
            (1064, None),
            (1146, Some(Fault::Schema)),
            (1045, None),
        ];
        for (number, fault) in table {
            assert_eq!(super::of_number(number), fault, "{number}");
        }
    }

    #[cfg(feature = "orm-sqlite")]
    #[test]
    fn results_of_sqlite_mean_what_a_client_can_do() {
        let table = [
            // SQLITE_BUSY, SQLITE_BUSY_SNAPSHOT, SQLITE_LOCKED
            (5, Some(Fault::Conflict)),
            (517, Some(Fault::Conflict)),
            (6, Some(Fault::Conflict)),
            // SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_READONLY_DBMOVED
            (13, Some(Fault::Away)),
            (778, Some(Fault::Away)),
            (1032, Some(Fault::Away)),
            (18, Some(Fault::TooLong(Vec::new()))),
            // SQLITE_ERROR, SQLITE_CORRUPT
            (1, None),
            (11, None),
        ];
        for (code, fault) in table {
            assert_eq!(super::of_result(code, "near"), fault, "{code}");
        }
        let missing = super::of_result(1, "no such table: note");
        assert_eq!(missing, Some(Fault::Schema));
    }
}
