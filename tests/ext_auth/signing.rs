//! Signing in and out, and what ends a session.

use cepa::auth::{CurrentUser, Passwords};
use cepa::cookies::Keys;
use cepa::prelude::*;
use cepa::sessions::{Session, Sessions};

use super::app::{Member, Members, PASSWORD, app, app_with, auth};
use super::browser::Browser;

const ADA: &str = "ada@example.com";

#[test]
fn somebody_signs_up_out_and_in() {
    let members = Members::default();
    let client = app(&members).test();
    let browser = Browser::new(&client);
    browser.get("/").assert_text("stranger");
    browser.get("/me").assert_status(401);
    browser.sign_up(ADA);
    browser.get("/me").assert_text(ADA);
    browser.get("/").assert_text(ADA);
    browser.post("/logout", &[]).assert_status(303);
    assert_eq!(browser.cookies(), "");
    browser.get("/me").assert_status(401);
    browser
        .login(ADA, PASSWORD)
        .assert_status(303)
        .assert_header("location", "/me");
    browser.get("/me").assert_text(ADA);
    let hash = members.get(ADA).unwrap().password;
    assert!(hash.starts_with("$argon2id$v=19$"), "{hash}");
}

#[test]
fn a_wrong_password_and_an_unknown_name_are_told_alike() {
    let members = Members::default();
    let client = app(&members).test();
    Browser::new(&client).sign_up(ADA);
    let browser = Browser::new(&client);
    let wrong = browser.login(ADA, "leek onion garlik");
    let unknown = browser.login("bob@example.com", PASSWORD);
    for res in [&wrong, &unknown] {
        res.assert_status(401);
        assert_eq!(res.header("set-cookie"), None);
    }
    assert_eq!(wrong.text(), unknown.text());
    for (name, password) in [
        (ADA, ""),
        ("", PASSWORD),
        ("", ""),
        (ADA, &*"x".repeat(10_000)),
    ] {
        browser.login(name, password).assert_status(401);
    }
}

/// Somebody put a session into the browser of another, and waits.
#[test]
fn signing_in_changes_the_id_of_the_session() {
    let members = Members::default();
    let client = app(&members).test();
    Browser::new(&client).sign_up(ADA);
    let attacker = Browser::new(&client);
    attacker.post("/basket/onions", &[]);
    let planted = attacker.cookies();
    assert!(planted.starts_with("session="));
    let victim = attacker.stolen();
    victim.login(ADA, PASSWORD).assert_status(303);
    assert_ne!(victim.cookies(), planted);
    victim.get("/me").assert_text(ADA);
    victim.get("/basket").assert_text("onions");
    attacker.get("/me").assert_status(401);
    attacker.get("/basket").assert_text("");
}

/// Whoever copied the cookie may do no more than before.
#[test]
fn a_password_that_is_asked_for_again_changes_the_id_too() {
    let members = Members::default();
    let client = app(&members).test();
    let browser = Browser::new(&client);
    browser.sign_up(ADA);
    let confirm = |password: &str| browser.send(client.post("/confirm").body(password.to_owned()));
    let thief = browser.stolen();
    confirm("wrong").assert_text("false");
    thief.get("/me").assert_text(ADA);
    confirm(PASSWORD).assert_text("true");
    browser.get("/me").assert_text(ADA);
    thief.get("/me").assert_status(401);
}

#[test]
fn a_cookie_is_worth_nothing_after_signing_out() {
    let members = Members::default();
    let client = app(&members).test();
    let browser = Browser::new(&client);
    browser.sign_up(ADA);
    let thief = browser.stolen();
    thief.get("/me").assert_text(ADA);
    browser.post("/logout", &[]);
    thief.get("/me").assert_status(401);
    thief.get("/").assert_text("stranger");
}

#[test]
fn signing_in_again_ends_the_session_before() {
    let members = Members::default();
    let client = app(&members).test();
    let browser = Browser::new(&client);
    browser.sign_up(ADA);
    let before = browser.stolen();
    browser.login(ADA, PASSWORD).assert_status(303);
    before.get("/me").assert_status(401);
    browser.get("/me").assert_text(ADA);
}

#[test]
fn what_one_user_left_is_not_the_next_ones() {
    let members = Members::default();
    let client = app(&members).test();
    Browser::new(&client).sign_up("bob@example.com");
    let browser = Browser::new(&client);
    browser.sign_up(ADA);
    browser.post("/basket/onions", &[]);
    browser
        .login("bob@example.com", PASSWORD)
        .assert_status(303);
    browser.get("/me").assert_text("bob@example.com");
    browser.get("/basket").assert_text("");
}

#[test]
fn somebody_who_is_gone_is_signed_out_at_the_next_request() {
    let members = Members::default();
    let client = app(&members).test();
    let browser = Browser::new(&client);
    browser.sign_up(ADA);
    members.remove(ADA);
    browser.get("/me").assert_status(401);
    assert_eq!(browser.cookies(), "", "the session ended");
}

