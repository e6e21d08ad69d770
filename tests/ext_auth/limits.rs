//! How often a password may be tried, with the clock stopped.

use cepa::auth::Throttle;
use cepa::rate_limit::Quota;
use cepa::sessions::Sessions;
use cepa::testing::{TestClient, TestResponse};
use tokio::time::advance;

use super::app::{MINUTE, Members, PASSWORD, app, app_with, auth};

const ADA: &str = "ada@example.com";

async fn login(client: &TestClient, addr: &str, email: &str, password: &str) -> TestResponse {
    client
        .post("/login")
        .header("x-forwarded-for", addr)
        .header("cookie", "")
        .form(&[("email", email), ("password", password)])
        .await
}

async fn client(members: &Members) -> TestClient {
    let client = app(members).trust_proxies(["loopback"]).test();
    let form = [("email", ADA), ("password", PASSWORD)];
    client.post("/sign-up").form(&form).await.assert_status(303);
    client
}

#[tokio::test(start_paused = true)]
async fn an_account_is_closed_to_an_address_that_guesses_and_open_to_its_owner() {
    let client = client(&Members::default()).await;
    for _ in 0..10 {
        login(&client, "192.0.2.1", ADA, "wrong")
            .await
            .assert_status(401);
    }
    // The right one is not looked at either.
    for password in ["wrong", PASSWORD] {
        let res = login(&client, "192.0.2.1", ADA, password).await;
        res.assert_status(429).assert_header("retry-after", "60");
        res.assert_contains("too many tries: try again in 60 seconds");
    }
    login(&client, "192.0.2.2", ADA, PASSWORD)
        .await
        .assert_status(303);
    login(&client, "192.0.2.1", "bob@example.com", "x")
        .await
        .assert_status(401);
    advance(MINUTE).await;
    login(&client, "192.0.2.1", ADA, PASSWORD)
        .await
        .assert_status(303);
}

#[tokio::test(start_paused = true)]
async fn right_passwords_do_not_count() {
    let client = client(&Members::default()).await;
    for _ in 0..200 {
        login(&client, "192.0.2.1", ADA, PASSWORD)
            .await
            .assert_status(303);
    }
    for _ in 0..9 {
        login(&client, "192.0.2.1", ADA, "wrong")
            .await
            .assert_status(401);
    }
    login(&client, "192.0.2.1", ADA, PASSWORD)
        .await
        .assert_status(303);
    login(&client, "192.0.2.1", ADA, "wrong")
        .await
        .assert_status(401);
    login(&client, "192.0.2.1", ADA, "wrong")
        .await
        .assert_status(429);
}

/// Ten thousand passwords from one address, from everywhere, and for everybody.
#[tokio::test(start_paused = true)]
async fn ten_thousand_tries_get_nowhere() {
    let client = client(&Members::default()).await;
    let mut looked_at = [0; 3];
    for i in 0..10_000_u32 {
        let [_, _, high, low] = i.to_be_bytes();
        let tries = [
            ("192.0.2.1".to_owned(), ADA.to_owned()),
            (format!("198.51.{high}.{low}"), ADA.to_owned()),
            ("203.0.113.1".to_owned(), format!("{i}@example.com")),
        ];
        for (count, (addr, email)) in looked_at.iter_mut().zip(tries) {
            match login(&client, &addr, &email, &format!("guess {i}"))
                .await
                .status()
                .as_u16()
            {
                401 => *count += 1,
                429 => {}
                other => panic!("{other}"),
            }
        }
    }
    // From one address 10; from everywhere what is left of 100; for everybody 50.
    assert_eq!(looked_at, [10, 90, 50]);
    advance(60 * MINUTE).await;
    login(&client, "192.0.2.2", ADA, PASSWORD)
        .await
        .assert_status(303);
}

/// However a name is written that the store takes for the same.
#[tokio::test(start_paused = true)]
async fn another_spelling_is_no_other_account() {
    let members = Members::default();
    let client = client(&members).await;
    for email in [
        "nobody@example.com",
        "Nobody@example.com ",
        "NOBODY@EXAMPLE.COM",
    ] {
        for _ in 0..3 {
            login(&client, "192.0.2.9", email, "wrong")
                .await
                .assert_status(401);
        }
    }
    login(&client, "192.0.2.9", "nobody@example.com", "x")
        .await
        .assert_status(401);
    login(&client, "192.0.2.9", " noBody@example.com", "x")
        .await
        .assert_status(429);
}

