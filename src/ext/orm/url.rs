//! URLs of databases: which database they are of, and how they may be shown.

use sea_orm::DbBackend;

/// Which database it is, or a sentence that says what is wrong.
pub(super) fn backend(url: &str) -> Result<DbBackend, String> {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    let (backend, is_there, feature) = match scheme {
        "sqlite" => (
            DbBackend::Sqlite,
            cfg!(feature = "orm-sqlite"),
            "orm-sqlite",
        ),
        "postgres" | "postgresql" => (
            DbBackend::Postgres,
            cfg!(feature = "orm-postgres"),
            "orm-postgres",
        ),
        "mysql" | "mariadb" => (DbBackend::MySql, cfg!(feature = "orm-mysql"), "orm-mysql"),
        _ => {
            let url = shown(url);
            return Err(format!(
                "`{url}` is no URL of a database: it begins with `sqlite:`, `postgres:` or `mysql:`"
            ));
        }
    };
    match is_there {
        true => Ok(backend),
        false => Err(format!("`{scheme}:` needs the feature `{feature}` of cepa")),
    }
}

/// The URL without its password and its options, which may hold one.
pub(super) fn shown(url: &str) -> String {
    let url = url.split('?').next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    match rest.rsplit_once('@') {
        Some((user, place)) => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}@{place}")
        }
        None => url.to_owned(),
    }
}

/// Whether it is a database of SQLite without a file.
pub(super) fn is_in_memory(url: &str) -> bool {
    url.contains(":memory:") || url.contains("mode=memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(
            shown("postgres://ada:p@ss@host/db?password=x"),
            "postgres://ada@host/db"
        );
        assert_eq!(shown("mysql://root@host/db"), "mysql://root@host/db");
        assert_eq!(shown("sqlite://app.db?mode=ro"), "sqlite://app.db");
        assert_eq!(shown("nothing"), "nothing");
    }

    #[test]
    fn a_url_of_no_database_says_what_it_begins_with() {
        let error = backend("mongodb://user:secret@host").unwrap_err();
        assert!(
            error.contains("begins with `sqlite:`") && !error.contains("secret"),
            "{error}"
        );
    }
}
