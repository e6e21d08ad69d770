//! What holds for every answer, and the two tests without a database.

use super::*;

const PATHS: [&str; 7] = [
    "/plaintext",
    "/json",
    "/db",
    "/queries?q=2",
    "/fortunes",
    "/updates?q=2",
    "/cached-queries?q=2",
];

#[test]
fn plaintext_and_json_say_hello() {
    let Some(database) = Database::new() else {
        return;
    };
    let example = start(&database.url);
    let answer = get(&example, "/plaintext");
    assert_eq!((answer.status, &*answer.body), (200, "Hello, World!"));
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    let answer = get(&example, "/json");
    assert_eq!(answer.json(), cepa::json!({ "message": "Hello, World!" }));
    assert_eq!(answer.body, r#"{"message":"Hello, World!"}"#);
    example.stop();
}

#[test]
fn every_answer_says_who_sent_it_when_and_how_long_it_is() {
    let Some(database) = Database::new() else {
        return;
    };
    let example = start(&database.url);
    for path in PATHS.into_iter().chain(["/nothing"]) {
        let answer = get(&example, path);
        let is_there = path != "/nothing";
        assert_eq!(
            answer.status,
            if is_there { 200 } else { 404 },
            "{answer:?}"
        );
        assert_eq!(answer.header("server"), "cepa");
        assert!(answer.header("date").ends_with(" GMT"), "{answer:?}");
        let length = answer.header("content-length").parse();
        assert_eq!(length, Ok(answer.body.len()), "{path}");
        let head = ask(&example, &format!("HEAD {path}"));
        assert_eq!((head.status, &*head.body), (answer.status, ""), "{path}");
        assert_eq!(
            ask(&example, &format!("POST {path}")).status,
            if is_there { 405 } else { 404 }
        );
    }
    example.stop();
}

#[test]
fn the_date_moves() {
    let Some(database) = Database::new() else {
        return;
    };
    let example = start(&database.url);
    for path in PATHS {
        let first = get(&example, path).header("date").to_owned();
        wait_until("another date", || {
            get(&example, path).header("date") != first
        });
    }
    example.stop();
}
