//! `cepa::sessions`: what handlers, clients and stores see of a session.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]

mod basics;
mod caching;
mod cookie;
mod csrf;
mod csrf_bodies;
mod down;
mod expiry;
mod fixation;
mod lazy;
mod memory;
#[cfg(feature = "sessions-orm")]
mod orm;
mod preflight;
#[cfg(feature = "sessions-redis")]
mod proxy;
#[cfg(feature = "sessions-redis")]
mod redis;
mod revocation;
mod sealed;
mod siblings;
mod stores;
#[cfg(feature = "sessions-templates")]
mod templates;
mod together;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use cepa::prelude::*;
use cepa::sessions::{MemoryStore, SessionChange, SessionKey, SessionRecord, SessionStore};
use cepa::testing::TestResponse;

/// A store in memory that counts what it is asked, and can be down.
#[derive(Clone, Default)]
pub(crate) struct Spy {
    pub(crate) inner: MemoryStore,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    asked: [AtomicUsize; 5],
    is_down: AtomicBool,
    updates_fail: AtomicBool,
    trims_fail: AtomicBool,
}

impl Spy {
    /// How often `load`, `create`, `update`, `delete` and `delete_user` were asked since the last time.
    pub(crate) fn asked(&self) -> [usize; 5] {
        self.counts
            .asked
            .each_ref()
            .map(|count| count.swap(0, Relaxed))
    }

    pub(crate) fn set_down(&self, is_down: bool) {
        self.counts.is_down.store(is_down, Relaxed);
    }

    pub(crate) fn fail_updates(&self) {
        self.counts.updates_fail.store(true, Relaxed);
    }

    pub(crate) fn fail_trims(&self) {
        self.counts.trims_fail.store(true, Relaxed);
    }

    fn ask(&self, what: usize) -> Result<()> {
        self.counts.asked[what].fetch_add(1, Relaxed);
        let fails = what == 2 && self.counts.updates_fail.load(Relaxed);
        match fails || self.counts.is_down.load(Relaxed) {
            // The store says what it likes: the client is told that it is a 503.
            true => Err(Error::not_found("no route to the host of the store")),
            false => Ok(()),
        }
    }
}

impl SessionStore for Spy {
    async fn load(&self, key: &SessionKey) -> Result<Option<SessionRecord>> {
        self.ask(0)?;
        self.inner.load(key).await
    }

    async fn create(&self, key: &SessionKey, record: SessionRecord) -> Result<()> {
        self.ask(1)?;
        self.inner.create(key, record).await
    }

    async fn update(&self, key: &SessionKey, change: SessionChange) -> Result<bool> {
        self.ask(2)?;
        self.inner.update(key, change).await
    }

    async fn delete(&self, key: &SessionKey) -> Result<()> {
        self.ask(3)?;
        self.inner.delete(key).await
    }

    async fn delete_user(&self, user: &str, except: Option<&SessionKey>) -> Result<u64> {
        self.ask(4)?;
        self.inner.delete_user(user, except).await
    }

    async fn delete_oldest(&self, user: &str, left: usize) -> Result<u64> {
        match self.counts.trims_fail.load(Relaxed) {
            true => Err(Error::unavailable("the index of users is away")),
            false => self.inner.delete_oldest(user, left).await,
        }
    }

    async fn of_user(&self, user: &str) -> Result<Vec<(SessionKey, SessionRecord)>> {
        self.inner.of_user(user).await
    }

    async fn delete_all(&self) -> Result<u64> {
        self.inner.delete_all().await
    }

    async fn sweep(&self) -> Result<u64> {
        self.inner.sweep().await
    }
}

/// The value of the session's cookie that a response sets.
#[track_caller]
pub(crate) fn id_in(res: &TestResponse) -> String {
    let line = res.header("set-cookie").expect("a cookie is set");
    let pair = line.split(';').next().unwrap();
    pair.split_once('=').unwrap().1.to_owned()
}

/// Routes that do with the session what their paths say.
pub(crate) fn routes(app: App) -> App {
    use cepa::sessions::Session;
    let text = |value: Option<String>| value.unwrap_or_else(|| "nothing".to_owned());
    app.get(
        "/get/{key}",
        move |Path(key): Path<String>, session: Session| async move { session.get(&key).map(text) },
    )
    .get("/user", async |session: Session| -> Result<String> {
        Ok(session.user()?.as_deref().unwrap_or("nobody").to_owned())
    })
    .get("/unrelated", async || "no session")
    .post(
        "/set/{key}/{value}",
        async |Path((key, value)): Path<(String, String)>, session: Session| {
            session.insert(key, value)
        },
    )
    .post(
        "/remove/{key}",
        async |Path(key): Path<String>, session: Session| {
            session.remove(&key).map(|was| was.to_string())
        },
    )
    .post("/clear", async |session: Session| session.clear())
    .post("/renew", async |session: Session| session.renew())
    .post(
        "/bind/{user}",
        async |Path(user): Path<String>, session: Session| session.bind_user(user),
    )
    .post("/destroy", async |session: Session| session.destroy())
    .post(
        "/revoke/{user}",
        async |Path(user): Path<String>, session: Session| {
            session
                .revoke_user(&user)
                .await
                .map(|ended| ended.to_string())
        },
    )
    .post("/revoke-others", async |session: Session| {
        session.revoke_others().await.map(|ended| ended.to_string())
    })
}
