//! In development, requests that take two connections at once are told of: one for their transaction,
//! and one that they ask the pool for meanwhile.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::tx::TxSlot;
use crate::log;

/// The routes that were told of.
#[derive(Clone, Default)]
pub(super) struct Told(Arc<Mutex<HashSet<Arc<str>>>>);

/// What a request does beside its transaction.
pub(super) struct Beside {
    pub(super) slot: TxSlot,
    pub(super) route: Arc<str>,
    pub(super) told: Told,
}

impl Beside {
    /// The request asks the pool.
    pub(super) fn note(&self) {
        if !self.slot.is_open() {
            return;
        }
        let mut told = self.told.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.insert(Arc::clone(&self.route)) {
            log::warn(&format!(
                "{} asks by `Db` while its `Tx` is open, so it needs two connections, and as many such requests at once as there are connections wait for each other: take `Tx` for both",
                self.route
            ));
        }
    }
}
