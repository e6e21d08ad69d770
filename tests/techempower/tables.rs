//! The tables: made and filled at start where they are missing, left alone where they are not.

use super::*;
use std::process::Command;

#[test]
fn missing_tables_are_made_and_filled() {
    let Some(database) = Database::new() else {
        return;
    };
    start(&database.url).stop();
    let worlds = database.worlds();
    assert!(worlds.keys().copied().eq(1..=10_000));
    assert!(worlds.values().all(|it| (1..=10_000).contains(it)));
    let numbers: std::collections::BTreeSet<_> = worlds.values().collect();
    assert!(numbers.len() > 5_000, "{} different numbers", numbers.len());
    assert_eq!(database.number("SELECT count(*) FROM Fortune"), 12);
}

#[test]
fn programs_that_start_at_once_fill_them_once() {
    let Some(database) = Database::new() else {
        return;
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let example = start(&database.url);
                assert_eq!(get(&example, "/queries?q=500").status, 200);
                assert_eq!(get(&example, "/fortunes").status, 200);
                example.stop();
            });
        }
    });
    assert_eq!(database.number("SELECT count(*) FROM World"), 10_000);
    assert_eq!(database.number("SELECT count(*) FROM Fortune"), 12);
}

#[test]
fn tables_that_are_there_are_left_alone() {
    let Some(database) = Database::new() else {
        return;
    };
    start(&database.url).stop();
    database.run("UPDATE World SET randomNumber = 7; DELETE FROM Fortune WHERE id > 3");
    let example = start(&database.url);
    assert!(get(&example, "/db").body.contains("\"randomNumber\":7}"));
    assert_eq!(database.number("SELECT count(*) FROM Fortune"), 3);
    example.stop();

    // One that is missing is made beside the other.
    database.run("DROP TABLE Fortune");
    start(&database.url).stop();
    assert_eq!(database.number("SELECT count(*) FROM Fortune"), 12);
    assert_eq!(
        database.number("SELECT count(*) FROM World WHERE randomNumber = 7"),
        10_000
    );
}

#[test]
fn without_a_database_it_does_not_start_and_says_why() {
    if Database::new().is_none() {
        return;
    }
    let nowhere = "postgres://root@127.0.0.1:1/test";
    for (url, told) in [
        (nowhere, "DATABASE_URL names no database to work with"),
        (nowhere, "refused"),
        (
            "postgres://root@:x",
            "DATABASE_URL: invalid connection string",
        ),
    ] {
        let mut command = Command::new(example::program("techempower"));
        command.env("ADDR", "127.0.0.1:0").env("DATABASE_URL", url);
        let output = command.output().unwrap();
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && log.contains(told), "{log}");
    }
}
