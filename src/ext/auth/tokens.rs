//! Tokens for links in mails: each is good once, for a while, for one purpose and one password.
//!
//! Before it: a user is to show that a mail address is theirs. After it: whose the token was.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest, Sha256};

use super::config::Auth;
use super::current::mark_of;
use super::extract::AuthSession;
use super::passwords::random;
use super::throttle::{Account, told};
use super::user::User;
use crate::{AppService, Fallible, Result};

/// Random bytes of a token, and its characters.
const BYTES: usize = 32;
const LENGTH: usize = 43;
/// Tokens that are kept in this process.
const CAPACITY: usize = 10_000;
/// How often the store is told to forget what is over.
const SWEEP: Duration = Duration::from_secs(10 * 60);
const RESET: &str = "set a new password";

/// What is kept of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    subject: String,
    expires: u64,
    /// For stores that have little room: what it is for, where that is known.
    purpose: Arc<str>,
}

impl TokenRecord {
    /// One of this subject, which says whose it is, until these milliseconds since 1970.
    #[must_use]
    pub fn new(subject: impl Into<String>, expires: u64) -> Self {
        Self {
            subject: subject.into(),
            expires,
            purpose: "".into(),
        }
    }

    fn of_purpose(mut self, purpose: &str) -> Self {
        self.purpose = purpose.into();
        self
    }

    /// Whose it is, and of which password: a text of about 40 characters, and the user's id.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// When it ends, in milliseconds since 1970. A store may forget it then.
    #[must_use]
    pub fn expires(&self) -> u64 {
        self.expires
    }
}

/// Where tokens are kept: in this process ([`MemoryTokens`]), or where several processes share them. A
/// store never sees a token, only its hash: who reads it can use none.
///
/// ```
/// use cepa::Result;
/// use cepa::auth::{TokenRecord, TokenStore};
/// use std::collections::HashMap;
/// use std::sync::Mutex;
///
/// #[derive(Default)]
/// struct Kept(Mutex<HashMap<String, TokenRecord>>);
///
/// impl TokenStore for Kept {
///     async fn insert(&self, key: &str, record: TokenRecord) -> Result<()> {
///         self.0.lock().unwrap().insert(key.to_owned(), record);
///         Ok(())
///     }
///     // In SQL: `DELETE FROM tokens WHERE key = ? RETURNING subject, expires`.
///     async fn take(&self, key: &str) -> Result<Option<TokenRecord>> {
///         Ok(self.0.lock().unwrap().remove(key))
///     }
///     // In SQL: `DELETE FROM tokens WHERE expires <= ?`.
///     async fn sweep(&self, now: u64) -> Result<()> {
///         self.0.lock().unwrap().retain(|_, record| record.expires() > now);
///         Ok(())
///     }
/// }
/// ```
pub trait TokenStore: Send + Sync + 'static {
    /// Keeps a token under its key, 64 hexadecimal digits.
    ///
    /// # Errors
    /// The store cannot be asked.
    fn insert(&self, key: &str, record: TokenRecord) -> impl Future<Output = Result<()>> + Send;

    /// Removes the token of this key and returns it, in one step: of two who ask at once, one gets it.
    ///
    /// # Errors
    /// The store cannot be asked.
    fn take(&self, key: &str) -> impl Future<Output = Result<Option<TokenRecord>>> + Send;

    /// Forgets the tokens that have ended by this time, in milliseconds since 1970: those that nobody
    /// used. Called every ten minutes; a store that does so by itself leaves this out.
    ///
    /// # Errors
    /// The store cannot be asked.
    fn sweep(&self, now: u64) -> impl Future<Output = Result<()>> + Send {
        let _ = now;
        async { Ok(()) }
    }
}

/// Tokens in this process, 10,000 at most. Where there is no room, one goes of the purpose that has most,
/// the one that ends first: so whoever asks for many of one purpose takes none of another's.
#[derive(Default)]
pub struct MemoryTokens(Mutex<Table>);

