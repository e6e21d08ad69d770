//! API keys.

use std::sync::{Arc, Mutex};

use cepa::auth::{ApiKey, ApiKeys, OnlyKey};
use cepa::prelude::*;
use cepa::testing::{TestClient, TestResponse};

#[derive(Clone, Debug)]
struct Shop(&'static str);

type Kept = Arc<Mutex<Vec<(String, String, Shop)>>>;

fn kept(keys: &[(&ApiKey, &'static str)]) -> Kept {
    let of = |(key, name): &(&ApiKey, &'static str)| {
        (key.id().to_owned(), key.hash().to_owned(), Shop(name))
    };
    Arc::new(Mutex::new(keys.iter().map(of).collect()))
}

fn client(kept: &Kept) -> TestClient {
    let find = |kept: &Kept| {
        let kept = kept.clone();
        move |id: String| {
            let all = kept.lock().unwrap();
            let found = all.iter().find(|it| it.0 == id);
            let found = found.map(|(_, hash, shop)| (hash.clone(), shop.clone()));
            async { Ok::<_, Error>(found) }
        }
    };
    let owner = async |Local(shop): Local<Shop>| shop.0;
    let maybe = async |shop: Option<Local<Shop>>| shop.map_or("nobody", |Local(shop)| shop.0);
    let public = async || {
        "stock"
            .into_response()
            .with_header("cache-control", "public, max-age=60")
    };
    App::new()
        .get("/", owner.with(ApiKeys::new("shop", find(kept))))
        .get("/public", public.with(ApiKeys::new("shop", find(kept))))
        .get(
            "/maybe",
            maybe.with(ApiKeys::new("shop", find(kept)).optional()),
        )
        .test()
}

#[test]
fn a_key_says_whose_it_is() {
    let (one, two) = (ApiKey::random("shop"), ApiKey::random("shop"));
    let kept = kept(&[(&one, "Onions"), (&two, "Leeks")]);
    let client = client(&kept);
    for (key, name) in [(&one, "Onions"), (&two, "Leeks")] {
        client
            .get("/")
            .header("x-api-key", key.text())
            .send()
            .assert_text(name);
        let bearer = format!("bearer {}", key.text());
        client
            .get("/")
            .header("authorization", bearer)
            .send()
            .assert_text(name);
    }
    kept.lock().unwrap().remove(0);
    let res = client.get("/").header("x-api-key", one.text()).send();
    res.assert_status(401);
}

#[test]
fn what_is_no_key_is_refused() {
    let (key, other) = (ApiKey::random("shop"), ApiKey::random("shop"));
    let kept = kept(&[(&key, "Onions"), (&other, "Leeks")]);
    let client = client(&kept);
    let secret = |key: &ApiKey| key.text().rsplit('_').next().unwrap().to_owned();
    let forged = [
        format!("shop_{}_{}", key.id(), secret(&other)),
        format!("shop_{}_{}", key.id(), "0".repeat(48)),
        format!("shop_{}_", key.id()),
        format!("shop_{}", key.id()),
        format!("shop_{}_{}", key.id(), key.hash()),
        format!("shops_{}_{}", key.id(), secret(&key)),
        format!("{}0", key.text()),
        key.text().to_uppercase(),
        key.text()[..key.text().len() - 1].to_owned(),
        key.text().replace('_', "-"),
        "shop__".to_owned(),
        "x".to_owned(),
        String::new(),
    ];
    for text in forged {
        for path in ["/", "/maybe"] {
            let res = client.get(path).header("x-api-key", &*text).send();
            res.assert_status(401);
            res.assert_header("www-authenticate", "Bearer error=\"invalid_token\"");
        }
    }
    // A hash that is none in the store lets nobody in.
    kept.lock().unwrap()[0].1.clear();
    client
        .get("/")
        .header("x-api-key", key.text())
        .send()
        .assert_status(401);
}

#[test]
fn a_request_without_a_key_is_nobodys() {
    let key = ApiKey::random("shop");
    let client = client(&kept(&[(&key, "Onions")]));
    client.get("/maybe").send().assert_text("nobody");
    let res = client.get("/").send();
    res.assert_status(401)
        .assert_header("www-authenticate", "Bearer");
    // A token of another kind is none.
    let jwt = client
        .get("/maybe")
        .header("authorization", "Bearer eyJhbGciOiJ.e30.x");
    jwt.send().assert_text("nobody");
    let both = client.get("/").header("x-api-key", key.text());
    let both = both.header("authorization", format!("Bearer {}", key.text()));
    both.send().assert_status(400);
}

#[test]
fn what_one_shop_gets_is_given_to_no_other_by_a_cache() {
    let key = ApiKey::random("shop");
    let client = client(&kept(&[(&key, "Onions")]));
    let vary = |res: &TestResponse| -> Vec<String> {
        let lines = res.headers().get_all("vary").iter();
        lines.map(|it| it.to_str().unwrap().to_owned()).collect()
    };
    let both = ["authorization".to_owned(), "x-api-key".to_owned()];
    for (path, text, cache) in [
        ("/", key.text(), Some("private")),
        ("/maybe", key.text(), Some("private")),
        ("/public", key.text(), Some("public, max-age=60")),
        ("/", "x", None),
    ] {
        let res = client.get(path).header("x-api-key", text).send();
        assert_eq!(res.header("cache-control"), cache, "{path}");
        // An error varies by `Accept` too.
        let vary = vary(&res);
        assert!(vary.ends_with(&both), "{path}: {vary:?}");
    }
    let res = client.get("/maybe").send();
    assert_eq!(res.header("cache-control"), None);
    assert_eq!(vary(&res), both);
}

#[test]
fn a_prefix_is_a_word() {
    let find = |_: String| async { Ok(None::<(String, Shop)>) };
    let error = App::new().with(ApiKeys::new("a-b", find)).build();
    let told = error.unwrap_err().to_string();
    assert!(told.contains("`a-b` is no prefix"), "{told}");
}

#[test]
fn the_only_key_needs_no_store() {
    let (key, other) = (ApiKey::random("shop"), ApiKey::random("shop"));
    // As variables have it.
    let keys = ApiKeys::only("shop", &format!("{}\n", key.text()));
    assert!(!format!("{keys:?}").contains(key.hash()));
    let client = App::new()
        .with(keys.optional())
        .get("/", async |key: Option<Local<OnlyKey>>| {
            format!("{:?}", key.map(|Local(key)| key))
        })
        .test();
    let res = client.get("/").header("x-api-key", key.text()).send();
    res.assert_contains(key.id());
    assert!(!res.text().contains(key.hash()), "{res:?}");
    client.get("/").send().assert_text("None");
    // A text with the same id has another secret.
    let secret = other.text().rsplit('_').next().unwrap();
    let forged = format!("shop_{}_{secret}", key.id());
    for text in [other.text(), &forged, "", "shop__"] {
        let res = client.get("/").header("x-api-key", text).send();
        res.assert_status(401);
    }
}

#[test]
fn a_text_that_is_no_key_does_not_build() {
    let other = ApiKey::random("store");
    let text = other.text().replace("store_", "shop");
    for text in ["", "hunter2", other.text(), &text, "shop_1_2"] {
        let keys = ApiKeys::only("shop", text);
        let app = App::new().with(keys).get("/", async || "");
        let error = app.build().unwrap_err().to_string();
        let fix = "echo shop_$(openssl rand -hex 8)_$(openssl rand -hex 24)";
        assert!(
            error.contains("`ApiKeys`: the text is no API key"),
            "{error}"
        );
        assert!(error.contains(fix), "{error}");
        assert!(text.is_empty() || !error.contains(text), "{error}");
    }
    let app = App::new()
        .with(ApiKeys::only("", "_1_2"))
        .get("/", async || "");
    let error = app.build().unwrap_err().to_string();
    assert!(error.contains("is no prefix of API keys"), "{error}");
}

/// A bearer that is no JWT is one that was forged or cut off, and nobody else's to judge.
#[cfg(feature = "jwt")]
#[test]
fn beside_jwts_a_key_is_sent_in_its_own_header() {
    use cepa::jwt::{Claims, Jwt, JwtKey};

    let key = ApiKey::random("shop");
    let who = async |claims: Option<Claims<Value>>, key: Option<Local<OnlyKey>>| {
        format!("{} {}", claims.is_some(), key.is_some())
    };
    let jwt = Jwt::new(JwtKey::random());
    let token = jwt.issue(&json!({ "sub": "42" })).unwrap();
    let app = |jwt: Jwt| {
        let keys = ApiKeys::only("shop", key.text()).optional();
        App::new().plug(jwt).with(keys).get("/", who).test()
    };
    let client = app(jwt);
    client.get("/").send().assert_text("false false");
    client
        .get("/")
        .header("x-api-key", key.text())
        .send()
        .assert_text("false true");
    let bearer = |text: &str| format!("Bearer {text}");
    let with = |text: &str| client.get("/").header("authorization", bearer(text)).send();
    with(&token).assert_text("true false");
    with(key.text()).assert_status(401);
    with("x").assert_status(401);
    let client = app(Jwt::new(JwtKey::random()).with_scheme("Token"));
    let res = client.get("/").header("authorization", bearer(key.text()));
    res.send().assert_text("false true");
}