/// Whoever is known and whoever is not are stopped alike, however their names are spelt.
#[tokio::test(start_paused = true)]
async fn spelling_tells_nobody_who_is_a_member() {
    let client = client(&Members::default()).await;
    for (addr, name) in [("192.0.2.1", ADA), ("192.0.2.2", "bob@example.com")] {
        let other = name.to_uppercase();
        let mut told = Vec::new();
        for name in [name, &other, name] {
            for _ in 0..5 {
                told.push(login(&client, addr, name, "wrong").await.status().as_u16());
            }
        }
        assert_eq!(told, [[401; 5], [401; 5], [429; 5]].concat(), "{name}");
    }
}

/// The key of a user, typed as a name, is a name.
#[tokio::test(start_paused = true)]
async fn no_name_uses_up_the_tries_of_a_user() {
    let client = client(&Members::default()).await;
    for name in ["=user:1", "user:1", "1"] {
        for i in 0..100 {
            let addr = format!("198.51.100.{i}");
            login(&client, &addr, name, "x").await.assert_status(401);
        }
    }
    login(&client, "192.0.2.1", ADA, PASSWORD)
        .await
        .assert_status(303);
}

/// Both names are of one account.
#[tokio::test(start_paused = true)]
async fn tries_by_all_names_of_an_account_count_together() {
    let client = client(&Members::default()).await;
    let mut looked_at = 0;
    for i in 0..200 {
        let name = [ADA, "member 1"][i % 2];
        let res = login(&client, &format!("198.51.100.{i}"), name, "x").await;
        looked_at += usize::from(res.status() == 401);
    }
    assert_eq!(looked_at, 100);
}

#[tokio::test(start_paused = true)]
async fn networks_of_ipv6_count_as_one_address() {
    let client = client(&Members::default()).await;
    for i in 0..10 {
        let addr = format!("2001:db8:1:2::{i}");
        login(&client, &addr, ADA, "wrong").await.assert_status(401);
    }
    login(&client, "2001:db8:1:2:ffff::1", ADA, "x")
        .await
        .assert_status(429);
    login(&client, "2001:db8:1:3::1", ADA, "x")
        .await
        .assert_status(401);
}

#[tokio::test(start_paused = true)]
async fn the_limits_are_the_apps_choice() {
    let members = Members::default();
    let hour = 60 * MINUTE;
    let throttle = Throttle::new()
        .with_account_from_address(Quota::new(60, hour).with_burst(2))
        .with_account(Quota::new(3, hour))
        .with_address(Quota::new(5, hour));
    let auth = auth(&members).with_throttle(throttle);
    let app = app_with(&members, Sessions::memory(), auth);
    let client = app.trust_proxies(["loopback"]).test();
    let status = async |addr: &str, email: &str| {
        login(&client, addr, email, "wrong").await.status().as_u16()
    };
    assert_eq!(status("192.0.2.1", "a").await, 401);
    assert_eq!(status("192.0.2.1", "a").await, 401);
    assert_eq!(status("192.0.2.1", "a").await, 429, "the pair");
    assert_eq!(status("192.0.2.2", "a").await, 401);
    assert_eq!(status("192.0.2.3", "a").await, 429, "the account");
    assert_eq!(status("192.0.2.1", "b").await, 401);
    assert_eq!(status("192.0.2.1", "c").await, 401);
    assert_eq!(status("192.0.2.1", "d").await, 429, "the address");
}

/// Two trusted proxies that name different clients: one is forged.
#[tokio::test]
async fn a_forged_address_is_refused() {
    let client = client(&Members::default()).await;
    let req = client.post("/login").header("x-forwarded-for", "192.0.2.1");
    let req = req.header("forwarded", "for=192.0.2.2");
    let res = req.form(&[("email", ADA), ("password", PASSWORD)]).await;
    res.assert_status(400);
}
