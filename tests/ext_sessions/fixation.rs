//! Nobody gets into a session by an id from before somebody signed in, or by one of their own making.

use cepa::cookies::Keys;
use cepa::prelude::*;
#[cfg(feature = "sessions-redis")]
use cepa::sessions::RedisStore;
use cepa::sessions::{MemoryStore, Sessions};
use cepa::testing::TestClient;

use crate::{id_in, routes};

fn client() -> TestClient {
    App::new().plug(Sessions::memory()).plug(routes).test()
}

/// Asks with this id, whatever the client keeps.
fn ask(client: &TestClient, path: &str, id: &str) -> String {
    let res = client
        .get(path)
        .header("cookie", format!("session={id}"))
        .send();
    res.text().to_owned()
}

#[test]
fn an_id_that_a_client_made_up_is_never_adopted() {
    let client = client();
    let planted = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY";
    let res = client
        .post("/set/a/1")
        .header("cookie", format!("session={planted}"))
        .send();
    let id = id_in(&res);
    assert_ne!(id, planted);
    assert_eq!(ask(&client, "/get/a", planted), "nothing");
    assert_eq!(ask(&client, "/get/a", &id), "1");
}

#[test]
fn who_signs_in_gets_a_new_id_and_the_old_one_is_worthless() {
    for path in ["/bind/ada", "/renew"] {
        let client = client();
        let before = id_in(&client.post("/set/basket/onion").send());
        let after = id_in(&client.post(path).send());
        assert_ne!(before, after);
        assert_eq!(ask(&client, "/get/basket", &before), "nothing");
        assert_eq!(ask(&client, "/user", &before), "nobody");
        // What was in the session before is still there.
        assert_eq!(ask(&client, "/get/basket", &after), "onion");
        let user = if path == "/renew" { "nobody" } else { "ada" };
        assert_eq!(ask(&client, "/user", &after), user);
    }
}

#[test]
fn a_session_that_was_planted_does_not_become_that_of_its_victim() {
    let attacker = client();
    let planted = id_in(&attacker.post("/set/a/evil").send());
    let cookie = format!("session={planted}");
    let signed_in = id_in(
        &attacker
            .post("/bind/victim")
            .header("cookie", &cookie)
            .send(),
    );
    assert_eq!(ask(&attacker, "/user", &signed_in), "victim");
    assert_eq!(ask(&attacker, "/user", &planted), "nobody");
    // Nor can it be written to with the old id.
    attacker
        .post("/set/a/worse")
        .header("cookie", &cookie)
        .send();
    assert_eq!(ask(&attacker, "/get/a", &signed_in), "evil");
}

#[test]
fn values_of_one_user_do_not_pass_to_the_next_one() {
    let client = client();
    client.post("/set/basket/onion").send();
    client.post("/bind/ada").send();
    client.post("/set/secret/1").send();
    client.post("/bind/ada").send();
    client.get("/get/secret").send().assert_text("1");
    client.post("/bind/bob").send();
    client.get("/user").send().assert_text("bob");
    client.get("/get/secret").send().assert_text("nothing");
    client.get("/get/basket").send().assert_text("nothing");
}

/// Of two kinds of sessions that one store or secret keeps, such as those of members and of admins.
#[test]
fn the_id_of_one_cookie_is_worth_nothing_in_another() {
    type Make = Box<dyn Fn() -> Sessions>;
    let store = MemoryStore::new();
    let keys = Keys::random();
    #[cfg_attr(
        not(feature = "sessions-redis"),
        expect(unused_mut, reason = "nothing is added")
    )]
    let mut makes: Vec<Make> = vec![
        Box::new(move || Sessions::new(store.clone())),
        Box::new(move || Sessions::cookie(&keys)),
    ];
    #[cfg(feature = "sessions-redis")]
    if let Ok(url) = std::env::var("CEPA_TEST_REDIS") {
        makes.push(Box::new(move || {
            Sessions::new(RedisStore::new(&url).unwrap())
        }));
    }
    for sessions in makes {
        let part = |name: &'static str| App::new().plug(sessions().with_cookie_name(name));
        let client = App::new()
            .mount("/members", part("session").plug(routes))
            .mount("/admins", part("admin").plug(routes))
            .test();
        let member = id_in(&client.post("/members/bind/1").send());
        let admin = id_in(&client.post("/admins/bind/1").send());
        let ask = |path: &str, cookie: String| {
            let res = client.get(path).header("cookie", cookie).send();
            res.text().to_owned()
        };
        assert_eq!(ask("/members/user", format!("session={member}")), "1");
        assert_eq!(ask("/admins/user", format!("admin={admin}")), "1");
        assert_eq!(ask("/admins/user", format!("admin={member}")), "nobody");
        assert_eq!(ask("/members/user", format!("session={admin}")), "nobody");
    }
}

#[test]
fn somebody_can_sign_in_without_a_session_before() {
    let client = client();
    client.post("/bind/ada").send().assert_status(200);
    client.get("/user").send().assert_text("ada");
}
