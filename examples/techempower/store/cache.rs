//! Worlds in memory, by their ids.

use super::World;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

#[derive(Default)]
pub(super) struct Cache(RwLock<HashMap<i32, World>>);

impl Cache {
    /// The worlds of these ids, with those that are not here as the ids they have.
    pub(super) fn find(&self, ids: &[i32]) -> (Vec<World>, Vec<i32>) {
        let (mut found, mut missing) = (Vec::with_capacity(ids.len()), Vec::new());
        let worlds = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for id in ids {
            match worlds.get(id) {
                Some(world) => found.push(*world),
                None => missing.push(*id),
            }
        }
        (found, missing)
    }

    pub(super) fn keep(&self, worlds: &[World]) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        kept.extend(worlds.iter().map(|world| (world.id, *world)));
    }
}
