//! `/db`, `/queries`, `/updates` and `/cached-queries`.

use super::*;
use proxy::Proxy;
use std::collections::{BTreeMap, BTreeSet};

/// What is asked for, and how many rows that is.
pub(crate) const COUNTS: [(&str, usize); 14] = [
    ("", 1),
    ("?q=", 1),
    ("?q=0", 1),
    ("?q=-7", 1),
    ("?q=foo", 1),
    ("?q=1.5", 1),
    ("?other=5", 1),
    ("?q=1", 1),
    ("?q=2", 2),
    ("?q=%32%30", 20),
    ("?q=500", 500),
    ("?q=501", 500),
    ("?q=99999999999999999999999", 500),
    ("?q=-99999999999999999999999", 1),
];

/// Id and number of an object that has these two and nothing else.
#[track_caller]
pub(crate) fn world(value: &Value) -> (i64, i64) {
    let object = value.as_object().expect("it is an object");
    assert_eq!(object.len(), 2, "{value}");
    let field = |name| value[name].as_i64().expect("it is an integer");
    let (id, number) = (field("id"), field("randomNumber"));
    assert!(
        (1..=10_000).contains(&id) && (1..=10_000).contains(&number),
        "{value}"
    );
    (id, number)
}

#[track_caller]
pub(crate) fn worlds(value: &Value) -> Vec<(i64, i64)> {
    value
        .as_array()
        .expect("it is an array")
        .iter()
        .map(world)
        .collect()
}

#[test]
fn one_row_is_an_object_and_a_random_one() {
    let Some(database) = Database::new() else {
        return;
    };
    let example = start(&database.url);
    let kept = database.worlds();
    let mut ids = BTreeSet::new();
    for _ in 0..20 {
        let (id, number) = world(&get(&example, "/db").json());
        assert_eq!(kept[&id], number);
        ids.insert(id);
    }
    assert!(ids.len() > 10, "{ids:?}");
    assert_eq!(world(&get(&example, "/db?q=5").json()).0.signum(), 1);
    example.stop();
}

#[test]
fn several_rows_are_an_array_of_as_many_as_asked_for() {
    let Some(database) = Database::new() else {
        return;
    };
    let example = start(&database.url);
    let kept = database.worlds();
    for path in ["/queries", "/cached-queries"] {
        for (query, count) in COUNTS {
            let rows = worlds(&get(&example, &format!("{path}{query}")).json());
            assert_eq!(rows.len(), count, "{path}{query}");
            assert!(
                rows.iter().all(|(id, number)| kept[id] == *number),
                "{rows:?}"
            );
        }
        let ids = worlds(&get(&example, &format!("{path}?q=100")).json());
        let ids: BTreeSet<_> = ids.into_iter().map(|(id, _)| id).collect();
        assert!(ids.len() > 50, "{ids:?}");
    }
    example.stop();
}

#[test]
fn what_is_updated_is_written_and_nothing_else() {
    let Some(database) = Database::new() else {
        return;
    };
    let example = start(&database.url);
    let mut kept = database.worlds();
    for (query, count) in COUNTS {
        let rows = worlds(&get(&example, &format!("/updates{query}")).json());
        assert_eq!(rows.len(), count, "{query}");
        let rows: BTreeMap<_, _> = rows.into_iter().collect();
        assert_eq!(rows.len(), count, "a row is there twice: {query}");
        let changed = rows
            .iter()
            .filter(|(id, number)| kept[id] != **number)
            .count();
        assert!(
            changed * 100 >= count.saturating_sub(1) * 95,
            "{changed} of {count}"
        );
        kept.extend(rows);
        assert_eq!(kept, database.worlds(), "{query}");
    }
    example.stop();
}

#[test]
fn many_updates_at_once_wait_for_each_other_and_do_not_fail() {
    let Some(database) = Database::new() else {
        return;
    };
    let example = start(&database.url);
    let ask = || {
        for _ in 0..15 {
            worlds(&get(&example, "/updates?q=500").json());
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(ask);
        }
    });
    let log = example.stop();
    assert!(!log.contains("error"), "{log}");
    assert_eq!(database.number("SELECT count(*) FROM World"), 10_000);
}

#[test]
fn each_row_is_read_by_a_query_of_its_own_and_none_waits_for_another() {
    let Some(database) = Database::new() else {
        return;
    };
    let proxy = Proxy::new(&database.url);
    let example = start(&proxy.url);
    for (path, pipelined, queries) in [
        ("/db", 1, 1),
        ("/queries", 1, 1),
        ("/queries?q=20", 20, 20),
        ("/queries?q=500", 500, 500),
        // The rows are written after they were read, at once.
        ("/updates?q=20", 20, 21),
        ("/updates?q=500", 500, 501),
        ("/fortunes", 1, 1),
        ("/cached-queries?q=500", 0, 0),
        ("/plaintext", 0, 0),
    ] {
        let before = proxy.sent();
        // Whoever waits for an answer before the last of these is sent waits in vain.
        proxy.hold(pipelined);
        assert_eq!(get(&example, path).status, 200, "{path}");
        assert_eq!(proxy.sent() - before, queries, "{path}");
    }
    example.stop();
}
