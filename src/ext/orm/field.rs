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
    if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return of_mysql(error.number(), error.message());
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

/// By its number, as what clients wrote stands in some of these texts.
/// <https://mariadb.com/kb/en/mariadb-error-code-reference/>
#[cfg(feature = "orm-mysql")]
fn of_mysql(number: u16, message: &str) -> Option<Vec<String>> {
    match number {
        // `Duplicate entry 'x' for key 'user.email'`: the value, which is a client's, stands before.
        1062 | 1586 => {
            let key = message.rsplit_once("for key '")?.1.strip_suffix('\'')?;
            Some(vec![column_of_key(key)?.to_owned()])
        }
        // `.. FOREIGN KEY (`author_id`) REFERENCES ..`
        1451 | 1452 => {
            let columns = message.split_once("FOREIGN KEY (`")?.1.split_once("`)")?.0;
            Some(columns.split("`, `").map(str::to_owned).collect())
        }
        // `Column 'text' cannot be null`, `Field 'text' doesn't have a default value`, `Data too long
        // for column 'text' at row 1`, `Out of range value for column 'n' at row 1`
        1048 | 1364 | 1264 | 1406 => Some(vec![message.split('\'').nth(1)?.to_owned()]),
        _ => None,
    }
}

/// The column of a unique key, which has its name unless it was given another one. One that is named
/// as people name indexes is none, and the primary key is always named `PRIMARY`.
#[cfg(feature = "orm-mysql")]
fn column_of_key(key: &str) -> Option<&str> {
    let (table, name) = key.rsplit_once('.').unwrap_or(("", key));
    let words = [
        "idx", "index", "ix", "key", "uk", "unique", "uniq", "uq", "ux",
    ];
    let lower = name.to_lowercase();
    let is_index = lower == "primary"
        || words.iter().any(|word| {
            let before = lower.strip_prefix(word);
            let behind = lower.strip_suffix(word);
            before.is_some_and(|rest| rest.starts_with('_'))
                || behind.is_some_and(|rest| rest.ends_with('_'))
        });
    let has_table = !table.is_empty() && lower.starts_with(&format!("{}_", table.to_lowercase()));
    (!is_index && !has_table).then_some(name)
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
        let of = |number, message| super::of_mysql(number, message).unwrap();
        assert_eq!(of(1062, "Duplicate entry 'x' for key 'email'"), ["email"]);
        assert_eq!(
            of(1062, "Duplicate entry 'x' for key 'a' for key 'user.email'"),
            ["email"]
        );
        assert_eq!(
            of(1062, "Duplicate entry 'FOREIGN KEY (`a`) ' for key 'email'"),
            ["email"]
        );
        assert_eq!(of(1048, "Column 'text' cannot be null"), ["text"]);
        assert_eq!(
            of(1364, "Field 'text' doesn't have a default value"),
            ["text"]
        );
        assert_eq!(
            of(1406, "Data too long for column 'text' at row 1"),
            ["text"]
        );
        assert_eq!(
            of(1264, "Out of range value for column 'n' at row 1"),
            ["n"]
        );
        let reference = "Cannot add or update a child row: a foreign key constraint fails \
            (`d`.`post`, CONSTRAINT `c` FOREIGN KEY (`author_id`) REFERENCES `author` (`id`))";
        assert_eq!(of(1452, reference), ["author_id"]);
        let custom = "Duplicate entry 'x' for key 'email'";
        assert_eq!(super::of_mysql(1644, custom), None);
    }

    #[cfg(feature = "orm-mysql")]
    #[test]
    fn a_key_of_mariadb_that_has_a_name_of_its_own_is_no_column() {
        for key in [
            "PRIMARY",
            "user.PRIMARY",
            "idx_user_mail",
            "uq_mail",
            "mail_unique",
            "mail_key",
            "user.user_mail",
        ] {
            let message = format!("Duplicate entry '1' for key '{key}'");
            assert_eq!(super::of_mysql(1062, &message), None, "{key}");
        }
        for (key, column) in [("keyword", "keyword"), ("user.uniqueness", "uniqueness")] {
            let message = format!("Duplicate entry '1' for key '{key}'");
            assert_eq!(super::of_mysql(1062, &message).unwrap(), [column]);
        }
    }
}
