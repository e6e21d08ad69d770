//! What is known of a session during one request: as the store has it, and what changes.
//!
//! Before it: the store was asked. After it: [`Plan`], which says what is to be kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::clock;
use super::config::Lifetime;
use super::error::SessionError;
use super::id::SessionId;
use super::record::{SessionChange, SessionRecord};

/// What the names of values begin with that are not the app's.
const OWN: &str = "cepa.";

/// A session that there is.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) id: SessionId,
    pub(super) record: SessionRecord,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nobody asked for it.
    #[default]
    Unopened,
    /// It was read, and can be changed.
    Open,
    /// The response has passed.
    Left,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) phase: Phase,
    /// As it was read.
    kept: Option<Kept>,
    /// Ended by this request; what follows is of another.
    ended: Option<Kept>,
    is_destroyed: bool,
    values: BTreeMap<String, Option<String>>,
    is_cleared: bool,
    user: Option<Arc<str>>,
    is_renewed: bool,
    /// The id it will have, where that is decided.
    next: Option<SessionId>,
    /// A form was given a token, so it is to be kept though there is nothing in it.
    has_token: bool,
    /// The same before it was read.
    is_seen: bool,
    /// What the client has after the response passed, and when that was begun.
    current: Option<(SessionId, u64)>,
}

/// What becomes of a session when the response passes.
#[derive(Debug)]
pub(super) struct Plan {
    /// Whether the response depends on the session, and so on the client.
    pub(super) was_used: bool,
    pub(super) is_destroyed: bool,
    pub(super) ended: Option<Kept>,
    pub(super) step: Step,
}

#[derive(Debug)]
pub(super) enum Step {
    Nothing,
    /// A new one.
    Create(Kept),
    /// Another time at which it ends, no more.
    Touch(Kept, SessionChange),
    /// What was changed.
    Update(Box<Update>),
}

#[derive(Debug)]
pub(super) struct Update {
    pub(super) kept: Kept,
    pub(super) change: SessionChange,
    /// The id it has from now on, if it is renewed.
    pub(super) next: Option<SessionId>,
    /// What is kept in its place if it is gone: where somebody signed in.
    pub(super) otherwise: Option<Kept>,
}

impl State {
    pub(super) fn open(&mut self, kept: Option<Kept>) {
        self.phase = Phase::Open;
        self.kept = kept;
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        match self.values.get(key) {
            Some(changed) => changed.as_deref(),
            None => self.read().get(key).map(String::as_str),
        }
    }

    /// The values as they were read, unless they were removed since.
    fn read(&self) -> &BTreeMap<String, String> {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        let kept = self.kept.as_ref().filter(|_| !self.is_cleared);
        kept.map_or(&NONE, |kept| kept.record.values())
    }

    pub(super) fn keys(&self) -> BTreeSet<&str> {
        let all = self.read().keys().chain(self.values.keys());
        let all = all.map(String::as_str);
        all.filter(|key| self.get(key).is_some()).collect()
    }

    pub(super) fn user(&self) -> Option<Arc<str>> {
        let kept = self.kept.as_ref().and_then(|kept| kept.record.user());
        self.user.clone().or_else(|| kept.map(Arc::from))
    }

    pub(super) fn set(
        &mut self,
        key: String,
        json: String,
        limit: usize,
    ) -> Result<(), SessionError> {
        let others = self.keys().into_iter().filter(|other| *other != key);
        let others = others.map(|key| size(key, self.get(key).unwrap_or_default()));
        let bytes = others.sum::<usize>() + size(&key, &json);
        if bytes > limit {
            return Err(SessionError::size(bytes, limit));
        }
        self.values.insert(key, Some(json));
        Ok(())
    }

    pub(super) fn remove(&mut self, key: &str) -> bool {
        let was = self.get(key).is_some();
        if was {
            self.values.insert(key.to_owned(), None);
        }
        was
    }

    /// Removes all values but those that say whose it is.
    pub(super) fn clear(&mut self) {
        let names = self.keys().into_iter().filter(|key| key.starts_with(OWN));
        let stays = names.map(|key| (key.to_owned(), self.get(key).map(str::to_owned)));
        let stays: Vec<_> = stays.collect();
        self.clear_all();
        self.values.extend(stays);
    }

    fn clear_all(&mut self) {
        self.values.clear();
        self.is_cleared = true;
    }

    pub(super) fn renew(&mut self) {
        self.is_renewed = true;
        self.next = None;
    }

