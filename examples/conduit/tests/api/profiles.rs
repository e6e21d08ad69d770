//! Profiles, and who follows whom.

use super::{Conduit, assert_refused};
use cepa::prelude::*;

#[test]
fn following_is_seen_by_who_follows_and_can_be_repeated() {
    for conduit in Conduit::each() {
        let (ada, bob) = (conduit.user("ada"), conduit.user("bob"));
        let following = |token: &str| {
            let res = conduit.get("/profiles/bob", token);
            res.assert_status(200);
            res.json::<Value>()["profile"]["following"].clone()
        };
        for _ in 0..2 {
            let res = conduit.post("/profiles/bob/follow", &ada, Value::Null);
            res.assert_status(200);
            assert_eq!(res.json::<Value>()["profile"]["following"], true);
        }
        assert_eq!(following(&ada), true);
        assert_eq!(following(&bob), false);
        assert_eq!(following(""), false);
        for _ in 0..2 {
            let res = conduit.delete("/profiles/bob/follow", &ada);
            res.assert_status(200);
            assert_eq!(res.json::<Value>()["profile"]["following"], false);
        }
        assert_eq!(following(&ada), false);
    }
}

#[test]
fn nobody_has_no_profile() {
    let conduit = Conduit::new();
    let ada = conduit.user("ada");
    assert_refused(&conduit.get("/profiles/nobody", ""), 404, &["profile"]);
    let res = conduit.post("/profiles/nobody/follow", &ada, Value::Null);
    assert_refused(&res, 404, &["profile"]);
    let res = conduit.post("/profiles/ada/follow", "", Value::Null);
    assert_refused(&res, 401, &["token"]);
}
