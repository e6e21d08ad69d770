//! Links in mails: to set a new password, and to show that an address is one's own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cepa::auth::{AuthSession, TokenRecord, TokenStore};
use cepa::prelude::*;
use cepa::sessions::Sessions;
use cepa::testing::TestClient;
use tokio::time::advance;

use super::app::{MINUTE, Member, Members, PASSWORD, app, app_with, auth};
use super::browser::Browser;

const ADA: &str = "ada@example.com";

/// What was sent: to whom, and which token.
#[derive(Clone, Default)]
struct Mails(Arc<Mutex<Vec<(String, String)>>>);

async fn forgot(
    auth: AuthSession<Member>,
    State(mails): State<Mails>,
    Path(email): Path<String>,
) -> Result<&'static str> {
    let send = async move |member: Member, token: String| {
        mails.0.lock().unwrap().push((member.email, token));
    };
    auth.request_reset(&email, send).await?;
    Ok("look into your mails")
}

async fn reset(
    auth: AuthSession<Member>,
    Path(token): Path<String>,
    Form(form): Form<Vec<(String, String)>>,
) -> Result<String> {
    let member = auth.reset_password(&token, &form[0].1).await?;
    Ok(member.or_not_found("this link is no longer good")?.email)
}

async fn verify_link(
    auth: AuthSession<Member>,
    Path((email, seconds)): Path<(String, u64)>,
    State(members): State<Members>,
) -> Result<String> {
    let member = members.get(&email).or_not_found("nobody")?;
    auth.issue_token("verify", &member, Duration::from_secs(seconds))
        .await
}

async fn verify(
    auth: AuthSession<Member>,
    Path((purpose, token)): Path<(String, String)>,
) -> Result<String> {
    let member = auth.redeem_token(&purpose, &token).await?;
    Ok(member.or_not_found("this link is no longer good")?.email)
}

fn with_links(app: App, mails: &Mails) -> TestClient {
    app.state(mails.clone())
        .post("/forgot/{email}", forgot)
        .post("/reset/{token}", reset)
        .post("/link/{email}/{seconds}", verify_link)
        .post("/verify/{purpose}/{token}", verify)
        .test()
}