#[derive(Default)]
struct Table {
    kept: HashMap<String, TokenRecord>,
    /// By purpose, those that end first standing first.
    ends: HashMap<Arc<str>, BTreeSet<(u64, String)>>,
}

impl Table {
    fn put(&mut self, key: &str, record: TokenRecord) {
        self.take(key);
        let ends = self.ends.entry(Arc::clone(&record.purpose)).or_default();
        ends.insert((record.expires, key.to_owned()));
        self.kept.insert(key.to_owned(), record);
    }

    fn take(&mut self, key: &str) -> Option<TokenRecord> {
        let record = self.kept.remove(key)?;
        if let Some(ends) = self.ends.get_mut(&record.purpose) {
            ends.remove(&(record.expires, key.to_owned()));
            if ends.is_empty() {
                self.ends.remove(&record.purpose);
            }
        }
        Some(record)
    }

    fn sweep(&mut self, now: u64) {
        let ends = self.ends.values();
        let over = ends.flat_map(|ends| ends.iter().take_while(|(end, _)| *end <= now));
        let over: Vec<_> = over.map(|(_, key)| key.clone()).collect();
        for key in over {
            self.take(&key);
        }
    }

    /// Forgets one, for the next.
    fn make_room(&mut self) {
        let most = self.ends.values().max_by_key(|ends| ends.len());
        let first = most.and_then(|ends| ends.first());
        if let Some(key) = first.map(|(_, key)| key.clone()) {
            self.take(&key);
        }
    }
}

impl MemoryTokens {
    /// A store without tokens.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl TokenStore for MemoryTokens {
    async fn insert(&self, key: &str, record: TokenRecord) -> Result<()> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.kept.len() >= CAPACITY {
            kept.sweep(now());
        }
        if kept.kept.len() >= CAPACITY {
            kept.make_room();
        }
        kept.put(key, record);
        Ok(())
    }

    async fn take(&self, key: &str) -> Result<Option<TokenRecord>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.take(key))
    }

    async fn sweep(&self, now: u64) -> Result<()> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.sweep(now);
        Ok(())
    }
}

impl fmt::Debug for MemoryTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryTokens")
    }
}

impl<U: User> AuthSession<U> {
    /// A token for a link that the app sends to this user: 43 letters, digits, `-` and `_`. It is good
    /// once, for this time and this purpose, until the password of the user changes. What it is about
    /// can be part of the purpose: `format!("address {email}")`.
    ///
    /// # Errors
    /// What the store says.
    pub async fn issue_token(&self, purpose: &str, user: &U, lifetime: Duration) -> Result<String> {
        self.auth.issue(purpose, user, lifetime).await
    }

    /// The user for whom a token was issued for this purpose; it is used up then. `None` if there is no
    /// such token (any more).
    ///
    /// Programs that look at mails open the links in them: let the link lead to a page with a button,
    /// and use the token up in its POST.
    ///
    /// # Errors
    /// What the stores say.
    pub async fn redeem_token(&self, purpose: &str, token: &str) -> Result<Option<U>> {
        let key = key(purpose, token);
        let taken = self.auth.take(&key, token).await?;
        if taken.is_none() {
            self.refused();
        }
        Ok(taken.map(|(user, _)| user))
    }

