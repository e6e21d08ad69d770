//! What each store promises, and what a random sequence of changes makes of it.

use cepa::sessions::{MemoryStore, SessionChange, SessionKey, SessionRecord, SessionStore};

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

/// Different in each run, since a server may remember the last one.
pub(crate) fn key(n: u8) -> SessionKey {
    let mut bytes = [n; 32];
    let run = std::process::id().to_be_bytes();
    bytes[..4].copy_from_slice(&run);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    bytes[4..12].copy_from_slice(&u64::try_from(nanos.as_nanos()).unwrap().to_be_bytes());
    SessionKey::from_bytes(bytes)
}

/// What every store has to do.
pub(crate) async fn keeps_its_promises(store: &impl SessionStore) {
    changes_value_by_value(store).await;
    moves_to_another_key(store).await;
    ends_what_it_is_told(store).await;
    ends_the_oldest(store).await;
    knows_nothing_of_what_is_over(store).await;
}

/// Whoever asks at the same time means the same ones, so that none is ended by two who sign in at once.
async fn ends_the_oldest(store: &impl SessionStore) {
    let (keys, user) = ([1, 2, 3, 4].map(key), user());
    for (key, ends) in keys.iter().zip([2, 4, 1, 4]) {
        let record = SessionRecord::new(1_000, later() + ends * 1_000).with_user(user.as_str());
        store.create(key, record).await.unwrap();
    }
    assert_eq!(store.delete_oldest(&user, 4).await.unwrap(), 0);
    assert_eq!(store.delete_oldest(&user, 2).await.unwrap(), 2);
    assert_eq!(store.delete_oldest(&user, 2).await.unwrap(), 0);
    let mut left = store.of_user(&user).await.unwrap();
    left.sort_by_key(|(key, _)| *key);
    let left: Vec<_> = left.into_iter().map(|(key, _)| key).collect();
    let mut wanted = [keys[1], keys[3]];
    wanted.sort();
    assert_eq!(left, wanted);
    assert_eq!(store.delete_oldest(&user, 1).await.unwrap(), 1);
    assert_eq!(store.of_user(&user).await.unwrap().len(), 1);
    assert_eq!(store.delete_user(&user, None).await.unwrap(), 1);
    assert_eq!(store.delete_oldest("nobody", 1).await.unwrap(), 0);
}

fn later() -> u64 {
    now() + 60_000
}

fn record() -> SessionRecord {
    let record = SessionRecord::new(1_000, later()).with_value("x", "1");
    record.with_value("", "\"\u{e9}\"")
}

/// One that no other test has.
fn user() -> String {
    format!("ada \u{e9} {}", key(0).to_hex())
}

async fn has(store: &impl SessionStore, key: &SessionKey) -> bool {
    store.load(key).await.unwrap().is_some()
}

async fn changes_value_by_value(store: &impl SessionStore) {
    let (a, b) = (key(1), key(2));
    assert!(!has(store, &a).await);
    let (record, later) = (record(), later());
    store.create(&a, record.clone()).await.unwrap();
    assert_eq!(store.load(&a).await.unwrap(), Some(record));
    assert!(!has(store, &b).await);

    let set = SessionChange::new(later + 1).with_value("y", Some("2".to_owned()));
    assert!(store.update(&a, set.clone()).await.unwrap());
    let remove = SessionChange::new(later + 2).with_value("x", None);
    let remove = remove.with_value("no", None);
    assert!(store.update(&a, remove).await.unwrap());
    let loaded = store.load(&a).await.unwrap().unwrap();
    assert_eq!(loaded.values().keys().collect::<Vec<_>>(), ["", "y"]);
    assert_eq!((loaded.created(), loaded.expires()), (1_000, later + 2));
    assert_eq!(loaded.user(), None);

    assert!(!store.update(&b, set).await.unwrap());
    assert!(!has(store, &b).await);
    store.delete(&a).await.unwrap();
}

async fn moves_to_another_key(store: &impl SessionStore) {
    let (a, b, user) = (key(1), key(2), user());
    store.create(&a, record()).await.unwrap();
    let sign_in = SessionChange::new(later())
        .with_new_key(b)
        .with_user(user.as_str())
        .with_created(2_000);
    assert!(store.update(&a, sign_in).await.unwrap());
    assert!(!has(store, &a).await);
    let change = SessionChange::new(later());
    assert!(!store.update(&a, change).await.unwrap());
    let loaded = store.load(&b).await.unwrap().unwrap();
    assert_eq!(loaded.user(), Some(user.as_str()));
    assert_eq!((loaded.created(), loaded.values().len()), (2_000, 2));
    assert_eq!(store.delete_user(&user, None).await.unwrap(), 1);
}

