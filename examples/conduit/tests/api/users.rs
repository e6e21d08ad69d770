//! Signing up and in, and changing an account.

use super::{Conduit, assert_refused};
use cepa::json;
use cepa::prelude::*;

#[test]
fn who_signs_up_can_sign_in_and_is_known_by_the_token() {
    for conduit in Conduit::each() {
        let token = conduit.user("ada");
        let res = conduit.get("/user", &token);
        res.assert_status(200);
        let user = res.json::<Value>()["user"].clone();
        assert_eq!(user["username"], "ada");
        assert_eq!(user["email"], "ada@example.com");
        assert_eq!((&user["bio"], &user["image"]), (&json!(""), &json!("")));

        let login = json!({ "user": { "email": "ada@example.com", "password": "password" } });
        let res = conduit.post("/users/login", "", login);
        res.assert_status(200);
        let token = res.json::<Value>()["user"]["token"].clone();
        let token = token.as_str().expect("a token is text");
        conduit.get("/user", token).assert_status(200);
    }
}

#[test]
fn names_and_addresses_belong_to_one_user_each() {
    for conduit in Conduit::each() {
        conduit.user("ada");
        let again =
            json!({ "username": "ada", "email": "ada@example.com", "password": "password" });
        let res = conduit.post("/users", "", json!({ "user": again }));
        assert_refused(&res, 422, &["email", "username"]);
        let taken = json!(["has already been taken"]);
        assert_eq!(res.json::<Value>()["errors"]["email"], taken);

        let bob = conduit.user("bob");
        let res = conduit.put("/user", &bob, json!({ "user": { "username": "ada" } }));
        assert_refused(&res, 422, &["username"]);
    }
}

#[test]
fn what_is_blank_or_missing_is_named() {
    let conduit = Conduit::new();
    let sign_up = |user: Value| conduit.post("/users", "", json!({ "user": user }));
    assert_refused(&sign_up(json!({})), 422, &["email", "password", "username"]);
    let blank = json!({ "username": " ", "email": "a@b", "password": null });
    assert_refused(&sign_up(blank), 422, &["password", "username"]);
    let wrong = json!({ "username": "ada", "email": "ada", "password": "password" });
    assert_refused(&sign_up(wrong), 422, &["email"]);
    let login = conduit.post("/users/login", "", json!({ "user": {} }));
    assert_refused(&login, 422, &["email", "password"]);
}

#[test]
fn a_wrong_password_and_an_unknown_address_are_refused_alike() {
    let conduit = Conduit::new();
    conduit.user("ada");
    for email in ["ada@example.com", "bob@example.com"] {
        let user = json!({ "email": email, "password": "passw0rd" });
        let res = conduit.post("/users/login", "", json!({ "user": user }));
        assert_refused(&res, 401, &["email or password"]);
    }
}

#[test]
fn without_a_token_or_with_a_bad_one_nobody_is_known() {
    let conduit = Conduit::new();
    assert_refused(&conduit.get("/user", ""), 401, &["token"]);
    assert_refused(&conduit.get("/user", "x.y.z"), 401, &["token"]);
    let foreign = Conduit::new().user("ada");
    assert_refused(&conduit.get("/user", &foreign), 401, &["token"]);
    // A bad token is refused where none is needed, too.
    assert_refused(&conduit.get("/articles", "x.y.z"), 401, &["token"]);
}

#[test]
fn an_update_keeps_what_is_not_sent() {
    for conduit in Conduit::each() {
        let token = conduit.user("ada");
        let change = |user: Value| {
            let res = conduit.put("/user", &token, json!({ "user": user }));
            res.assert_status(200);
            res.json::<Value>()["user"].clone()
        };
        let user = change(json!({ "bio": "counts", "image": "https://example.com/ada.png" }));
        assert_eq!(
            (&user["username"], &user["bio"]),
            (&json!("ada"), &json!("counts"))
        );
        let user = change(json!({ "email": "lovelace@example.com", "bio": null }));
        assert_eq!(
            (&user["bio"], &user["email"]),
            (&json!(""), &json!("lovelace@example.com"))
        );
        assert_eq!(user["image"], "https://example.com/ada.png");
        change(json!({ "password": "another" }));
        let login = json!({ "email": "lovelace@example.com", "password": "another" });
        let res = conduit.post("/users/login", "", json!({ "user": login }));
        res.assert_status(200);
    }
}