    /// Lets whoever has this name set a new password: `send` gets the user and a token, and sends it,
    /// after the answer. If nobody has the name, or five mails went to this user within an hour by
    /// whatever names, nothing happens, and the answer is the same.
    ///
    /// # Errors
    /// 429 with `Retry-After` if the name was used five times in an hour, or too much is tried from the
    /// address; 503 with `Retry-After` if too many mails wait.
    pub async fn request_reset<F, Fut>(&self, name: &str, send: F) -> Result<()>
    where
        F: FnOnce(U, String) -> Fut + Send + 'static,
        Fut: Future<Output: Fallible> + Send + 'static,
    {
        self.auth.throttle.try_from(self.addr).await?;
        let counted = self.auth.throttle.try_mail(Account::Named(name)).await;
        told(counted, self.addr, "too many links for a new password")?;
        let (auth, name) = (self.auth.clone(), name.to_owned());
        let work = async move || -> Result<()> {
            let Some(user) = auth.users.by_name(&name).await? else {
                return Ok(());
            };
            let key = auth.key(&user);
            if auth.throttle.try_mail(Account::Of(&key)).await.is_err() {
                tracing::info!(target: "cepa", user = user.id(), "too many links for a new password: none was sent");
                return Ok(());
            }
            let token = auth.issue(RESET, &user, auth.reset_lifetime).await?;
            send(user, token).await.into_result()
        };
        self.auth.outbox.put(async move {
            if let Err(error) = work().await {
                tracing::error!(target: "cepa", "a link for a new password was not sent: {error}");
            }
        })
    }

    /// Sets a new password by a token of [`request_reset`](Self::request_reset), and returns whose it is
    /// now; all sessions of that user end. `None` if there is no such token (any more).
    ///
    /// A token is good still where the password may not be chosen.
    ///
    /// # Errors
    /// As [`set_password`](Self::set_password).
    pub async fn reset_password(&self, token: &str, password: &str) -> Result<Option<U>> {
        let key = key(RESET, token);
        let Some((user, record)) = self.auth.take(&key, token).await? else {
            self.refused();
            return Ok(None);
        };
        match self.hash_password(password, &user.names()).await {
            Ok(hash) => self.keep_password(&user, &hash).await?,
            Err(error) => {
                let record = record.of_purpose(RESET);
                self.auth.tokens.insert(&key, record).await?;
                return Err(error);
            }
        }
        self.auth.users.by_id(&user.id()).await
    }

    fn refused(&self) {
        tracing::info!(target: "cepa", addr = %self.addr, "a token of a link that is not good");
    }
}

impl<U: User> Auth<U> {
    async fn issue(&self, purpose: &str, user: &U, lifetime: Duration) -> Result<String> {
        let token = BASE64.encode(random::<BYTES>()?);
        let mark = mark_of(user.password_hash());
        let subject = format!("{}:{mark}:{}", self.name, user.id());
        let lifetime = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
        let record = TokenRecord::new(subject, now().saturating_add(lifetime));
        let record = record.of_purpose(purpose);
        self.tokens.insert(&key(purpose, &token), record).await?;
        Ok(token)
    }

    /// The user of a token, and what was kept of it.
    async fn take(&self, key: &str, token: &str) -> Result<Option<(U, TokenRecord)>> {
        // Of any other length it is none, and the store need not be asked.
        if token.len() != LENGTH {
            return Ok(None);
        }
        let record = self.tokens.take(key).await?;
        let Some(record) = record.filter(|record| record.expires > now()) else {
            return Ok(None);
        };
        let subject = record.subject.strip_prefix(&*self.name);
        let subject = subject.and_then(|rest| rest.strip_prefix(':')?.split_once(':'));
        let Some((mark, id)) = subject else {
            return Ok(None);
        };
        let user = self.users.by_id(id).await?;
        let user = user.filter(|user| mark_of(user.password_hash()) == mark);
        Ok(user.map(|user| (user, record)))
    }
}

