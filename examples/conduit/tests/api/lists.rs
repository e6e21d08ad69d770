//! Many articles: filters, pages, feed, tags.

use super::{Conduit, assert_refused};
use cepa::prelude::*;

/// The slugs of a list, and how many there are in all.
fn list(conduit: &Conduit, path: &str, token: &str) -> (Vec<String>, u64) {
    let res = conduit.get(path, token);
    res.assert_status(200);
    let list = res.json::<Value>();
    let slugs = list["articles"]
        .as_array()
        .expect("articles are a list")
        .iter();
    let slugs = slugs.map(|it| it["slug"].as_str().unwrap_or_default().to_owned());
    (
        slugs.collect(),
        list["articlesCount"].as_u64().unwrap_or(u64::MAX),
    )
}

#[test]
fn articles_are_filtered_and_the_newest_come_first() {
    for conduit in Conduit::each() {
        let (ada, bob) = (conduit.user("ada"), conduit.user("bob"));
        let one = conduit.article(&ada, "One", &["x", "y"]);
        let two = conduit.article(&bob, "Two", &["y"]);
        let three = conduit.article(&ada, "Three", &[]);
        let get = |path: &str| list(&conduit, path, "");
        let all = vec![three.clone(), two.clone(), one.clone()];
        assert_eq!(get("/articles"), (all, 3));
        assert_eq!(get("/articles?author=ada"), (vec![three, one.clone()], 2));
        assert_eq!(get("/articles?tag=y"), (vec![two.clone(), one.clone()], 2));
        assert_eq!(get("/articles?tag=y&author=bob"), (vec![two.clone()], 1));
        assert_eq!(get("/articles?tag=%27%20or%201=1"), (vec![], 0));
        conduit
            .post(&format!("/articles/{two}/favorite"), &ada, Value::Null)
            .assert_status(200);
        assert_eq!(get("/articles?favorited=ada"), (vec![two], 1));
        assert_eq!(get("/articles?favorited=bob"), (vec![], 0));
        assert_eq!(get("/articles?limit=1&offset=2"), (vec![one], 3));
        assert_eq!(get("/articles?offset=9"), (vec![], 3));
        conduit
            .get("/tags", "")
            .assert_json(&json!({ "tags": ["x", "y"] }));
    }
}

#[test]
fn a_list_has_no_bodies_and_says_what_the_reader_likes() {
    let conduit = Conduit::new();
    let (ada, bob) = (conduit.user("ada"), conduit.user("bob"));
    let slug = conduit.article(&ada, "One", &["b", "a"]);
    conduit
        .post(&format!("/articles/{slug}/favorite"), &bob, Value::Null)
        .assert_status(200);
    conduit
        .post("/profiles/ada/follow", &bob, Value::Null)
        .assert_status(200);
    let article = |token: &str| {
        let list = conduit.get("/articles", token).json::<Value>();
        list["articles"][0].clone()
    };
    let seen = article(&bob);
    assert!(seen.get("body").is_none());
    assert_eq!(seen["tagList"], json!(["b", "a"]));
    assert_eq!(
        (&seen["favorited"], &seen["favoritesCount"]),
        (&json!(true), &json!(1))
    );
    assert_eq!(seen["author"]["following"], true);
    assert_eq!(article("")["favorited"], false);
    assert_eq!(article(&ada)["author"]["following"], false);
}

#[test]
fn a_feed_has_what_followed_users_wrote() {
    for conduit in Conduit::each() {
        let (ada, bob) = (conduit.user("ada"), conduit.user("bob"));
        let one = conduit.article(&ada, "One", &[]);
        conduit.article(&bob, "Two", &[]);
        assert_eq!(list(&conduit, "/articles/feed", &bob), (vec![], 0));
        conduit
            .post("/profiles/ada/follow", &bob, Value::Null)
            .assert_status(200);
        assert_eq!(list(&conduit, "/articles/feed", &bob), (vec![one], 1));
        assert_eq!(list(&conduit, "/articles/feed?offset=1", &bob), (vec![], 1));
        assert_refused(&conduit.get("/articles/feed", ""), 401, &["token"]);
    }
}

#[test]
fn a_page_is_asked_for_by_numbers() {
    let conduit = Conduit::new();
    assert_refused(&conduit.get("/articles?limit=0", ""), 422, &["limit"]);
    assert_refused(
        &conduit.get("/articles?limit=x&offset=-1", ""),
        422,
        &["limit", "offset"],
    );
    conduit
        .get("/articles?limit=1000&offset=0", "")
        .assert_status(200);
}
