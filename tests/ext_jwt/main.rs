//! Tokens in an app: what is issued, what is taken, and what is told to clients.

#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod forged;
mod keys;
mod random;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cepa::jwt::{Claims, Jwt, JwtAlgorithm, JwtError, JwtKey};
use cepa::prelude::*;
use cepa::testing::TestClient;
use serde::{Deserialize, Serialize};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Member {
    sub: String,
}

fn ada() -> Member {
    let sub = "Ada".to_owned();
    Member { sub }
}

fn key() -> JwtKey {
    JwtKey::secret(SECRET).unwrap()
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

async fn who(Claims(member): Claims<Member>) -> String {
    member.sub
}

async fn maybe(member: Option<Claims<Member>>) -> String {
    member.map_or("nobody".to_owned(), |Claims(member)| member.sub)
}

fn client(jwt: Jwt) -> TestClient {
    App::new()
        .plug(jwt)
        .get("/", who)
        .get("/maybe", maybe)
        .test()
}

fn ask(client: &TestClient, path: &str, authorization: &str) -> cepa::testing::TestResponse {
    client
        .get(path)
        .header("authorization", authorization)
        .send()
}

#[test]
fn what_is_issued_is_taken() {
    let jwt = Jwt::new(key());
    let token = jwt.issue(&ada()).unwrap();
    let client = client(jwt.clone());
    ask(&client, "/", &format!("Bearer {token}")).assert_text("Ada");
    ask(&client, "/", &format!("bearer  {token} ")).assert_text("Ada");
    ask(&client, "/maybe", &format!("BEARER {token}")).assert_text("Ada");
    let claims: Value = jwt.check(&token).unwrap();
    let issued = claims["iat"].as_u64().unwrap();
    assert!(issued.abs_diff(now()) < 5);
    assert_eq!(claims["exp"].as_u64(), Some(issued + 15 * 60));
    assert_eq!(claims.as_object().unwrap().len(), 3);
}

#[test]
fn no_token_is_a_challenge_or_none() {
    let client = client(Jwt::new(key()));
    let res = client.get("/").send();
    res.assert_status(401)
        .assert_header("www-authenticate", "Bearer");
    res.assert_contains("send a token: `Authorization: Bearer ..`");
    client.get("/maybe").send().assert_text("nobody");
    for other in ["Basic QWRhOm9uaW9u", "Bearerx a.b.c", "B", "Token a.b.c"] {
        ask(&client, "/maybe", other).assert_text("nobody");
        let res = ask(&client, "/", other);
        res.assert_status(401)
            .assert_header("www-authenticate", "Bearer");
    }
}

#[test]
fn a_bad_token_is_no_absent_one() {
    let client = client(Jwt::new(key()));
    let invalid = "Bearer error=\"invalid_token\", error_description=\"the token is not valid\"";
    for bad in [
        "Bearer",
        "Bearer ",
        "Bearer a",
        "Bearer a.b.c",
        "Bearer a b",
        "Bearer \u{e9}",
    ] {
        for path in ["/", "/maybe"] {
            let res = ask(&client, path, bad);
            res.assert_status(401)
                .assert_header("www-authenticate", invalid);
            res.assert_contains("the token is not valid");
        }
    }
}

#[test]
fn two_tokens_are_no_guess() {
    async fn twice(mut req: Request, next: Next) -> Response {
        let field = req.headers()["authorization"].clone();
        req.headers_mut().append("authorization", field);
        next.run(req).await
    }
    let jwt = Jwt::new(key());
    let authorization = format!("Bearer {}", jwt.issue(&ada()).unwrap());
    let client = App::new().plug(jwt).with(twice).get("/maybe", maybe).test();
    let res = ask(&client, "/maybe", &authorization);
    res.assert_status(400)
        .assert_header("www-authenticate", "Bearer error=\"invalid_request\"");
}

#[test]
fn an_expired_token_says_so() {
    let jwt = Jwt::new(key()).with_leeway(Duration::ZERO);
    let token = jwt.issue(&json!({ "sub": "Ada", "exp": now() - 1 }));
    let authorization = format!("Bearer {}", token.unwrap());
    let res = ask(&client(jwt), "/", &authorization);
    let expired = "Bearer error=\"invalid_token\", error_description=\"the token expired\"";
    res.assert_status(401)
        .assert_header("www-authenticate", expired);
    let error = res.error().unwrap();
    assert_eq!(error.downcast_ref::<JwtError>(), Some(&JwtError::Expired));
}

#[test]
fn clocks_may_differ_by_the_leeway_and_no_more() {
    let table = [
        (0, 0, true),
        (0, 5, false),
        (30, 20, true),
        (30, 40, false),
        (60, 50, true),
        // Without an app that is built.
        (3_600, 50, true),
        (3_600, 70, false),
        (u64::MAX, 70, false),
    ];
    for (leeway, late, is_taken) in table {
        let jwt = Jwt::new(key()).with_leeway(Duration::from_secs(leeway));
        let check = |claims: Value| jwt.check::<Member>(&jwt.issue(&claims).unwrap());
        let late = check(json!({ "sub": "Ada", "exp": now() - late })).is_ok();
        assert_eq!(late, is_taken, "leeway {leeway}");
    }
    let jwt = Jwt::new(key());
    let check = |claims: Value| jwt.check::<Member>(&jwt.issue(&claims).unwrap());
    assert!(check(json!({ "sub": "Ada", "nbf": now() + 20 })).is_ok());
    let early = check(json!({ "sub": "Ada", "nbf": now() + 40 }));
    assert_eq!(early, Err(JwtError::NotYet));
}

#[test]
fn the_scheme_is_the_apps_choice() {
    let jwt = Jwt::new(key()).with_scheme("Token");
    let token = jwt.issue(&ada()).unwrap();
    let client = client(jwt);
    ask(&client, "/", &format!("Token {token}")).assert_text("Ada");
    let res = ask(&client, "/", &format!("Bearer {token}"));
    res.assert_status(401)
        .assert_header("www-authenticate", "Token");
    let res = ask(&client, "/", "Token x");
    let challenge = "Token error=\"invalid_token\", error_description=\"the token is not valid\"";
    res.assert_header("www-authenticate", challenge);
}

#[test]
fn keys_rotate_by_their_names() {
    let old = || key().with_id("2026-05");
    let new = || JwtKey::random().with_id("2026-06");
    let before = Jwt::new(old()).issue(&ada()).unwrap();
    let jwt = Jwt::new(new()).with_old(old());
    assert_eq!(jwt.check::<Member>(&before), Ok(ada()));
    let after = jwt.issue(&ada()).unwrap();
    assert_eq!(jwt.check::<Member>(&after), Ok(ada()));
    // The old key left.
    let jwt = Jwt::new(new());
    assert_eq!(jwt.check::<Member>(&before), Err(JwtError::UnknownKey));
    // The same name for another key is not enough.
    let jwt = Jwt::new(JwtKey::random().with_id("2026-05"));
    assert_eq!(jwt.check::<Member>(&before), Err(JwtError::Signature));
    // A token without a name is none of a key that has one.
    let nameless = Jwt::new(key()).issue(&ada()).unwrap();
    let jwt = Jwt::new(old());
    assert_eq!(jwt.check::<Member>(&nameless), Err(JwtError::UnknownKey));
    // A key without a name takes tokens by whatever name others know it.
    assert_eq!(Jwt::new(key()).check::<Member>(&before), Ok(ada()));
}

#[test]
fn one_check_serves_a_whole_scope() {
    let jwt = Jwt::new(key());
    let authorization = format!("Bearer {}", jwt.issue(&ada()).unwrap());
    let inner = async |Local(Claims(member)): Local<Claims<Member>>| member.sub;
    let client = App::new()
        .plug(jwt)
        .with(provide::<Claims<Member>>())
        .get("/", inner)
        .test();
    ask(&client, "/", &authorization).assert_text("Ada");
    client.get("/").send().assert_status(401);
    client.get("/nothing").send().assert_status(401);
}

#[test]
fn a_handler_may_check_a_token_from_elsewhere() {
    async fn open(State(jwt): State<Jwt>, body: String) -> Result<String> {
        Ok(jwt.check::<Member>(&body)?.sub)
    }
    let jwt = Jwt::new(key());
    let token = jwt.issue(&ada()).unwrap();
    let client = App::new().plug(jwt).post("/", open).test();
    client.post("/").body(token).send().assert_text("Ada");
    let res = client.post("/").body("x").send();
    res.assert_status(401)
        .assert_contains("the token is not valid");
}

#[test]
fn an_app_inside_has_keys_of_its_own() {
    let (outer, inner) = (Jwt::new(key()), Jwt::new(JwtKey::random()));
    let token = |jwt: &Jwt| format!("Bearer {}", jwt.issue(&ada()).unwrap());
    let (outside, inside) = (token(&outer), token(&inner));
    let client = App::new()
        .plug(outer)
        .get("/", who)
        .mount("/in", App::new().plug(inner).get("/", who))
        .test();
    ask(&client, "/", &outside).assert_text("Ada");
    ask(&client, "/in", &inside).assert_text("Ada");
    ask(&client, "/", &inside).assert_status(401);
    ask(&client, "/in", &outside).assert_status(401);
}

#[test]
fn claims_without_keys_are_build_errors() {
    for app in [App::new().get("/", who), App::new().get("/", maybe)] {
        let error = app.build().unwrap_err().to_string();
        assert!(error.contains("add `.plug(Jwt::new("), "{error}");
        assert!(error.contains("tests/ext_jwt/main.rs:"), "{error}");
    }
}

#[test]
fn options_that_cannot_work_are_build_errors() {
    let named = |id: &str| JwtKey::random().with_id(id);
    let table = [
        (
            Jwt::new(key()).with_leeway(Duration::from_secs(61)),
            "60 s are the most",
        ),
        (Jwt::new(key()).with_lifetime(Duration::ZERO), "name one"),
        (Jwt::new(key()).with_scheme(""), "no scheme"),
        (Jwt::new(key()).with_scheme("To ken"), "no scheme"),
        (Jwt::new(key()).with_old(named("a")), "add `.with_id(..)`"),
        (
            Jwt::new(named("a")).with_old(named("a")),
            "two keys are named `a`",
        ),
    ];
    for (jwt, words) in table {
        let error = App::new().plug(jwt).build().unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn what_cannot_be_issued_is_an_error_of_the_program() {
    let error = Jwt::new(key()).issue("text").unwrap_err();
    assert!(error.to_string().contains("are an object"), "{error}");
    let public = JwtKey::public_pem(keys::ED25519_PUBLIC).unwrap();
    let error = Jwt::new(public).issue(&ada()).unwrap_err();
    assert_eq!(error.status(), 500);
    assert!(error.to_string().contains("signs no token"), "{error}");
}

#[test]
fn claims_that_do_not_fit_are_refused() {
    let jwt = Jwt::new(key());
    let token = jwt.issue(&json!({ "name": "Ada" })).unwrap();
    let error = jwt.check::<Member>(&token).unwrap_err();
    assert!(matches!(error, JwtError::Unfit { .. }), "{error}");
    let res = ask(&client(jwt), "/", &format!("Bearer {token}"));
    res.assert_status(401)
        .assert_contains("the token is not valid");
}

#[test]
fn types_are_told_apart() {
    let access = Jwt::new(key()).with_type("at+jwt");
    let mail = Jwt::new(key()).with_type("mail+jwt");
    let token = access.issue(&ada()).unwrap();
    assert_eq!(access.check::<Member>(&token), Ok(ada()));
    assert_eq!(mail.check::<Member>(&token), Err(JwtError::Type));
    let whole = Jwt::new(key()).with_type("application/AT+JWT");
    assert_eq!(whole.check::<Member>(&token), Ok(ada()));
    let plain = Jwt::new(key()).issue(&ada()).unwrap();
    assert_eq!(access.check::<Member>(&plain), Err(JwtError::Type));
}

#[test]
fn tokens_keep_what_extensions_promise() {
    cepa::testing::ExtensionCheck::new(|| Jwt::new(key()))
        .with_consumer(who)
        .with_consumer(maybe)
        .refuses(|| Jwt::new(key()).with_scheme(""), "no scheme")
        .run();
}

#[test]
fn algorithms_are_named_as_in_tokens() {
    assert_eq!(JwtAlgorithm::EdDsa.to_string(), "EdDSA");
    assert_eq!(key().algorithm().to_string(), "HS256");
}
