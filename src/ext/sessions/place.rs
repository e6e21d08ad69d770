//! Where sessions are kept: in a store, by their hashed ids, or in the cookies themselves.
//!
//! Before it: the text of a cookie, or the plan for a session. After it: the session, or the text of
//! its next cookie.

use std::borrow::Cow;

use super::error::SessionError;
use super::id::{SessionId, SessionKey};
use super::record::{SessionChange, SessionRecord};
use super::state::{Kept, Plan, Step, Update};
use super::store::AnyStore;
use crate::AppService;
use crate::cookies::Keys;

/// What sessions are kept by.
pub(super) enum Keeps {
    Store(Box<dyn AnyStore>),
    Cookie(Keys),
}

impl Keeps {
    pub(super) fn cookie(keys: &Keys) -> Self {
        Self::Cookie(keys.for_purpose("sessions in cookies"))
    }
}

/// The sessions of one cookie: what others are kept by the same store or keys are none of them, but
/// are of the same users.
pub(super) struct Place {
    keeps: Keeps,
    /// That of the cookie, without a prefix.
    name: Cow<'static, str>,
    /// How many sessions a user may have.
    per_user: usize,
}

/// What the client is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Nothing,
    /// The cookie has this value from now on.
    Value(String),
    /// It is to forget the cookie.
    Gone,
}

impl Place {
    pub(super) fn new(keeps: Keeps, name: Cow<'static, str>, per_user: usize) -> Self {
        Self {
            keeps,
            name,
            per_user,
        }
    }

    /// What a store knows the session with this id by.
    pub(super) fn key(&self, id: &SessionId) -> SessionKey {
        id.key(&self.name)
    }

    /// The session of a cookie; `None` if the cookie is worth nothing.
    pub(super) async fn open(&self, text: &str) -> Result<Option<Kept>, SessionError> {
        let kept = match &self.keeps {
            Keeps::Store(store) => {
                let Some(id) = SessionId::of_text(text) else {
                    return Ok(None);
                };
                let record = store
                    .load(&self.key(&id))
                    .await
                    .map_err(SessionError::store)?;
                record.map(|record| Kept { id, record })
            }
            Keeps::Cookie(keys) => unseal(keys, &self.name, text),
        };
        // Whatever a store thinks of the time.
        Ok(kept.filter(|kept| !kept.record.is_expired()))
    }

    /// The id in a cookie, whether or not there is a session of it.
    pub(super) fn id(&self, text: &str) -> Option<SessionId> {
        match &self.keeps {
            Keeps::Store(_) => SessionId::of_text(text),
            Keeps::Cookie(keys) => Some(unseal(keys, &self.name, text)?.id),
        }
    }

    /// Does what a request left to be done.
    pub(super) async fn carry_out(&self, plan: Plan) -> Result<Sent, SessionError> {
        if let (Some(ended), Keeps::Store(store)) = (&plan.ended, &self.keeps) {
            let deleted = store.delete(&self.key(&ended.id)).await;
            deleted.map_err(SessionError::store)?;
        }
        let sent = match plan.step {
            Step::Nothing => Sent::Nothing,
            Step::Create(kept) => self.create(kept).await?,
            Step::Touch(kept, change) => self.touch(kept, change).await,
            Step::Update(update) => self.update(*update).await?,
        };
        Ok(match sent {
            Sent::Nothing if plan.is_destroyed => Sent::Gone,
            sent => sent,
        })
    }

    async fn create(&self, kept: Kept) -> Result<Sent, SessionError> {
        let store = match &self.keeps {
            Keeps::Store(store) => store,
            Keeps::Cookie(keys) => return Ok(Sent::Value(seal(keys, &self.name, &kept))),
        };
        let user = kept.record.user().map(str::to_owned);
        let created = store.create(&self.key(&kept.id), kept.record).await;
        created.map_err(SessionError::store)?;
        self.make_room(&**store, user.as_deref()).await;
        Ok(Sent::Value(kept.id.to_text()))
    }

    /// Ends those sessions of a user who has signed in that are too many. The user is signed in by now,
    /// so a failure is no reason to fail the request.
    async fn make_room(&self, store: &dyn AnyStore, user: Option<&str>) {
        let Some(user) = user else {
            return;
        };
        match store.delete_oldest(user, self.per_user).await {
            Ok(0) => {}
            Ok(ended) => {
                tracing::info!(target: "cepa", "a user signed in once more: {ended} older sessions ended");
            }
            Err(error) => {
                tracing::warn!(target: "cepa", "older sessions of a user could not be ended: {error}");
            }
        }
    }

