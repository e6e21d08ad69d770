//! One article, and who likes it.

use super::{Conduit, assert_refused};
use cepa::prelude::*;

/// `2026-01-30T12:00:00.000Z`.
fn is_time(value: &Value) -> bool {
    let shape = "0000-00-00T00:00:00.000Z";
    let text = value.as_str().unwrap_or_default();
    text.len() == shape.len()
        && text
            .bytes()
            .zip(shape.bytes())
            .all(|(byte, like)| match like {
                b'0' => byte.is_ascii_digit(),
                like => byte == like,
            })
}

#[test]
fn an_article_is_answered_as_it_was_written() {
    for conduit in Conduit::each() {
        let ada = conduit.user("ada");
        let article = json!({
            "title": "How to train your onion",
            "description": "Ever wonder how?",
            "body": "It takes a garden.",
            "tagList": ["training", "onions", "a", "onions"],
        });
        let res = conduit.post("/articles", &ada, json!({ "article": article }));
        res.assert_status(201);
        let article = res.json::<Value>()["article"].clone();
        assert_eq!(article["slug"], "how-to-train-your-onion");
        assert_eq!(article["tagList"], json!(["training", "onions", "a"]));
        assert_eq!(
            (&article["favorited"], &article["favoritesCount"]),
            (&json!(false), &json!(0))
        );
        assert_eq!(article["author"]["username"], "ada");
        assert!(is_time(&article["createdAt"]) && article["createdAt"] == article["updatedAt"]);
        let read = conduit.get("/articles/how-to-train-your-onion", "");
        assert_eq!(read.json::<Value>()["article"], article);
    }
}

#[test]
fn an_update_keeps_what_is_not_sent_and_follows_the_title() {
    for conduit in Conduit::each() {
        let ada = conduit.user("ada");
        let slug = conduit.article(&ada, "Onions", &["garden"]);
        let change = |slug: &str, article: Value| {
            let res = conduit.put(
                &format!("/articles/{slug}"),
                &ada,
                json!({ "article": article }),
            );
            res.assert_status(200);
            res.json::<Value>()["article"].clone()
        };
        let article = change(&slug, json!({ "body": "Deep" }));
        assert_eq!(
            (&article["body"], &article["description"]),
            (&json!("Deep"), &json!("d"))
        );
        assert_eq!(
            (&article["slug"], &article["tagList"]),
            (&json!("onions"), &json!(["garden"]))
        );
        let article = change(&slug, json!({ "title": "Leeks", "tagList": [] }));
        assert_eq!(
            (&article["slug"], &article["tagList"]),
            (&json!("leeks"), &json!([]))
        );
        assert_refused(&conduit.get("/articles/onions", ""), 404, &["article"]);
        let res = conduit.put(
            "/articles/leeks",
            &ada,
            json!({ "article": { "title": "" } }),
        );
        assert_refused(&res, 422, &["title"]);
    }
}

#[test]
fn articles_of_one_title_have_slugs_of_their_own() {
    let conduit = Conduit::new();
    let ada = conduit.user("ada");
    let slugs: Vec<String> = (0..3)
        .map(|_| conduit.article(&ada, "Onions", &[]))
        .collect();
    assert_eq!(slugs, ["onions", "onions-2", "onions-3"]);
}

#[test]
fn only_its_author_changes_or_deletes_an_article() {
    for conduit in Conduit::each() {
        let (ada, bob) = (conduit.user("ada"), conduit.user("bob"));
        let path = format!("/articles/{}", conduit.article(&ada, "Onions", &["a"]));
        let change = json!({ "article": { "body": "Mine" } });
        assert_refused(&conduit.put(&path, &bob, change.clone()), 403, &["article"]);
        assert_refused(&conduit.delete(&path, &bob), 403, &["article"]);
        assert_refused(&conduit.put(&path, "", change), 401, &["token"]);
        conduit
            .post(&format!("{path}/favorite"), &bob, Value::Null)
            .assert_status(200);
        conduit
            .delete(&path, &ada)
            .assert_status(204)
            .assert_text("");
        assert_refused(&conduit.get(&path, ""), 404, &["article"]);
        assert_refused(&conduit.delete(&path, &ada), 404, &["article"]);
        conduit.get("/tags", "").assert_json(&json!({ "tags": [] }));
    }
}

#[test]
fn a_favourite_counts_once_for_each_reader() {
    for conduit in Conduit::each() {
        let (ada, bob) = (conduit.user("ada"), conduit.user("bob"));
        let slug = conduit.article(&ada, "Onions", &[]);
        let path = format!("/articles/{slug}/favorite");
        let counted = |res: cepa::testing::TestResponse| {
            res.assert_status(200);
            let article = res.json::<Value>()["article"].clone();
            (
                article["favorited"].clone(),
                article["favoritesCount"].clone(),
            )
        };
        for _ in 0..2 {
            let count = counted(conduit.post(&path, &bob, Value::Null));
            assert_eq!(count, (json!(true), json!(1)));
        }
        assert_eq!(
            counted(conduit.post(&path, &ada, Value::Null)),
            (json!(true), json!(2))
        );
        for _ in 0..2 {
            assert_eq!(
                counted(conduit.delete(&path, &bob)),
                (json!(false), json!(1))
            );
        }
        let res = conduit.post("/articles/none/favorite", &ada, Value::Null);
        assert_refused(&res, 404, &["article"]);
    }
}

#[test]
fn an_article_needs_all_but_tags() {
    let conduit = Conduit::new();
    let ada = conduit.user("ada");
    let write = |article: Value| conduit.post("/articles", &ada, json!({ "article": article }));
    assert_refused(&write(json!({})), 422, &["body", "description", "title"]);
    let blank = json!({ "title": "t", "description": "d", "body": "b", "tagList": [" "] });
    assert_refused(&write(blank), 422, &["tagList"]);
    let plain = json!({ "title": "t", "description": "d", "body": "b" });
    write(plain.clone()).assert_status(201);
    let res = conduit.post("/articles", "", json!({ "article": plain }));
    assert_refused(&res, 401, &["token"]);
}