/// What a token is kept under. A purpose is no part of another.
fn key(purpose: &str, token: &str) -> String {
    let hash = Sha256::new()
        .chain_update("cepa token, version 1\0")
        .chain_update((purpose.len() as u64).to_be_bytes())
        .chain_update(purpose)
        .chain_update(token)
        .finalize();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Milliseconds since 1970, by a clock that tests can pause: the time of day, and as much more or less
/// as tokio's clock was moved.
fn now() -> u64 {
    let (here, there) = (Instant::now(), tokio::time::Instant::now().into_std());
    let moved = there.saturating_duration_since(here);
    let held = here.saturating_duration_since(there);
    let time = SystemTime::now().checked_add(moved);
    let time = time.and_then(|time| time.checked_sub(held));
    let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// A [`TokenStore`] behind a pointer.
pub(super) trait AnyTokens: Send + Sync {
    fn insert<'a>(&'a self, key: &'a str, record: TokenRecord) -> BoxFuture<'a, ()>;
    fn take<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Option<TokenRecord>>;
    fn sweep(&self, now: u64) -> BoxFuture<'_, ()>;
}

impl<S: TokenStore> AnyTokens for S {
    fn insert<'a>(&'a self, key: &'a str, record: TokenRecord) -> BoxFuture<'a, ()> {
        Box::pin(TokenStore::insert(self, key, record))
    }

    fn take<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Option<TokenRecord>> {
        Box::pin(TokenStore::take(self, key))
    }

    fn sweep(&self, now: u64) -> BoxFuture<'_, ()> {
        Box::pin(TokenStore::sweep(self, now))
    }
}

/// Tells the store every now and then to forget what nobody used, until the app stops.
pub(super) async fn sweep(tokens: Arc<dyn AnyTokens>, app: AppService) {
    let mut stopping = app.stopping();
    while tokio::time::timeout(SWEEP, stopping.wait()).await.is_err() {
        if let Err(error) = tokens.sweep(now()).await {
            tracing::warn!(target: "cepa", "tokens that are over could not be swept: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_by_purpose_and_token() {
        let keys = [
            key("ab", "c"),
            key("a", "bc"),
            key("", "abc"),
            key("abc", ""),
        ];
        let different: std::collections::HashSet<_> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
        assert!(keys.iter().all(|key| key.len() == 64));
    }

    #[tokio::test]
    async fn a_full_store_forgets_what_ends_first() {
        let store = MemoryTokens::new();
        let later = now() + 60_000;
        for i in 0..CAPACITY as u64 {
            let record = TokenRecord::new("a", if i < 10 { 1 } else { later + i });
            TokenStore::insert(&store, &i.to_string(), record)
                .await
                .unwrap();
        }
        let put = async |key: &str| {
            let record = TokenRecord::new("a", later);
            TokenStore::insert(&store, key, record).await.unwrap();
            store.0.lock().unwrap().kept.len()
        };
        assert_eq!(put("x").await, CAPACITY - 9, "those that are over went");
        for i in 0..9 {
            put(&format!("y{i}")).await;
        }
        assert_eq!(put("z").await, CAPACITY);
        assert!(TokenStore::take(&store, "z").await.unwrap().is_some());
        assert!(TokenStore::take(&store, "z").await.unwrap().is_none());
    }

    /// Those for addresses to be verified are good for a day, those for new passwords for half an hour.
    #[tokio::test]
    async fn a_full_store_forgets_nothing_of_a_purpose_with_few() {
        let store = MemoryTokens::new();
        let (soon, late) = (now() + 60_000, now() + 600_000);
        let put = async |purpose: &str, i: usize, expires: u64| {
            let record = TokenRecord::new("a", expires).of_purpose(purpose);
            let key = format!("{purpose}{i}");
            TokenStore::insert(&store, &key, record).await.unwrap();
        };
        for i in 0..100 {
            put("reset", i, soon).await;
        }
        for i in 0..2 * CAPACITY {
            put("verify", i, late).await;
        }
        put("reset", 100, soon).await;
        assert_eq!(store.0.lock().unwrap().kept.len(), CAPACITY);
        for i in 0..=100 {
            let key = format!("reset{i}");
            let taken = TokenStore::take(&store, &key).await.unwrap();
            assert!(taken.is_some(), "{key}");
        }
        let table = store.0.lock().unwrap();
        let ends = table.ends.values().map(BTreeSet::len).sum::<usize>();
        assert_eq!(ends, table.kept.len());
    }
}
