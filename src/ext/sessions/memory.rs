//! `MemoryStore`: the sessions of one process, in a bounded amount of memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::clock;
use super::id::SessionKey;
use super::record::{SessionChange, SessionRecord};
use super::store::SessionStore;
use crate::Result;

/// What a session costs beside its texts: the tables it is in.
const OVERHEAD: usize = 400;
/// The same for one of its values.
const VALUE_OVERHEAD: usize = 64;
const CAPACITY: usize = 64 << 20;

/// Keeps the sessions of one process, and loses them with it. Clones share them.
///
/// It takes 64 MiB at most, about a hundred thousand sessions. Where it is full, the session that was
/// not used for the longest time makes room for a new one: of those without a
/// [user](super::Session::bind_user) first, so that visitors who come in masses sign nobody out.
///
/// ```
/// use cepa::App;
/// use cepa::sessions::{MemoryStore, SessionStore, Sessions};
///
/// let store = MemoryStore::with_capacity(1 << 20);
/// let client = App::new().plug(Sessions::new(store.clone())).test();
/// // An administrator's program ends all sessions of a user:
/// let ended = client.block_on(store.delete_user("42", None)).unwrap();
/// assert_eq!((ended, store.len()), (0, 0));
/// ```
#[derive(Clone)]
pub struct MemoryStore(Arc<Mutex<Table>>);

impl MemoryStore {
    /// One of 64 MiB.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    /// One of this many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        let capacity = bytes;
        Self(Arc::new(Mutex::new(Table {
            capacity,
            ..Table::default()
        })))
    }

    /// How many sessions it keeps, those included whose time is over and that were not swept yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table().sessions.len()
    }

    /// Whether it keeps none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl SessionStore for MemoryStore {
    async fn load(&self, key: &SessionKey) -> Result<Option<SessionRecord>> {
        let table = self.table();
        let record = table.sessions.get(key).map(|kept| kept.record.clone());
        drop(table);
        Ok(record.filter(|record| !record.is_expired()))
    }

    async fn create(&self, key: &SessionKey, record: SessionRecord) -> Result<()> {
        let mut table = self.table();
        table.put(*key, record);
        table.make_room();
        Ok(())
    }

    async fn update(&self, key: &SessionKey, change: SessionChange) -> Result<bool> {
        let mut table = self.table();
        let Some(mut record) = table.take(key) else {
            return Ok(false);
        };
        if record.is_expired() {
            return Ok(false);
        }
        record.apply(&change);
        table.put(change.new_key.unwrap_or(*key), record);
        table.make_room();
        Ok(true)
    }

    async fn delete(&self, key: &SessionKey) -> Result<()> {
        self.table().take(key);
        Ok(())
    }

    async fn delete_user(&self, user: &str, except: Option<&SessionKey>) -> Result<u64> {
        let mut table = self.table();
        let keys = table.users.get(user).into_iter().flatten();
        let keys: Vec<_> = keys.filter(|key| Some(*key) != except).copied().collect();
        let records = keys.iter().filter_map(|key| table.take(key));
        // Those whose time was over had ended before.
        Ok(records.filter(|record| !record.is_expired()).count() as u64)
    }

    async fn of_user(&self, user: &str) -> Result<Vec<(SessionKey, SessionRecord)>> {
        let table = self.table();
        let keys = table.users.get(user).into_iter().flatten();
        let kept = keys.filter_map(|key| Some((*key, table.sessions.get(key)?.record.clone())));
        Ok(kept.filter(|(_, record)| !record.is_expired()).collect())
    }

    async fn delete_all(&self) -> Result<u64> {
        let mut table = self.table();
        let empty = Table {
            capacity: table.capacity,
            ..Table::default()
        };
        let old = std::mem::replace(&mut *table, empty);
        drop(table);
        let kept = old.sessions.values();
        Ok(kept.filter(|kept| !kept.record.is_expired()).count() as u64)
    }

    async fn sweep(&self) -> Result<u64> {
        Ok(self.table().sweep())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Table {
    sessions: HashMap<SessionKey, Kept>,
    /// The longest unused first: those without a user, and those with one.
    unused: [BTreeMap<u64, SessionKey>; 2],
    users: HashMap<Arc<str>, BTreeSet<SessionKey>>,
    /// Counts uses.
    uses: u64,
    bytes: usize,
    capacity: usize,
}

struct Kept {
    record: SessionRecord,
    used: u64,
    bytes: usize,
}

impl Table {
    fn put(&mut self, key: SessionKey, record: SessionRecord) {
        self.take(&key);
        self.uses += 1;
        let (used, bytes) = (self.uses, size(&record));
        self.unused[usize::from(record.user().is_some())].insert(used, key);
        if let Some(user) = record.user() {
            match self.users.get_mut(user) {
                Some(keys) => keys.insert(key),
                None => self.users.entry(user.into()).or_default().insert(key),
            };
        }
        self.bytes += bytes;
        self.sessions.insert(
            key,
            Kept {
                record,
                used,
                bytes,
            },
        );
    }

    fn take(&mut self, key: &SessionKey) -> Option<SessionRecord> {
        let Kept {
            record,
            used,
            bytes,
        } = self.sessions.remove(key)?;
        self.unused[usize::from(record.user().is_some())].remove(&used);
        self.bytes -= bytes;
        if let Some(user) = record.user()
            && let Some(keys) = self.users.get_mut(user)
        {
            keys.remove(key);
            if keys.is_empty() {
                self.users.remove(user);
            }
        }
        Some(record)
    }

    fn make_room(&mut self) {
        while self.bytes > self.capacity {
            let first = self.unused.iter().find_map(|unused| unused.values().next());
            let Some(key) = first.copied() else { return };
            self.take(&key);
        }
    }

    /// All have the same idle time, so those whose time is over stand first; what reached its absolute
    /// end while in use comes there in time.
    fn sweep(&mut self) -> u64 {
        let (mut swept, now) = (0, clock::now());
        for user in [0, 1] {
            while let Some(key) = self.unused[user].values().next().copied()
                && self
                    .sessions
                    .get(&key)
                    .is_some_and(|kept| kept.record.expires() <= now)
            {
                self.take(&key);
                swept += 1;
            }
        }
        swept
    }
}

/// About what it takes in memory.
fn size(record: &SessionRecord) -> usize {
    let value = |(key, json): (&String, &String)| key.len() + json.len() + VALUE_OVERHEAD;
    let values: usize = record.values().iter().map(value).sum();
    OVERHEAD + values + 2 * record.user().map_or(0, str::len)
}
