//! `RedisStore`: sessions in Redis, for several servers.
//!
//! Each session is a hash whose fields are its values, so that requests change them one by one; each
//! user has a sorted set of the keys of their sessions. A change is one script, which Redis runs as a
//! whole.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, FromRedisValue, RedisError, RedisResult, ScriptInvocation};

use super::clock;
use super::error::SessionError;
use super::id::SessionKey;
use super::record::{SessionChange, SessionRecord};
use super::redis_scripts::{CHANGE, DELETE, DELETE_OLDEST, DELETE_USER, VALUE};
use super::store::SessionStore;
use crate::{Error, Result};

/// How long one answer may take, a new connection included.
const PATIENCE: Duration = Duration::from_secs(2);
const ONE_ANSWER: Duration = Duration::from_secs(1);

/// Keeps the sessions in Redis 5 or newer, or what speaks its protocol, such as Valkey. Clones share
/// the connection.
///
/// The connection is made when the first request needs it, and again where it was lost; meanwhile
/// requests that need their session are answered by 503. Redis forgets by itself what is over. It
/// works with one primary, not with a cluster: a user's sessions are looked for in one place.
///
/// ```no_run
/// use cepa::prelude::*;
/// use cepa::sessions::{RedisStore, Session, Sessions};
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let store = RedisStore::new("redis://127.0.0.1:6379")?;
///     App::new()
///         .plug(Sessions::new(store))
///         .get("/", async |session: Session| session.insert("seen", true))
///         .run("127.0.0.1:3000")?;
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct RedisStore {
    link: Arc<Link>,
    prefix: Arc<str>,
}

impl RedisStore {
    /// The server at this address: `redis://name:password@host:port/number`, or `unix:///path`.
    ///
    /// For `rediss://`, with TLS, the program has to depend on the crate `redis` of the same version
    /// with its features `tokio-rustls-comp` and `tls-rustls-webpki-roots`.
    ///
    /// # Errors
    /// [`SessionError`] if it is no address. Whether a server is there shows when it is asked.
    pub fn new(url: &str) -> Result<Self, SessionError> {
        let client = Client::open(url).map_err(SessionError::address)?;
        let manager = OnceLock::new();
        Ok(Self {
            link: Arc::new(Link { client, manager }),
            prefix: "cepa:".into(),
        })
    }

    /// What all keys begin with, for several apps on one server. Default: `cepa:`.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<Arc<str>>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Asks for a sign of life; for checks of health.
    ///
    /// # Errors
    /// There is none.
    pub async fn ping(&self) -> Result<()> {
        let ping = redis::cmd("PING");
        self.link.ask(Question::Command(&ping)).await
    }

    fn name(&self, key: &SessionKey) -> String {
        format!("{}{}", self.sessions(), key.to_hex())
    }

    fn sessions(&self) -> String {
        format!("{}session:", self.prefix)
    }

    fn users(&self) -> String {
        format!("{}user:", self.prefix)
    }

    /// Where the keys of a user's sessions are.
    fn index(&self, user: &str) -> String {
        format!("{}{user}", self.users())
    }

    /// The session under this name.
    async fn read(&self, name: &str) -> Result<Option<SessionRecord>> {
        let mut all = redis::cmd("HGETALL");
        all.arg(name);
        let fields: HashMap<String, String> = self.link.ask(Question::Command(&all)).await?;
        if fields.is_empty() {
            return Ok(None);
        }
        let time = |name| fields.get(name).and_then(|text: &String| text.parse().ok());
        let (Some(created), Some(expires)) = (time("c"), time("e")) else {
            let message = "Redis has something else under the key of a session";
            return Err(Error::internal(message));
        };
        let mut record = SessionRecord::new(created, expires);
        if let Some(user) = fields.get("u") {
            record = record.with_user(user.as_str());
        }
        for (name, json) in &fields {
            if let Some(name) = name.strip_prefix(VALUE) {
                record = record.with_value(name, json.as_str());
            }
        }
        Ok(Some(record).filter(|record| !record.is_expired()))
    }

    /// Runs [`CHANGE`]. The keys are one, or the old and the new one.
    async fn change(
        &self,
        keys: [&SessionKey; 2],
        is_new: bool,
        change: &SessionChange,
    ) -> Result<bool> {
        let now = clock::now();
        let left = change.expires().saturating_sub(now);
        let mut script = CHANGE.key(self.name(keys[0]));
        script.key(self.name(keys[1])).arg(self.users());
        script.arg(now).arg(left).arg(change.expires());
        script.arg(
            change
                .created()
                .map_or_else(String::new, |it| it.to_string()),
        );
        script
            .arg(u8::from(is_new))
            .arg(u8::from(change.is_cleared()));
        // An empty name is a user, too.
        script
            .arg(u8::from(change.user().is_some()))
            .arg(change.user().unwrap_or_default());
        for (name, json) in change.values() {
            let (what, json) = match json {
                Some(json) => ("set", json.as_str()),
                None => ("remove", ""),
            };
            script.arg(what).arg(format!("{VALUE}{name}")).arg(json);
        }
        self.link.ask(Question::Script(&script)).await
    }
}