#[test]
fn a_session_that_is_emptied_is_that_of_its_user_still() {
    let members = Members::default();
    let client = app(&members).test();
    let browser = Browser::new(&client);
    browser.sign_up(ADA);
    browser.post("/basket/onions", &[]);
    for _ in 0..2 {
        browser.post("/clear", &[]).assert_status(200);
        browser.get("/basket").assert_text("");
        browser.get("/me").assert_text(ADA);
    }
}

#[test]
fn an_id_that_is_given_again_brings_no_sessions_along() {
    let members = Members::default();
    let client = app(&members).test();
    let browser = Browser::new(&client);
    browser.sign_up(ADA);
    members.remove(ADA);
    assert_eq!(members.add("bob@example.com", "").id, 1);
    browser.get("/me").assert_status(401);
}

#[test]
fn a_store_that_is_down_signs_nobody_out() {
    let members = Members::default();
    let client = app(&members).test();
    let browser = Browser::new(&client);
    browser.sign_up(ADA);
    *members.broken.lock().unwrap() = true;
    browser.get("/me").assert_status(503);
    browser.get("/").assert_status(503);
    browser.login(ADA, PASSWORD).assert_status(503);
    *members.broken.lock().unwrap() = false;
    browser.get("/me").assert_text(ADA);
}

#[test]
fn another_password_ends_the_other_sessions() {
    let members = Members::default();
    let client = app(&members).test();
    let browser = Browser::new(&client);
    browser.sign_up(ADA);
    browser.post("/basket/onions", &[]);
    let other = Browser::new(&client);
    other.login(ADA, PASSWORD);
    other.get("/me").assert_text(ADA);
    let thief = browser.stolen();
    let change = |old: &str, new: &str| browser.post("/change", &[("old", old), ("new", new)]);
    change("wrong", "garlic onion leek").assert_status(403);
    change(PASSWORD, "12345678")
        .assert_status(422)
        .assert_contains("most common");
    change(PASSWORD, "ada@example.com")
        .assert_status(422)
        .assert_contains("a name");
    other.get("/me").assert_text(ADA);
    change(PASSWORD, "garlic onion leek").assert_text("changed");
    browser.get("/me").assert_text(ADA);
    browser.get("/basket").assert_text("onions");
    for ended in [other, thief] {
        ended.get("/me").assert_status(401);
        ended.get("/").assert_text("stranger");
    }
    let fresh = Browser::new(&client);
    fresh.login(ADA, PASSWORD).assert_status(401);
    fresh.login(ADA, "garlic onion leek").assert_status(303);
}

/// By somebody who knows the database only, such as an administrator.
#[test]
fn a_password_that_is_changed_elsewhere_ends_all_sessions() {
    let members = Members::default();
    let client = app(&members).test();
    let browser = Browser::new(&client);
    browser.sign_up(ADA);
    Browser::new(&client).sign_up("bob@example.com");
    let other = members.get("bob@example.com").unwrap().password;
    members.change(ADA, |it| it.password = other);
    browser.get("/me").assert_status(401);
}

#[test]
fn sessions_in_cookies_end_with_the_password_too() {
    let members = Members::default();
    let sessions = Sessions::cookie(&Keys::random());
    let client = app_with(&members, sessions, auth(&members)).test();
    let browser = Browser::new(&client);
    browser.sign_up(ADA);
    let thief = browser.stolen();
    thief.get("/me").assert_text(ADA);
    let change = [("old", PASSWORD), ("new", "garlic onion leek")];
    browser.post("/change", &change).assert_text("changed");
    browser.get("/me").assert_text(ADA);
    thief.get("/me").assert_status(401);
}

#[test]
fn somebody_signs_out_everywhere() {
    let members = Members::default();
    let client = app(&members).test();
    let browser = Browser::new(&client);
    browser.sign_up(ADA);
    let other = Browser::new(&client);
    other.login(ADA, PASSWORD);
    let bob = Browser::new(&client);
    bob.sign_up("bob@example.com");
    browser.post("/everywhere", &[]).assert_status(200);
    browser.get("/me").assert_status(401);
    other.get("/me").assert_status(401);
    bob.get("/me").assert_text("bob@example.com");
}

/// Rather than to say that it is done.
#[test]
fn sessions_in_cookies_cannot_be_ended_everywhere() {
    let members = Members::default();
    let sessions = Sessions::cookie(&Keys::random());
    let client = app_with(&members, sessions, auth(&members)).test();
    let browser = Browser::new(&client);
    browser.sign_up(ADA);
    let res = browser.post("/everywhere", &[]);
    res.assert_status(500);
    let error = res.error().unwrap().to_string();
    assert!(error.contains("use a store for that"), "{error}");
    browser.get("/me").assert_text(ADA);
}

