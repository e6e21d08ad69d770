//! The database goes away, and comes back.

use super::*;
use proxy::Proxy;

/// Those that need the database.
const NEEDY: [&str; 4] = ["/db", "/queries?q=3", "/updates?q=3", "/fortunes"];

#[test]
fn while_the_database_is_away_answers_are_503_and_then_200_again() {
    let Some(database) = Database::new() else {
        return;
    };
    let proxy = Proxy::new(&database.url);
    let example = start(&proxy.url);
    for _ in 0..2 {
        for path in NEEDY {
            wait_until("it is back", || get(&example, path).status == 200);
        }
        proxy.cut();
        for path in NEEDY {
            wait_until("it is noticed", || get(&example, path).status != 200);
            let answer = get(&example, path);
            assert_eq!((answer.status, answer.header("retry-after")), (503, "1"));
            assert_eq!(answer.header("server"), "cepa");
            let said = answer.body.to_lowercase();
            assert!(
                !said.contains("database") && !said.contains("connect"),
                "{said}"
            );
        }
        assert_eq!(get(&example, "/plaintext").status, 200);
        assert_eq!(get(&example, "/cached-queries?q=500").status, 200);
        proxy.mend();
    }
    wait_until("it is back", || get(&example, "/fortunes").status == 200);
    let log = example.stop();
    assert!(log.contains("the database is away: "), "{log}");
    assert!(log.contains("the database is back"), "{log}");
}

#[test]
fn connections_that_the_server_ends_are_made_anew() {
    let Some(database) = Database::new() else {
        return;
    };
    let example = start(&database.url);
    assert!(database.end_connections() > 0);
    wait_until("they are noticed and made anew", || {
        get(&example, "/queries?q=20").status == 200
    });
    // What was asked in between was answered, one way or the other.
    let kept = database.worlds();
    let answer = get(&example, "/db").json();
    assert_eq!(
        kept[&answer["id"].as_i64().unwrap()],
        answer["randomNumber"]
    );
    let log = example.stop();
    assert!(log.contains("the database is away: "), "{log}");
}

#[test]
fn requests_under_way_when_the_database_goes_are_503_and_a_stop_does_not_wait_for_it() {
    let Some(database) = Database::new() else {
        return;
    };
    let proxy = Proxy::new(&database.url);
    let example = start(&proxy.url);
    let before = proxy.sent();
    proxy.hold(1_000);
    let answer = std::thread::scope(|scope| {
        let answer = scope.spawn(|| get(&example, "/queries?q=500"));
        wait_until("it asks", || proxy.sent() == before + 500);
        proxy.cut();
        answer.join().unwrap()
    });
    assert_eq!((answer.status, answer.header("retry-after")), (503, "1"));
    // The database is still away.
    example.stop();
}
