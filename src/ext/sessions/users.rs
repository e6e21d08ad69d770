//! All sessions of a user: who is signed in where, and how that ends.
//!
//! Before it: a session that was read, and says whose it is. After it: the store, at once.

use super::clock;
use super::error::SessionError;
use super::extract::Session;
use super::id::SessionKey;
use super::record::SessionRecord;
use crate::Result;

impl Session {
    /// Ends all sessions of a user, at once, and says how many. If this session is one of them, it is
    /// [destroyed](Self::destroy) too.
    ///
    /// # Errors
    /// [`SessionError`]: by `?` a 503 if the store failed; a 500 if sessions are kept in cookies.
    pub async fn revoke_user(&self, user: &str) -> Result<u64, SessionError> {
        let is_own = self.changing()?.user().as_deref() == Some(user);
        let ended = self.0.setup.place.delete_user(user, None).await?;
        if is_own {
            self.destroy()?;
        }
        Ok(ended)
    }

    /// Ends all other sessions of this session's user, at once, and says how many: the password was
    /// changed. Without a user it does nothing.
    ///
    /// # Errors
    /// As [`revoke_user`](Self::revoke_user).
    pub async fn revoke_others(&self) -> Result<u64, SessionError> {
        let (Some(user), key) = (self.user()?, self.key()?) else {
            return Ok(0);
        };
        self.0.setup.place.delete_user(&user, key.as_ref()).await
    }

    /// The sessions of this session's user, this one among them, for a page that shows where somebody
    /// is signed in. Values tell them apart that were set when they were begun.
    ///
    /// ```
    /// use cepa::prelude::*;
    /// use cepa::sessions::{Session, Sessions};
    ///
    /// async fn sign_in(session: Session, req: Request) -> Result<()> {
    ///     session.bind_user("ada")?;
    ///     session.insert("device", req.header("user-agent"))?;
    ///     Ok(())
    /// }
    ///
    /// async fn devices(session: Session) -> Result<String> {
    ///     let mut devices = Vec::new();
    ///     for (key, record) in session.siblings().await? {
    ///         let device: Option<String> = record.get("device");
    ///         let here = if session.key()? == Some(key) { " (here)" } else { "" };
    ///         devices.push(device.unwrap_or_default() + here);
    ///     }
    ///     Ok(devices.join(", "))
    /// }
    ///
    /// let app = App::new().plug(Sessions::memory()).post("/", sign_in).get("/", devices);
    /// let client = app.test();
    /// client.post("/").header("user-agent", "Firefox").send();
    /// client.get("/").send().assert_text("Firefox (here)");
    /// ```
    ///
    /// # Errors
    /// As [`revoke_user`](Self::revoke_user).
    pub async fn siblings(&self) -> Result<Vec<(SessionKey, SessionRecord)>, SessionError> {
        match self.user()? {
            Some(user) => self.0.setup.place.of_user(&user).await,
            None => Ok(Vec::new()),
        }
    }

    /// Ends one session of this session's user, at once. False if it is none of theirs; to end this
    /// one, [`destroy`](Self::destroy) it.
    ///
    /// # Errors
    /// As [`revoke_user`](Self::revoke_user).
    pub async fn revoke_sibling(&self, key: &SessionKey) -> Result<bool, SessionError> {
        let siblings = self.siblings().await?;
        let is_one = siblings.iter().any(|(sibling, _)| sibling == key);
        if is_one {
            self.0.setup.place.delete(key).await?;
        }
        Ok(is_one)
    }

    /// What the store knows this session by; `None` if there is none yet.
    ///
    /// # Errors
    /// [`SessionError`], a 500 by `?`: the session was not read.
    pub fn key(&self) -> Result<Option<SessionKey>, SessionError> {
        let current = self.opened()?.current();
        Ok(current.map(|(id, _)| self.0.setup.place.key(&id)))
    }

    /// Notes a use of the session now, also after the response left; false if the session is over.
    /// For connections that stay, such as a WebSocket: whether their user may go on.
    ///
    /// # Errors
    /// As [`revoke_user`](Self::revoke_user).
    pub async fn touch(&self) -> Result<bool, SessionError> {
        let current = self.opened()?.current();
        let Some((id, created)) = current else {
            return Ok(false);
        };
        let key = self.0.setup.place.key(&id);
        let expires = self.0.setup.lifetime.end(created, clock::now());
        self.0.setup.place.note(&key, expires).await
    }
}
