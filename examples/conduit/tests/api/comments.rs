//! Comments on an article.

use super::{Conduit, assert_refused};
use cepa::prelude::*;

#[test]
fn comments_are_listed_in_the_order_they_were_written() {
    for conduit in Conduit::each() {
        let (ada, bob) = (conduit.user("ada"), conduit.user("bob"));
        let path = format!(
            "/articles/{}/comments",
            conduit.article(&ada, "Onions", &[])
        );
        for (token, body) in [(&bob, "Nice"), (&ada, "Thanks")] {
            let res = conduit.post(&path, token, json!({ "comment": { "body": body } }));
            res.assert_status(200);
            let comment = res.json::<Value>()["comment"].clone();
            assert!(comment["id"].is_i64() && comment["createdAt"].is_string());
        }
        conduit
            .post("/profiles/bob/follow", &ada, Value::Null)
            .assert_status(200);
        let comments = conduit.get(&path, &ada).json::<Value>()["comments"].clone();
        assert_eq!(
            (&comments[0]["body"], &comments[1]["body"]),
            (&json!("Nice"), &json!("Thanks"))
        );
        assert_eq!(comments[0]["author"]["following"], true);
        assert_eq!(comments[1]["author"]["username"], "ada");
    }
}

#[test]
fn only_who_wrote_a_comment_deletes_it() {
    for conduit in Conduit::each() {
        let (ada, bob) = (conduit.user("ada"), conduit.user("bob"));
        let path = format!(
            "/articles/{}/comments",
            conduit.article(&ada, "Onions", &[])
        );
        let other = format!("/articles/{}/comments", conduit.article(&ada, "Leeks", &[]));
        let res = conduit.post(&path, &bob, json!({ "comment": { "body": "Nice" } }));
        let id = res.json::<Value>()["comment"]["id"].clone();
        assert_refused(
            &conduit.delete(&format!("{path}/{id}"), &ada),
            403,
            &["comment"],
        );
        assert_refused(
            &conduit.delete(&format!("{other}/{id}"), &bob),
            404,
            &["comment"],
        );
        conduit
            .delete(&format!("{path}/{id}"), &bob)
            .assert_status(204);
        assert_refused(
            &conduit.delete(&format!("{path}/{id}"), &bob),
            404,
            &["comment"],
        );
        conduit
            .get(&path, "")
            .assert_json(&json!({ "comments": [] }));
    }
}

#[test]
fn a_comment_needs_a_text_an_article_and_somebody() {
    let conduit = Conduit::new();
    let ada = conduit.user("ada");
    let path = format!(
        "/articles/{}/comments",
        conduit.article(&ada, "Onions", &[])
    );
    let comment = json!({ "comment": { "body": "Nice" } });
    assert_refused(&conduit.post(&path, "", comment.clone()), 401, &["token"]);
    let blank = json!({ "comment": { "body": "" } });
    assert_refused(&conduit.post(&path, &ada, blank), 422, &["body"]);
    let res = conduit.post("/articles/none/comments", &ada, comment);
    assert_refused(&res, 404, &["article"]);
    assert_refused(
        &conduit.get("/articles/none/comments", ""),
        404,
        &["article"],
    );
}