impl SessionStore for RedisStore {
    async fn load(&self, key: &SessionKey) -> Result<Option<SessionRecord>> {
        self.read(&self.name(key)).await
    }

    async fn create(&self, key: &SessionKey, record: SessionRecord) -> Result<()> {
        let mut change = SessionChange::new(record.expires()).with_created(record.created());
        if let Some(user) = record.user() {
            change = change.with_user(user);
        }
        for (name, json) in record.values() {
            change = change.with_value(name.as_str(), Some(json.clone()));
        }
        self.change([key, key], true, &change).await.map(drop)
    }

    async fn update(&self, key: &SessionKey, change: SessionChange) -> Result<bool> {
        let new = change.new_key().unwrap_or(key);
        self.change([key, new], false, &change).await
    }

    async fn delete(&self, key: &SessionKey) -> Result<()> {
        let mut script = DELETE.key(self.name(key));
        script.arg(self.users());
        self.link.ask(Question::Script(&script)).await
    }

    async fn of_user(&self, user: &str) -> Result<Vec<(SessionKey, SessionRecord)>> {
        let mut range = redis::cmd("ZRANGE");
        range.arg(self.index(user)).arg(0).arg(-1);
        let names: Vec<String> = self.link.ask(Question::Command(&range)).await?;
        let mut sessions = Vec::new();
        for name in names {
            let key = name.rsplit(':').next().and_then(SessionKey::from_hex);
            if let (Some(key), Some(record)) = (key, self.read(&name).await?) {
                sessions.push((key, record));
            }
        }
        Ok(sessions)
    }

    async fn delete_user(&self, user: &str, except: Option<&SessionKey>) -> Result<u64> {
        let mut script = DELETE_USER.key(self.index(user));
        script.arg(except.map(|key| self.name(key)).unwrap_or_default());
        script.arg(clock::now());
        self.link.ask(Question::Script(&script)).await
    }

    async fn delete_oldest(&self, user: &str, left: usize) -> Result<u64> {
        let mut script = DELETE_OLDEST.key(self.index(user));
        self.link.ask(Question::Script(script.arg(left))).await
    }

    /// Key by key, so that Redis answers others meanwhile.
    async fn delete_all(&self) -> Result<u64> {
        let (mut from, mut ended) = (0_u64, 0);
        loop {
            let mut scan = redis::cmd("SCAN");
            let pattern = format!("{}*", escaped(&self.prefix));
            scan.arg(from)
                .arg("MATCH")
                .arg(pattern)
                .arg("COUNT")
                .arg(1000);
            let (next, names): (u64, Vec<String>) = self.link.ask(Question::Command(&scan)).await?;
            let (sessions, users) = (self.sessions(), self.users());
            for name in &names {
                if name.starts_with(&sessions) || name.starts_with(&users) {
                    let mut delete = redis::cmd("DEL");
                    let deleted: u64 = self.link.ask(Question::Command(delete.arg(name))).await?;
                    ended += if name.starts_with(&sessions) {
                        deleted
                    } else {
                        0
                    };
                }
            }
            if next == 0 {
                return Ok(ended);
            }
            from = next;
        }
    }
}

/// A text as a pattern that means it.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if "*?[]^-\\".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// What Redis is asked.
enum Question<'a> {
    Command(&'a Cmd),
    Script(&'a ScriptInvocation<'a>),
}

impl Question<'_> {
    async fn ask<T: FromRedisValue>(&self, to: &mut ConnectionManager) -> RedisResult<T> {
        match self {
            Self::Command(command) => command.query_async(to).await,
            Self::Script(script) => script.invoke_async(to).await,
        }
    }
}

/// The connection, once there is one.
struct Link {
    client: Client,
    manager: OnceLock<ConnectionManager>,
}

impl Link {
    /// Asks, and once more where the connection was lost, since servers are restarted.
    async fn ask<T: FromRedisValue>(&self, question: Question<'_>) -> Result<T> {
        let answer = async {
            let mut manager = self.manager()?;
            match question.ask(&mut manager).await {
                Err(error) if error.is_unrecoverable_error() => question.ask(&mut manager).await,
                answer => answer,
            }
        };
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(answer) => answer.map_err(Error::from),
            Err(_) => Err(Error::unavailable("Redis did not answer in time")),
        }
    }

    fn manager(&self) -> RedisResult<ConnectionManager> {
        if let Some(manager) = self.manager.get() {
            return Ok(manager.clone());
        }
        let config = ConnectionManagerConfig::new()
            .set_min_delay(Duration::from_millis(50))
            .set_number_of_retries(2)
            .set_connection_timeout(Some(ONE_ANSWER))
            .set_response_timeout(Some(ONE_ANSWER))
            .set_pipeline_buffer_size(512);
        let manager = ConnectionManager::new_lazy_with_config(self.client.clone(), config)?;
        Ok(self.manager.get_or_init(|| manager).clone())
    }
}

impl SessionError {
    fn address(error: RedisError) -> Self {
        let message = "that is no address of Redis: write `redis://127.0.0.1:6379`";
        Self::store(Error::internal(message).with_source(error))
    }
}
