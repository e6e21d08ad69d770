//! The tests that SeaORM answers too, below `/orm`.

use super::*;
use proxy::Proxy;

#[test]
fn the_orm_answers_the_same() {
    let Some(database) = Database::new() else {
        return;
    };
    let proxy = Proxy::new(&database.url);
    let example = start(&proxy.url);
    let kept = database.worlds();
    let is_kept = |(id, number): &(i64, i64)| kept[id] == *number;
    assert!(is_kept(&worlds::world(&get(&example, "/orm/db").json())));
    for (query, count) in worlds::COUNTS {
        let before = proxy.sent();
        let rows = worlds::worlds(&get(&example, &format!("/orm/queries{query}")).json());
        assert!(rows.len() == count && rows.iter().all(is_kept), "{query}");
        assert!(proxy.sent() - before >= count, "{query}");
    }
    let [one, other] = ["/fortunes", "/orm/fortunes"].map(|path| get(&example, path));
    assert_eq!((other.status, &other.body), (200, &one.body));
    assert_eq!(other.header("content-type"), one.header("content-type"));
    assert_eq!(other.header("server"), "cepa");
    assert_eq!(get(&example, "/orm/updates").status, 404);
    example.stop();
}

#[test]
fn the_orm_too_comes_back_after_the_database() {
    let Some(database) = Database::new() else {
        return;
    };
    let proxy = Proxy::new(&database.url);
    let example = start(&proxy.url);
    assert_eq!(get(&example, "/orm/db").status, 200);
    proxy.cut();
    assert_eq!(get(&example, "/orm/db").status, 503);
    proxy.mend();
    wait_until("it is back", || get(&example, "/orm/db").status == 200);
    example.stop();
}