    /// If this fails, the session ends a little earlier, which is no reason to fail the request.
    async fn touch(&self, mut kept: Kept, change: SessionChange) -> Sent {
        match &self.keeps {
            Keeps::Store(store) => {
                if let Err(error) = store.update(&self.key(&kept.id), change).await {
                    tracing::warn!(target: "cepa", "the use of a session could not be noted: {error}");
                }
                Sent::Nothing
            }
            Keeps::Cookie(keys) => {
                kept.record.apply(&change);
                Sent::Value(seal(keys, &self.name, &kept))
            }
        }
    }

    async fn update(&self, update: Update) -> Result<Sent, SessionError> {
        let Update {
            mut kept,
            mut change,
            next,
            otherwise,
        } = update;
        let store = match &self.keeps {
            Keeps::Store(store) => store,
            Keeps::Cookie(keys) => {
                kept.record.apply(&change);
                kept.id = next.unwrap_or(kept.id);
                return Ok(Sent::Value(seal(keys, &self.name, &kept)));
            }
        };
        change.new_key = next.as_ref().map(|id| self.key(id));
        let user = change.user.clone();
        let updated = store.update(&self.key(&kept.id), change).await;
        let updated = updated.map_err(SessionError::store)?;
        if updated {
            self.make_room(&**store, user.as_deref()).await;
        }
        match (updated, next, otherwise) {
            (true, Some(id), _) => Ok(Sent::Value(id.to_text())),
            (true, None, _) => Ok(Sent::Nothing),
            // It ended meanwhile, and what it had is gone with it; but somebody signed in.
            (false, _, Some(fresh)) => self.create(fresh).await,
            (false, _, None) => {
                tracing::debug!(target: "cepa", "a session ended while a request was changing it");
                Ok(Sent::Nothing)
            }
        }
    }

    pub(super) async fn delete_user(
        &self,
        user: &str,
        except: Option<&SessionKey>,
    ) -> Result<u64, SessionError> {
        match &self.keeps {
            Keeps::Store(store) => store
                .delete_user(user, except)
                .await
                .map_err(SessionError::store),
            Keeps::Cookie(_) => Err(SessionError::cookie()),
        }
    }

    pub(super) async fn of_user(
        &self,
        user: &str,
    ) -> Result<Vec<(SessionKey, SessionRecord)>, SessionError> {
        match &self.keeps {
            Keeps::Store(store) => store.of_user(user).await.map_err(SessionError::store),
            Keeps::Cookie(_) => Err(SessionError::cookie()),
        }
    }

    pub(super) async fn delete(&self, key: &SessionKey) -> Result<(), SessionError> {
        match &self.keeps {
            Keeps::Store(store) => store.delete(key).await.map_err(SessionError::store),
            Keeps::Cookie(_) => Err(SessionError::cookie()),
        }
    }

    /// Notes a use; false if the session is over.
    pub(super) async fn note(&self, key: &SessionKey, expires: u64) -> Result<bool, SessionError> {
        match &self.keeps {
            Keeps::Store(store) => {
                let noted = store.update(key, SessionChange::new(expires)).await;
                noted.map_err(SessionError::store)
            }
            Keeps::Cookie(_) => Err(SessionError::cookie()),
        }
    }

    pub(super) fn check(&self, app: &AppService, middleware: &str) -> Result<(), String> {
        match &self.keeps {
            Keeps::Store(store) => store.check(app, middleware),
            Keeps::Cookie(_) => Ok(()),
        }
    }

    pub(super) async fn sweep(&self) -> crate::Result<u64> {
        match &self.keeps {
            Keeps::Store(store) => store.sweep().await,
            Keeps::Cookie(_) => Ok(0),
        }
    }
}

fn seal(keys: &Keys, name: &str, kept: &Kept) -> String {
    let text = format!("{}{}", kept.id.to_text(), kept.record.to_text());
    keys.encrypt(name, &text)
}

fn unseal(keys: &Keys, name: &str, text: &str) -> Option<Kept> {
    let text = keys.decrypt(name, text)?;
    let (id, record) = text.split_at_checked(SessionId::TEXT)?;
    Some(Kept {
        id: SessionId::of_text(id)?,
        record: SessionRecord::of_text(record)?,
    })
}