#[test]
fn a_hash_of_before_is_made_anew_and_sessions_stay() {
    let members = Members::default();
    let old = app(&members).test();
    Browser::new(&old).sign_up(ADA);
    let hash = members.get(ADA).unwrap().password;
    let stronger = auth(&members).with_passwords(Passwords::for_tests().with_iterations(2));
    let client = app_with(&members, Sessions::memory(), stronger).test();
    // Somebody signed in before that, and one who does now.
    let mark = Browser::new(&client);
    mark.login(ADA, PASSWORD).assert_status(303);
    let renewed = members.get(ADA).unwrap().password;
    assert!(renewed.contains("t=2") && hash.contains("t=1"), "{renewed}");
    mark.get("/me").assert_text(ADA);
    members.change(ADA, |it| it.password = hash);
    mark.get("/me").assert_text(ADA);
    let other = Browser::new(&client);
    other.login(ADA, "wrong password").assert_status(401);
    assert!(members.get(ADA).unwrap().password.contains("t=1"));
    other.login(ADA, PASSWORD).assert_status(303);
    mark.get("/me").assert_text(ADA);
    other.get("/me").assert_text(ADA);
}

/// A hash of the present cost is made while somebody changes the password: the change stays.
#[test]
fn a_login_undoes_no_change_of_the_password() {
    let members = Members::default();
    let old = app(&members).test();
    Browser::new(&old).sign_up(ADA);
    Browser::new(&old).sign_up("bob@example.com");
    let other = members.get("bob@example.com").unwrap().password;
    let stronger = auth(&members).with_passwords(Passwords::for_tests().with_iterations(2));
    let client = app_with(&members, Sessions::memory(), stronger).test();
    *members.meanwhile.lock().unwrap() = Some(other.clone());
    let browser = Browser::new(&client);
    browser.login(ADA, PASSWORD).assert_status(401);
    assert_eq!(members.get(ADA).unwrap().password, other);
}

#[test]
fn of_two_changes_of_the_password_the_first_stays() {
    let members = Members::default();
    let client = app(&members).test();
    let browser = Browser::new(&client);
    browser.sign_up(ADA);
    Browser::new(&client).sign_up("bob@example.com");
    let before = members.get(ADA).unwrap().password;
    let change = || {
        browser.post(
            "/change",
            &[("old", PASSWORD), ("new", "garlic onion leek")],
        )
    };
    let other = members.get("bob@example.com").unwrap().password;
    *members.meanwhile.lock().unwrap() = Some(other.clone());
    change()
        .assert_status(409)
        .assert_contains("changed meanwhile");
    assert_eq!(members.get(ADA).unwrap().password, other);
    // Another hash of the same password, as a login makes it, is no change.
    members.change(ADA, |it| it.password.clone_from(&before));
    browser.login(ADA, PASSWORD).assert_status(303);
    let anew = before.replace("t=1", "t=2");
    *members.meanwhile.lock().unwrap() = Some(anew);
    change().assert_text("changed");
    browser.get("/me").assert_text(ADA);
    Browser::new(&client)
        .login(ADA, "garlic onion leek")
        .assert_status(303);
}

#[test]
fn the_user_is_asked_for_once_in_a_request() {
    async fn middleware(user: Option<CurrentUser<Member>>, req: Request, next: Next) -> Response {
        drop(user);
        next.run(req).await
    }
    let members = Members::default();
    let client = app(&members)
        .with(middleware)
        .get(
            "/twice",
            async |a: CurrentUser<Member>, b: Option<CurrentUser<Member>>| {
                format!("{} {}", a.email, b.is_some())
            },
        )
        .test();
    let browser = Browser::new(&client);
    browser.sign_up(ADA);
    let before = *members.asked.lock().unwrap();
    browser.get("/twice").assert_text("ada@example.com true");
    assert_eq!(*members.asked.lock().unwrap(), before + 1);
    browser.get("/club/paid").assert_status(403);
    assert_eq!(*members.asked.lock().unwrap(), before + 2);
    Browser::new(&client).get("/").assert_text("stranger");
    assert_eq!(
        *members.asked.lock().unwrap(),
        before + 2,
        "a stranger is none of its business"
    );
}

#[test]
fn strangers_get_no_cookie_and_no_session() {
    let client = app(&Members::default()).test();
    for path in ["/", "/me", "/club", "/admin", "/login"] {
        let res = client.get(path).send();
        assert_eq!(res.header("set-cookie"), None, "{path}");
    }
}

/// A session that the app binds itself is of nobody who signed in here.
#[test]
fn a_session_of_something_else_is_nobodys() {
    let members = Members::default();
    let client = app(&members)
        .post("/bind", async |session: Session| {
            session.bind_user("user:1")
        })
        .post("/forge", async |session: Session| {
            session.insert("cepa.auth", "x")
        })
        .test();
    Browser::new(&client).sign_up(ADA);
    let browser = Browser::new(&client);
    browser.post("/bind", &[]).assert_status(200);
    browser.get("/me").assert_status(401);
    browser.post("/bind", &[]);
    browser.post("/forge", &[]);
    browser.get("/me").assert_status(401);
}