/// The mails, once there are so many.
fn mails(client: &TestClient, mails: &Mails, count: usize) -> Vec<(String, String)> {
    client.block_on(async {
        let wait = async {
            while mails.0.lock().unwrap().len() < count {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(10), wait).await;
        waited.expect("the mails are sent");
    });
    mails.0.lock().unwrap().clone()
}

#[test]
fn a_new_password_is_set_by_a_link_once() {
    let (members, sent) = (Members::default(), Mails::default());
    let client = with_links(app(&members), &sent);
    let browser = Browser::new(&client);
    browser.sign_up(ADA);
    let stranger = Browser::new(&client);
    stranger
        .post(&format!("/forgot/{ADA}"), &[])
        .assert_text("look into your mails");
    let (to, token) = mails(&client, &sent, 1).remove(0);
    assert_eq!((&*to, token.len()), (ADA, 43));
    let set = |token: &str, password: &str| {
        stranger.post(&format!("/reset/{token}"), &[("password", password)])
    };
    // What may not be chosen leaves the link good.
    set(&token, "short").assert_status(422);
    set(&token, "ada@example.com").assert_status(422);
    set(&token, "garlic onion leek").assert_text(ADA);
    set(&token, "garlic onion leek 2").assert_status(404);
    browser.get("/me").assert_status(401);
    stranger.get("/me").assert_status(401);
    browser.login(ADA, PASSWORD).assert_status(401);
    browser.login(ADA, "garlic onion leek").assert_status(303);
}

#[test]
fn nobody_learns_who_is_a_member() {
    let (members, sent) = (Members::default(), Mails::default());
    let client = with_links(app(&members), &sent);
    Browser::new(&client).sign_up(ADA);
    let stranger = Browser::new(&client);
    let unknown = stranger.post("/forgot/bob@example.com", &[]);
    let known = stranger.post(&format!("/forgot/{ADA}"), &[]);
    assert_eq!(unknown.text(), known.text());
    assert_eq!(unknown.headers().len(), known.headers().len());
    assert_eq!(mails(&client, &sent, 1).len(), 1);
    client.stop();
    assert_eq!(sent.0.lock().unwrap().len(), 1);
}

#[test]
fn five_mails_in_an_hour_are_enough() {
    let (members, sent) = (Members::default(), Mails::default());
    let client = with_links(app(&members), &sent);
    Browser::new(&client).sign_up(ADA);
    let stranger = Browser::new(&client);
    for name in [ADA, "bob@example.com"] {
        let ask = || stranger.post(&format!("/forgot/{name}"), &[]);
        for _ in 0..5 {
            ask().assert_status(200);
        }
        let res = ask();
        res.assert_status(429);
        assert!(res.header("retry-after").is_some());
    }
    assert_eq!(mails(&client, &sent, 5).len(), 5);
}

/// By whatever names they ask, and nobody learns that two of them are one's.
#[test]
fn five_mails_in_an_hour_are_enough_for_one_member() {
    let (members, sent) = (Members::default(), Mails::default());
    let client = with_links(app(&members), &sent);
    Browser::new(&client).sign_up(ADA);
    let stranger = Browser::new(&client);
    for name in [ADA, "member 1"] {
        for _ in 0..5 {
            let res = stranger.post(&format!("/forgot/{name}").replace(' ', "%20"), &[]);
            res.assert_status(200);
        }
    }
    client.stop();
    assert_eq!(sent.0.lock().unwrap().len(), 5);
}

#[test]
fn a_link_is_for_one_purpose_one_time_and_one_password() {
    let (members, sent) = (Members::default(), Mails::default());
    let client = with_links(app(&members), &sent);
    let browser = Browser::new(&client);
    browser.sign_up(ADA);
    let link = |seconds: u64| {
        let res = browser.post(&format!("/link/{ADA}/{seconds}"), &[]);
        res.text().to_owned()
    };
    let verify =
        |purpose: &str, token: &str| browser.post(&format!("/verify/{purpose}/{token}"), &[]);
    let token = link(60);
    verify("other", &token).assert_status(404);
    verify("verify", &token).assert_text(ADA);
    verify("verify", &token).assert_status(404);
    // Over before it is used.
    verify("verify", &link(0)).assert_status(404);
    // Of a password that is none any more.
    let (before, reset) = (link(60), link(60));
    let res = browser.post(
        &format!("/reset/{reset}"),
        &[("password", "garlic onion leek")],
    );
    res.assert_status(404);
    let change = [("old", PASSWORD), ("new", "garlic onion leek")];
    browser.post("/change", &change).assert_text("changed");
    verify("verify", &before).assert_status(404);
    // Of somebody who is gone.
    let token = link(60);
    members.remove(ADA);
    verify("verify", &token).assert_status(404);
}

#[tokio::test(start_paused = true)]
async fn a_link_to_set_a_password_ends_after_half_an_hour() {
    let (members, sent) = (Members::default(), Mails::default());
    let client = with_links(app(&members), &sent);
    let typed = [("email", ADA), ("password", PASSWORD)];
    client
        .post("/sign-up")
        .form(&typed)
        .await
        .assert_status(303);
    let link = async || {
        sent.0.lock().unwrap().clear();
        client
            .post(format!("/forgot/{ADA}"))
            .await
            .assert_status(200);
        while sent.0.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        let (_, token) = sent.0.lock().unwrap().remove(0);
        format!("/reset/{token}")
    };
    let set = async |link: &str| {
        let password = [("password", "garlic onion leek")];
        client.post(link).form(&password).await.status().as_u16()
    };
    let late = link().await;
    advance(30 * MINUTE).await;
    assert_eq!(set(&late).await, 404);
    let just = link().await;
    advance(29 * MINUTE).await;
    assert_eq!(set(&just).await, 200);
}

/// A store as apps make one.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<HashMap<String, TokenRecord>>>);

impl TokenStore for Kept {
    async fn insert(&self, key: &str, record: TokenRecord) -> Result<()> {
        self.0.lock().unwrap().insert(key.to_owned(), record);
        Ok(())
    }

    async fn take(&self, key: &str) -> Result<Option<TokenRecord>> {
        Ok(self.0.lock().unwrap().remove(key))
    }

    async fn sweep(&self, now: u64) -> Result<()> {
        let mut kept = self.0.lock().unwrap();
        kept.retain(|_, record| record.expires() > now);
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn links_that_nobody_used_are_forgotten() {
    let (members, sent, kept) = (Members::default(), Mails::default(), Kept::default());
    let auth = auth(&members).with_tokens(kept.clone());
    let client = with_links(app_with(&members, Sessions::memory(), auth), &sent);
    let typed = [("email", ADA), ("password", PASSWORD)];
    let signed_up = client.post("/sign-up").form(&typed).await;
    signed_up.assert_status(303);
    for seconds in [60, 60, 3_600] {
        let path = format!("/link/{ADA}/{seconds}");
        client.post(path).await.assert_status(200);
    }
    for (minutes, left) in [(0, 3), (11, 1), (60, 0)] {
        advance(minutes * MINUTE).await;
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert_eq!(kept.0.lock().unwrap().len(), left, "{minutes}");
    }
}

#[test]
fn of_two_who_use_a_link_at_once_one_does() {
    let (members, sent) = (Members::default(), Mails::default());
    let client = with_links(app(&members), &sent);
    Browser::new(&client).sign_up(ADA);
    let token = client
        .post(format!("/link/{ADA}/60"))
        .send()
        .text()
        .to_owned();
    let path = format!("/verify/verify/{token}");
    let found = client.block_on(async {
        let asks = (0..8).map(|_| {
            let (service, path) = (client.service().clone(), path.clone());
            tokio::spawn(async move {
                let req = http::Request::post(path).header("host", "localhost");
                let res = service.answer(req.body("").unwrap()).await;
                res.status().as_u16()
            })
        });
        let mut found = Vec::new();
        for ask in asks.collect::<Vec<_>>() {
            found.push(ask.await.unwrap());
        }
        found
    });
    assert_eq!(
        found.iter().filter(|status| **status == 200).count(),
        1,
        "{found:?}"
    );
}

#[test]
fn no_text_passes_for_a_token() {
    let (members, sent) = (Members::default(), Mails::default());
    let client = with_links(app(&members), &sent);
    let browser = Browser::new(&client);
    browser.sign_up(ADA);
    let token = browser
        .post(&format!("/link/{ADA}/600"), &[])
        .text()
        .to_owned();
    let mut seed = 7_u64;
    let mut below = |end: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 16) as usize % end
    };
    for _ in 0..2_000 {
        let mut text = token.clone().into_bytes();
        match below(3) {
            0 => text.truncate(below(43)),
            1 => text.push(b"A-_0"[below(4)]),
            _ => {
                let at = below(43);
                text[at] = if text[at] == b'A' { b'B' } else { b'A' };
            }
        }
        let text = String::from_utf8(text).unwrap();
        if !text.is_empty() {
            let res = browser.post(&format!("/verify/verify/{text}"), &[]);
            assert_eq!(res.status(), 404, "{text}");
        }
    }
    browser
        .post(&format!("/verify/verify/{token}"), &[])
        .assert_text(ADA);
}

/// A mail that takes long is sent all the same when the server stops.
#[test]
fn a_stop_waits_for_mails() {
    async fn slow(auth: AuthSession<Member>, State(mails): State<Mails>) -> Result<()> {
        let send = async move |member: Member, token: String| {
            tokio::time::sleep(Duration::from_millis(200)).await;
            mails.0.lock().unwrap().push((member.email, token));
        };
        auth.request_reset(ADA, send).await
    }
    let (members, sent) = (Members::default(), Mails::default());
    let client = app(&members).state(sent.clone()).post("/slow", slow).test();
    Browser::new(&client).sign_up(ADA);
    client.post("/slow").send().assert_status(200);
    client.stop();
    assert_eq!(sent.0.lock().unwrap().len(), 1);
}
