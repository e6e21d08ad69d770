//! `MemoryStore`: the counts of one process, in a table that never grows.
//!
//! The table is built like a processor's cache: a key has one set of slots, found by its hash, and
//! lives in any slot of it. So each lookup looks at a fixed number of neighbours, nothing is ever
//! moved or swept, and the memory is what it was at the start.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::key::RateLimitKey;
use super::store::{Decision, Quota, RateLimitStore, nanos};
use crate::Result;

/// Parts of the table with a lock of their own.
const SHARDS: usize = 64;
/// Slots of a set.
const WAYS: usize = 16;
/// Clients that are remembered unless told otherwise.
const CAPACITY: usize = 100_000;

/// Counts in this process: a table of fixed size, 4 MiB for its default of 100,000 clients.
///
/// A client whose debt is paid makes room for others. Where every slot that a newcomer may have
/// belongs to somebody who is not done yet, it takes the one of whoever has used least, *with what
/// was used*: it can be refused early, and never gets more than its share. So a flood of invented
/// clients buys nothing, and those near their limit stay remembered. What it costs is that newcomers
/// are refused while the whole table is at its limit, for which somebody has to send, from as many
/// networks as the table has slots, as many requests each as the limit lets through.
///
/// Limiters have a table each. Those that share one in an `Arc` should be of about the same time: a
/// newcomer of the quick one could inherit what somebody owes to the slow one.
///
/// The hash is keyed at random, so that nobody can aim at the slots of others.
///
/// ```
/// use cepa::rate_limit::{MemoryStore, RateLimit};
///
/// let limit = RateLimit::per_hour(5).with_store(MemoryStore::with_capacity(1_000_000));
/// # drop(limit);
/// ```
pub struct MemoryStore {
    hasher: RandomState,
    start: Instant,
    /// Slots of the key's hash and the nanosecond since `start` at which the debt is paid; those of
    /// a set stand together. A slot whose time has passed is free.
    shards: Box<[Shard]>,
}

/// Has a cache line to itself, so that cores which lock different ones do not meet.
#[repr(align(64))]
struct Shard(Mutex<Vec<[u64; 2]>>);

impl MemoryStore {
    /// A table for 100,000 clients.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    /// A table in which this many clients that are not done yet all have a slot of their own, but for
    /// some in ten thousand. It has twice as many slots, of 16 bytes, rounded up to a power of two,
    /// and 1,024 at least.
    #[must_use]
    pub fn with_capacity(clients: usize) -> Self {
        let most = usize::MAX / 64;
        let slots = clients.min(most).saturating_mul(2).next_power_of_two();
        let slots = slots.max(SHARDS * WAYS) / SHARDS;
        Self {
            hasher: RandomState::new(),
            start: Instant::now(),
            shards: (0..SHARDS)
                .map(|_| Shard(Mutex::new(vec![[0; 2]; slots])))
                .collect(),
        }
    }

    /// What the store decides; it has nothing to wait for.
    pub(super) fn decide(&self, key: &RateLimitKey<'_>, quota: &Quota) -> Decision {
        self.at(key, |hash, now, set| {
            let own = set.iter().position(|[other, _]| *other == hash);
            let least = || (0..WAYS).min_by_key(|&at| set[at][1]).unwrap_or_default();
            let slot = own.unwrap_or_else(least);
            let debt = Duration::from_nanos(set[slot][1].saturating_sub(now));
            let (decision, debt) = quota.take(debt);
            if decision.is_allowed() {
                set[slot] = [hash, now.saturating_add(nanos(debt))];
            }
            decision
        })
    }

    /// Calls the function with the hash of the key, the nanoseconds since the start, and the set of
    /// slots that the key may live in.
    fn at<T>(
        &self,
        key: &RateLimitKey<'_>,
        look: impl FnOnce(u64, u64, &mut [[u64; 2]]) -> T,
    ) -> T {
        let now = nanos(self.start.elapsed());
        let hash = self.hasher.hash_one(key);
        let shard = &self.shards[hash as usize % SHARDS];
        let mut slots = shard.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sets = slots.len() / WAYS;
        let set = (hash >> 32) as usize % sets * WAYS;
        look(hash, now, &mut slots[set..set + WAYS])
    }
}