    pub(super) fn bind(&mut self, user: Arc<str>) {
        if self.user().is_some_and(|other| other != user) {
            self.clear_all();
        }
        self.user = Some(user);
        self.renew();
    }

    pub(super) fn destroy(&mut self) {
        *self = Self {
            phase: self.phase,
            ended: self.kept.take().or(self.ended.take()),
            is_destroyed: true,
            ..Self::default()
        };
    }

    /// The response depends on the session of the client, though it was not read.
    pub(super) fn see(&mut self) {
        self.is_seen = true;
    }

    /// The id that the client will have, for a token. If there is no session, there will be one.
    pub(super) fn id_for_token(&mut self) -> Result<SessionId, SessionError> {
        self.has_token = true;
        if let (Some(kept), false) = (&self.kept, self.is_renewed) {
            return Ok(kept.id.clone());
        }
        match self.phase {
            Phase::Left => self.next.clone().ok_or_else(SessionError::late),
            Phase::Unopened | Phase::Open => self.next_id(),
        }
    }

    fn next_id(&mut self) -> Result<SessionId, SessionError> {
        let id = match &self.next {
            Some(id) => id.clone(),
            None => SessionId::random()?,
        };
        self.next = Some(id.clone());
        Ok(id)
    }

    /// What is to be done now that the response passes; later changes are errors.
    pub(super) fn leave(&mut self, lifetime: &Lifetime) -> Result<Plan, SessionError> {
        let was_open = self.phase == Phase::Open;
        self.phase = Phase::Left;
        let step = match was_open {
            true => self.step(lifetime)?,
            false => Step::Nothing,
        };
        let kept = |kept: &Kept| (kept.id.clone(), kept.record.created());
        self.current = match &step {
            Step::Nothing | Step::Touch(..) => self.kept.as_ref().map(kept),
            Step::Create(new) => Some(kept(new)),
            Step::Update(update) => {
                let (id, created) = kept(&update.kept);
                let id = update.next.clone().unwrap_or(id);
                Some((id, update.change.created.unwrap_or(created)))
            }
        };
        Ok(Plan {
            was_used: was_open || self.is_seen,
            is_destroyed: self.is_destroyed,
            ended: self.ended.take(),
            step,
        })
    }

    /// The id of the session that the client has now, and when that was begun.
    pub(super) fn current(&self) -> Option<(SessionId, u64)> {
        let kept = |kept: &Kept| (kept.id.clone(), kept.record.created());
        self.current
            .clone()
            .or_else(|| self.kept.as_ref().map(kept))
    }

    fn step(&mut self, lifetime: &Lifetime) -> Result<Step, SessionError> {
        let now = clock::now();
        let Some(kept) = self.kept.clone() else {
            let is_set = self.values.values().any(Option::is_some);
            return Ok(match is_set || self.user.is_some() || self.has_token {
                true => Step::Create(self.fresh(lifetime, now)?),
                false => Step::Nothing,
            });
        };
        let created = self.user.as_ref().map(|_| now);
        let begun = created.unwrap_or(kept.record.created());
        let change = SessionChange {
            values: self.values.clone(),
            is_cleared: self.is_cleared,
            user: self.user.clone(),
            created,
            expires: lifetime.end(begun, now),
            new_key: None, // the place makes it of `next`
        };
        if self.values.is_empty() && !self.is_cleared && !self.is_renewed {
            let is_due = lifetime.is_due(kept.record.expires(), change.expires);
            return Ok(match is_due {
                true => Step::Touch(kept, change),
                false => Step::Nothing,
            });
        }
        let next = match self.is_renewed {
            true => Some(self.next_id()?),
            false => None,
        };
        let otherwise = match self.user {
            Some(_) => Some(self.fresh(lifetime, now)?),
            None => None,
        };
        Ok(Step::Update(Box::new(Update {
            kept,
            change,
            next,
            otherwise,
        })))
    }

    /// A new session of what this request set, and of nothing that was read.
    fn fresh(&mut self, lifetime: &Lifetime, now: u64) -> Result<Kept, SessionError> {
        let mut record = SessionRecord::new(now, lifetime.end(now, now));
        for (key, json) in &self.values {
            if let Some(json) = json {
                record = record.with_value(key.clone(), json.clone());
            }
        }
        if let Some(user) = &self.user {
            record = record.with_user(Arc::clone(user));
        }
        let id = self.next_id()?;
        Ok(Kept { id, record })
    }
}

/// The bytes of a value, with the signs that a record has around it.
fn size(key: &str, json: &str) -> usize {
    key.len() + json.len() + 6
}
