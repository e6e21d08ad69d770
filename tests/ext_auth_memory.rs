//! How much memory guessing costs a server. It is alone in its program, so that nothing else is
//! measured.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod memory;

use cepa::auth::{Auth, AuthSession, Passwords, User, UserStore};
use cepa::prelude::*;
use cepa::sessions::Sessions;
use cepa::testing::TestClient;

use memory::resident;

/// So many that whatever kept 40 bytes of each would be noticed; the tables that fill up have 1.5 MiB.
const TRIES: u32 = 100_000;
const MOST: usize = 4 * 1024 * 1024;

#[derive(Clone)]
struct Nobody;

impl User for Nobody {
    fn id(&self) -> String {
        String::new()
    }
}

struct Empty;

impl UserStore for Empty {
    type User = Nobody;

    async fn by_id(&self, _: &str) -> Result<Option<Nobody>> {
        Ok(None)
    }
}

async fn sign_in(auth: AuthSession<Nobody>, Path(name): Path<String>) -> Result<()> {
    let user = auth.authenticate(&name, "a guess").await?;
    user.map(drop).or_unauthorized("nobody")
}

/// Each for another account and from another address, so that there is as much to note as can be.
async fn guess(client: &TestClient, from: u32, count: u32) -> u32 {
    let mut looked_at = 0;
    for i in from..from + count {
        let addr = std::net::Ipv4Addr::from_bits(0x0a00_0000 + i);
        let req = client.post(format!("/{i}{}", "x".repeat(100)));
        let res = req.header("x-forwarded-for", addr.to_string()).await;
        looked_at += u32::from(res.status() == 401);
    }
    looked_at
}

#[tokio::test]
async fn a_hundred_thousand_guesses_need_no_more_memory_than_the_first() {
    let auth = Auth::new(Empty).with_passwords(Passwords::for_tests());
    let client = App::new()
        .trust_proxies(["loopback"])
        .plug(Sessions::memory())
        .plug(auth)
        .post("/{name}", sign_in)
        .test();
    assert_eq!(guess(&client, 0, 1_000).await, 1_000);
    let before = resident();
    guess(&client, 1_000, TRIES).await;
    let grown = resident().saturating_sub(before);
    assert!(grown < MOST, "{} KiB", grown / 1024);
}
