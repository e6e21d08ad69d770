//! Rooms in the memory of one process.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::message::Message;
use super::store::{Mailbox, MemberId, RoomStore};
use crate::Result;

/// Parts with a lock each, so that rooms seldom wait for one another.
const PARTS: usize = 16;

/// Rooms of this process, the default of [`Rooms`](super::Rooms). A room is there while somebody is
/// in it. All its members see its messages in the same order.
///
/// ```
/// use cepa::ws::{MemoryRooms, RoomStore};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> cepa::Result<()> {
/// let rooms = MemoryRooms::new();
/// rooms.send("lobby", "nobody hears this".into(), None).await?;
/// assert_eq!(rooms.count("lobby").await?, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct MemoryRooms {
    parts: [Mutex<Part>; PARTS],
    hash: RandomState,
}

type Part = HashMap<Box<str>, Vec<Mailbox>>;

impl MemoryRooms {
    /// No rooms.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn part(&self, room: &str) -> MutexGuard<'_, Part> {
        let at = self.hash.hash_one(room) as usize % PARTS;
        self.parts[at]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl RoomStore for MemoryRooms {
    async fn join(&self, room: &str, mailbox: Mailbox) -> Result<()> {
        self.part(room)
            .entry(room.into())
            .or_default()
            .push(mailbox);
        Ok(())
    }

    fn leave(&self, room: &str, member: MemberId) {
        let mut part = self.part(room);
        if let Some(members) = part.get_mut(room) {
            members.retain(|mailbox| mailbox.member() != member);
            if members.is_empty() {
                part.remove(room);
            }
        }
    }

    async fn send(&self, room: &str, message: Message, except: Option<MemberId>) -> Result<()> {
        let message = Arc::new(message);
        let mut part = self.part(room);
        if let Some(members) = part.get_mut(room) {
            members.retain(|mailbox| Some(mailbox.member()) == except || mailbox.deliver(&message));
            if members.is_empty() {
                part.remove(room);
            }
        }
        Ok(())
    }

    async fn count(&self, room: &str) -> Result<usize> {
        Ok(self.part(room).get(room).map_or(0, Vec::len))
    }
}

impl fmt::Debug for MemoryRooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRooms").finish_non_exhaustive()
    }
}