async fn ends_what_it_is_told(store: &impl SessionStore) {
    let (a, b, c, user) = (key(1), key(2), key(3), user());
    let of_user = record().with_user(user.as_str());
    store.create(&a, of_user.clone()).await.unwrap();
    store.create(&b, of_user.clone()).await.unwrap();
    store.create(&c, record()).await.unwrap();
    let mut kept = store.of_user(&user).await.unwrap();
    kept.sort_by_key(|(key, _)| *key);
    assert_eq!(kept, [(a, of_user.clone()), (b, of_user.clone())]);

    assert_eq!(store.delete_user(&user, Some(&b)).await.unwrap(), 1);
    assert!(!has(store, &a).await && has(store, &b).await && has(store, &c).await);
    assert_eq!(store.delete_user(&user, None).await.unwrap(), 1);
    assert_eq!(store.delete_user(&user, None).await.unwrap(), 0);
    assert!(!has(store, &b).await && store.of_user(&user).await.unwrap().is_empty());

    store.delete(&c).await.unwrap();
    store.delete(&c).await.unwrap();
    assert!(!has(store, &c).await);

    store.create(&a, record()).await.unwrap();
    store.create(&b, of_user).await.unwrap();
    assert_eq!(store.delete_all().await.unwrap(), 2);
    assert_eq!(store.delete_all().await.unwrap(), 0);
    assert!(!has(store, &a).await && store.of_user(&user).await.unwrap().is_empty());
}

async fn knows_nothing_of_what_is_over(store: &impl SessionStore) {
    let (a, user) = (key(1), user());
    let short = SessionRecord::new(0, now() + 20).with_user(user.as_str());
    store.create(&a, short).await.unwrap();
    while has(store, &a).await {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let change = SessionChange::new(later());
    assert!(!store.update(&a, change).await.unwrap());
    assert!(store.of_user(&user).await.unwrap().is_empty());
    assert_eq!(store.delete_user(&user, None).await.unwrap(), 0);
}

/// What the plain rules make of the same changes.
struct Rules {
    kept: BTreeMap<SessionKey, SessionRecord>,
    keys: [SessionKey; 3],
    users: [String; 2],
    later: u64,
    random: u64,
}

impl Rules {
    fn below(&mut self, end: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 20) as usize % end
    }

    /// One that changes some values, and now and then key and user.
    fn change(&mut self, step: usize) -> SessionChange {
        let mut change = SessionChange::new(self.later + step as u64);
        for _ in 0..self.below(3) {
            let json = (self.below(3) > 0).then(|| step.to_string());
            change = change.with_value(format!("k{}", self.below(4)), json);
        }
        let free = self.keys.iter().find(|key| !self.kept.contains_key(key));
        if let (Some(new), 0) = (free.copied(), self.below(4)) {
            let user = self.users[self.below(2)].as_str();
            change = change.with_new_key(new).with_user(user);
        }
        change
    }

    async fn step(&mut self, step: usize, store: &impl SessionStore) {
        let key = self.keys[self.below(3)];
        match self.below(8) {
            0 => {
                self.kept.remove(&key);
                store.delete(&key).await.unwrap();
            }
            1 | 2 if !self.kept.contains_key(&key) => {
                let record = SessionRecord::new(step as u64, self.later).with_value("n", "0");
                self.kept.insert(key, record.clone());
                store.create(&key, record).await.unwrap();
            }
            3 => {
                let (before, user) = (self.kept.len(), self.users[self.below(2)].clone());
                let stays = |other: &SessionKey, record: &mut SessionRecord| {
                    *other == key || record.user() != Some(&user)
                };
                self.kept.retain(stays);
                let ended = store.delete_user(&user, Some(&key)).await.unwrap();
                assert_eq!(ended, (before - self.kept.len()) as u64, "step {step}");
            }
            _ => {
                let change = self.change(step);
                let kept = self.kept.remove(&key);
                let updated = store.update(&key, change.clone()).await.unwrap();
                assert_eq!(updated, kept.is_some(), "step {step}");
                if let Some(mut record) = kept {
                    record.apply(&change);
                    let key = change.new_key().copied().unwrap_or(key);
                    self.kept.insert(key, record);
                }
            }
        }
    }

    async fn assert(&self, step: usize, store: &impl SessionStore) {
        for user in &self.users {
            let kept = self.kept.values();
            let kept = kept.filter(|record| record.user() == Some(user)).count();
            let found = store.of_user(user).await.unwrap();
            assert_eq!(found.len(), kept, "step {step}");
        }
        for key in &self.keys {
            let found = store.load(key).await.unwrap();
            assert_eq!(found.as_ref(), self.kept.get(key), "step {step}");
        }
    }
}

/// The store and the plain rules agree after any sequence of changes.
pub(crate) async fn agrees_with_the_rules(store: &impl SessionStore, steps: usize) {
    let mut rules = Rules {
        kept: BTreeMap::new(),
        keys: [key(11), key(12), key(13)],
        users: [user(), user()],
        later: now() + 600_000,
        random: 0x2545_f491_4f6c_dd1d,
    };
    for step in 0..steps {
        rules.step(step, store).await;
        rules.assert(step, store).await;
    }
    assert_eq!(store.delete_all().await.unwrap(), rules.kept.len() as u64);
}

#[tokio::test]
async fn the_store_in_memory_keeps_its_promises() {
    keeps_its_promises(&MemoryStore::new()).await;
    agrees_with_the_rules(&MemoryStore::new(), 20_000).await;
}