impl RateLimitStore for MemoryStore {
    async fn take(&self, key: &RateLimitKey<'_>, quota: &Quota) -> Result<Decision> {
        Ok(self.decide(key, quota))
    }

    /// Where another client took the slot over, the debt is that one's, and stays.
    async fn give_back(&self, key: &RateLimitKey<'_>, quota: &Quota) -> Result<()> {
        self.at(key, |hash, now, set| {
            if let Some(slot) = set.iter_mut().find(|[other, _]| *other == hash) {
                let debt = Duration::from_nanos(slot[1].saturating_sub(now));
                slot[1] = now.saturating_add(nanos(quota.give_back(debt)));
            }
        });
        Ok(())
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u64) -> RateLimitKey<'static> {
        RateLimitKey::text("test", number.to_string())
    }

    /// How many of the clients with these numbers get a request through.
    fn passed(store: &MemoryStore, quota: &Quota, keys: impl Iterator<Item = u64>) -> usize {
        let passes = keys.filter(|number| store.decide(&key(*number), quota).is_allowed());
        passes.count()
    }

    #[tokio::test(start_paused = true)]
    async fn as_many_clients_as_it_is_made_for_count_for_themselves() {
        let store = MemoryStore::new();
        let quota = Quota::new(3, Duration::from_secs(60));
        for round in 0..3 {
            let count = passed(&store, &quota, 0..100_000);
            assert!(count >= 99_950, "{count} in round {round}");
        }
        let count = passed(&store, &quota, 0..100_000);
        assert!(count <= 50, "{count}: nobody has more than 3");
        tokio::time::advance(Duration::from_secs(20)).await;
        let count = passed(&store, &quota, 0..100_000);
        assert!(count >= 99_950, "{count} after a third of the time");
    }

    /// However many clients are invented, no more gets through than what the slots hold.
    #[tokio::test(start_paused = true)]
    async fn a_flood_of_clients_opens_nothing() {
        let store = MemoryStore::with_capacity(1);
        let quota = Quota::new(4, Duration::from_secs(60));
        let slots = SHARDS * WAYS;
        let exhausted = 1_000_000;
        for _ in 0..4 {
            assert!(store.decide(&key(exhausted), &quota).is_allowed());
        }
        let most = 4 * slots - 4;
        let count = passed(&store, &quota, 0..100_000);
        assert!(count > most * 9 / 10 && count <= most, "{count} of {most}");
        let again = passed(&store, &quota, 0..100_000);
        assert!(count + again <= most, "{again} after {count} of {most}");
        let decision = store.decide(&key(exhausted), &quota);
        assert!(!decision.is_allowed(), "the flood did not wash it away");
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(store.decide(&key(exhausted), &quota).is_allowed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_newcomer_to_a_full_table_takes_the_slot_of_who_has_used_least() {
        let store = MemoryStore::with_capacity(1);
        let quota = Quota::new(10, Duration::from_secs(60));
        for _ in 0..6 {
            passed(&store, &quota, 0..400);
        }
        // Each client of the flood has used 1 where there was room, and 2 to 6 where there was not.
        passed(&store, &quota, 1_000..3_000);
        let heavy = passed(&store, &quota, (0..400).flat_map(|number| [number; 10]));
        assert!(heavy <= 400 * 4, "{heavy}: whoever used much is remembered");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_given_back_was_never_taken() {
        let store = MemoryStore::new();
        let quota = Quota::new(2, Duration::from_secs(60));
        for _ in 0..100 {
            assert!(store.decide(&key(1), &quota).is_allowed());
            store.give_back(&key(1), &quota).await.unwrap();
        }
        // Of nobody, and more than was taken: nothing is won.
        store.give_back(&key(1), &quota).await.unwrap();
        store.give_back(&key(2), &quota).await.unwrap();
        assert_eq!(passed(&store, &quota, [1; 5].into_iter()), 2);
        store.give_back(&key(1), &quota).await.unwrap();
        assert_eq!(passed(&store, &quota, [1; 5].into_iter()), 1);
    }

    #[test]
    fn no_capacity_is_too_small() {
        for capacity in [0, 1, 512, 513] {
            let store = MemoryStore::with_capacity(capacity);
            let quota = Quota::new(1, Duration::from_secs(60));
            assert!(store.decide(&key(1), &quota).is_allowed());
            assert!(!store.decide(&key(1), &quota).is_allowed());
        }
    }
}
