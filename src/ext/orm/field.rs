//! Which columns an error is about, from what the databases tell in their ways.

use sea_orm::sqlx::{self, error::DatabaseError};

/// The names of the columns, as far as the error tells them. None of them is text of a client or of
/// a statement: what is no name is left out.
pub(super) fn of(error: &dyn DatabaseError) -> Vec<String> {
    let names = told(error).unwrap_or_default();
    match names.iter().all(|name| is_name(name)) {
        true => names,
        false => Vec::new(),
    }
}

fn told(error: &dyn DatabaseError) -> Option<Vec<String>> {
    #[cfg(feature = "orm-postgres")]
    if let Some(error) = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
        let detail = error.detail().filter(|_| names_a_key(error.code()));
        return of_postgres(error.column(), detail, error.table(), error.constraint());
    }
    #[cfg(feature = "orm-mysql")]
    if error
        .try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()
        .is_some()
    {
        return of_mysql(error.message());
    }
    #[cfg(feature = "orm-sqlite")]
    if error
        .try_downcast_ref::<sqlx::sqlite::SqliteError>()
        .is_some()
    {
        return of_sqlite(error.message());
    }
    let _ = error;
    None
}

/// Whether this is a plain name, as people give columns.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Whether the detail of such an error begins with the key: of unique, foreign key and exclusion
/// violations. Of others it can be the whole row, as what a client wrote stands in it.
#[cfg(feature = "orm-postgres")]
fn names_a_key(code: &str) -> bool {
    ["23505", "23503", "23P01"].contains(&code)
}

/// The column where it is told; that of `Key (email)=(..)`, in whichever language; or what the name
/// of the constraint has between the table and the kind, `note_text_check`.
#[cfg(feature = "orm-postgres")]
fn of_postgres(
    column: Option<&str>,
    detail: Option<&str>,
    table: Option<&str>,
    constraint: Option<&str>,
) -> Option<Vec<String>> {
    if let Some(column) = column {
        return Some(vec![column.to_owned()]);
    }
    if let Some((key, _)) = detail.and_then(|detail| detail.split_once(")=("))
        && let Some((_, key)) = key.split_once('(')
    {
        return Some(key.split(", ").map(column_of).collect());
    }
    let name = constraint?.strip_prefix(table?)?.strip_prefix('_')?;
    Some(vec![name.strip_suffix("_check")?.to_owned()])
}

/// `email` of `lower(email::text)` and of `"email"`.
#[cfg(feature = "orm-postgres")]
fn column_of(expression: &str) -> String {
    let inner = expression.rsplit('(').next().unwrap_or(expression);
    let inner = inner.split([')', ':']).next().unwrap_or(inner);
    inner.trim_matches('"').to_owned()
}

/// `Duplicate entry 'x' for key 'user.email'`, `Column 'text' cannot be null`, `Data too long for
/// column 'text' at row 1`, `.. FOREIGN KEY (`author_id`) REFERENCES ..`.
#[cfg(feature = "orm-mysql")]
fn of_mysql(message: &str) -> Option<Vec<String>> {
    if let Some((_, rest)) = message.split_once("FOREIGN KEY (`") {
        let columns = rest.split_once("`)")?.0;
        return Some(columns.split("`, `").map(str::to_owned).collect());
    }
    if let Some((_, key)) = message.rsplit_once("for key '") {
        let key = key.strip_suffix('\'')?;
        let name = key.rsplit_once('.').map_or(key, |(_, name)| name);
        return Some(vec![if name == "PRIMARY" { "id" } else { name }.to_owned()]);
    }
    // The value, which is the client's, stands before the column: the last one counts.
    let rest = message.rsplit_once("olumn '")?.1;
    Some(vec![rest.split_once('\'')?.0.to_owned()])
}

/// `UNIQUE constraint failed: note.author, note.title`, `NOT NULL constraint failed: note.text`.
#[cfg(feature = "orm-sqlite")]
fn of_sqlite(message: &str) -> Option<Vec<String>> {
    let (kind, columns) = message.split_once(" constraint failed: ")?;
    if !["UNIQUE", "NOT NULL"].contains(&kind) {
        return None;
    }
    let columns = columns.split(", ");
    let columns = columns.map(|it| it.rsplit_once('.').map_or(it, |(_, name)| name).to_owned());
    Some(columns.collect())
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "orm-sqlite")]
    #[test]
    fn sqlite_names_its_columns() {
        let of = super::of_sqlite;
        let two = of("UNIQUE constraint failed: note.author, note.title").unwrap();
        assert_eq!(two, ["author", "title"]);
        assert_eq!(
            of("NOT NULL constraint failed: note.text").unwrap(),
            ["text"]
        );
        assert_eq!(of("CHECK constraint failed: length(text) > 1"), None);
        assert_eq!(of("FOREIGN KEY constraint failed"), None);
    }

    #[cfg(feature = "orm-postgres")]
    #[test]
    fn postgres_names_its_columns_in_any_language() {
        let of = |detail| super::of_postgres(None, Some(detail), None, None).unwrap();
        assert_eq!(of("Key (email)=(a@b.c) already exists."), ["email"]);
        assert_eq!(
            of("Schl\u{fc}ssel \u{bb}(a, b)=(1, )=(2)\u{ab} existiert bereits."),
            ["a", "b"]
        );
        assert_eq!(
            of("Key (lower(email::text))=(a) already exists."),
            ["email"]
        );
        assert_eq!(of("Key (\"from\")=(a) already exists."), ["from"]);
        let check = super::of_postgres(None, None, Some("note"), Some("note_text_check"));
        assert_eq!(check.unwrap(), ["text"]);
    }

    /// The detail of a broken check is the row, other columns and what a client wrote included.
    #[cfg(feature = "orm-postgres")]
    #[test]
    fn postgres_names_a_key_in_the_details_of_keys_alone() {
        for code in ["23505", "23503", "23P01"] {
            assert!(super::names_a_key(code), "{code}");
        }
        for code in ["23514", "23502", "22001", "P0001", ""] {
            assert!(!super::names_a_key(code), "{code}");
        }
    }

    #[cfg(feature = "orm-mysql")]
    #[test]
    fn mariadb_names_its_columns_and_no_value_stands_for_one() {
        let of = |message| super::of_mysql(message).unwrap();
        assert_eq!(of("Duplicate entry 'x' for key 'email'"), ["email"]);
        assert_eq!(
            of("Duplicate entry 'x' for key 'a' for key 'user.email'"),
            ["email"]
        );
        assert_eq!(of("Duplicate entry '1' for key 'PRIMARY'"), ["id"]);
        assert_eq!(of("Column 'text' cannot be null"), ["text"]);
        assert_eq!(of("Data too long for column 'text' at row 1"), ["text"]);
        let reference = "Cannot add or update a child row: a foreign key constraint fails \
            (`d`.`post`, CONSTRAINT `c` FOREIGN KEY (`author_id`) REFERENCES `author` (`id`))";
        assert_eq!(of(reference), ["author_id"]);
    }
}
