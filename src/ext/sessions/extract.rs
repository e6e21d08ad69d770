//! `Session`: what one request reads and changes of its session.
//!
//! Before it: the middleware put it into the request, unread. After it: the middleware keeps what was
//! changed, when the response passes.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::config::Setup;
use super::csrf_token::CsrfToken;
use super::error::SessionError;
use super::id::SessionId;
use super::state::{Phase, State};
use crate::cookies::Cookies;
use crate::{Error, FromRequest, Need, Request, Result};

const FIX: &str = "add `.plug(Sessions::memory())`, or with another store, around it";

/// The session of the client: values by name that are kept between its requests. Clones share it.
///
/// As an argument it is read from the store, if the client has one; reading and changing it then
/// waits for nothing. What was changed is kept when the response passes
/// [`Sessions`](super::Sessions): by name, so that requests at the same time lose none of each
/// other's values, and of two that set the same one, the later stays. A client gets a cookie once
/// something is kept for it.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::sessions::{Session, Sessions};
///
/// async fn count(session: Session) -> Result<String> {
///     let visits = session.get::<u32>("visits")?.unwrap_or(0) + 1;
///     session.insert("visits", visits)?;
///     Ok(format!("visit {visits}"))
/// }
///
/// let client = App::new().plug(Sessions::memory()).get("/", count).test();
/// client.get("/").send().assert_text("visit 1");
/// client.get("/").send().assert_text("visit 2");
/// ```
#[derive(Clone)]
pub struct Session(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) setup: Arc<Setup>,
    pub(super) cookies: Cookies,
    /// Whether its cookie goes by https only.
    pub(super) is_secure: bool,
    state: Mutex<State>,
}

impl Session {
    pub(super) fn new(setup: Arc<Setup>, cookies: Cookies, is_secure: bool) -> Self {
        let state = Mutex::default();
        Self(Arc::new(Inner {
            setup,
            cookies,
            is_secure,
            state,
        }))
    }

    /// The value of this name, if there is one.
    ///
    /// # Errors
    /// [`SessionError`], a 500 by `?`: the value is of another type.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, SessionError> {
        let state = self.opened()?;
        let Some(json) = state.get(key) else {
            return Ok(None);
        };
        let value = serde_json::from_str(json);
        value
            .map(Some)
            .map_err(|error| SessionError::value(key, &error))
    }

    /// Whether there is a value of this name.
    ///
    /// # Errors
    /// [`SessionError`], a 500 by `?`: the session was not read.
    pub fn contains(&self, key: &str) -> Result<bool, SessionError> {
        Ok(self.opened()?.get(key).is_some())
    }

    /// Sets the value of this name.
    ///
    /// # Errors
    /// [`SessionError`], a 500 by `?`: the value cannot be written as JSON, the session would become
    /// too large, or the response has left.
    pub fn insert<T: Serialize>(
        &self,
        key: impl Into<String>,
        value: T,
    ) -> Result<(), SessionError> {
        let key = key.into();
        let json =
            serde_json::to_string(&value).map_err(|error| SessionError::value(&key, &error))?;
        let limit = self.0.setup.limit();
        self.changing()?.set(key, json, limit)
    }

    /// Removes the value of this name; says whether there was one.
    ///
    /// # Errors
    /// [`SessionError`], a 500 by `?`: the response has left.
    pub fn remove(&self, key: &str) -> Result<bool, SessionError> {
        Ok(self.changing()?.remove(key))
    }

    /// Removes all values. The session stays, and whose it is: somebody who is signed in stays so, and
    /// what extensions keep for that, under names that begin with `cepa.`. To end it all, there is
    /// [`destroy`](Self::destroy).
    ///
    /// # Errors
    /// [`SessionError`], a 500 by `?`: the response has left.
    pub fn clear(&self) -> Result<(), SessionError> {
        self.changing()?.clear();
        Ok(())
    }

    /// Gives the session a new id, and makes the old one worthless: to be called whenever its client
    /// may do more than before. [`bind_user`](Self::bind_user) does it too.
    ///
    /// # Errors
    /// [`SessionError`], a 500 by `?`: the response has left.
    pub fn renew(&self) -> Result<(), SessionError> {
        self.changing()?.renew();
        Ok(())
    }

    /// Says whose session it is from now on: somebody signed in. It gets a new id, as by
    /// [`renew`](Self::renew), and its absolute time begins anew. Values stay, unless it was the
    /// session of another user. Two kinds of users need names that differ, such as `admin 1`: in a store,
    /// a name is one user, whatever the cookie.
    ///
    /// # Errors
    /// [`SessionError`], a 500 by `?`: the response has left.
    pub fn bind_user(&self, user: impl Into<Arc<str>>) -> Result<(), SessionError> {
        self.changing()?.bind(user.into());
        Ok(())
    }

    /// Whose session it is, if somebody signed in.
    ///
    /// # Errors
    /// [`SessionError`], a 500 by `?`: the session was not read.
    pub fn user(&self) -> Result<Option<Arc<str>>, SessionError> {
        Ok(self.opened()?.user())
    }

    /// Ends the session, in the store and at the client: somebody signed out. What is set after this
    /// is of a new one.
    ///
    /// # Errors
    /// [`SessionError`], a 500 by `?`: the response has left.
    pub fn destroy(&self) -> Result<(), SessionError> {
        self.changing()?.destroy();
        Ok(())
    }

    /// The token that [`CsrfTokens`](super::CsrfTokens) asks of forms, without asking the store. A
    /// client without a session gets one. Before the session is read, it is that of the id which the
    /// client sent: worthless, if that is over and this request begins another.
    ///
    /// # Errors
    /// [`SessionError`], a 500 by `?`: there is no session, and the response has left.
    pub fn csrf_token(&self) -> Result<CsrfToken, SessionError> {
        let mut state = self.state();
        if state.phase == Phase::Unopened {
            if let Some(id) = self.sent_id() {
                state.see();
                return CsrfToken::of(&id);
            }
            state.open(None);
        }
        CsrfToken::of(&state.id_for_token()?)
    }

    /// The id that the client sent, whether or not there is a session of it.
    pub(super) fn sent_id(&self) -> Option<SessionId> {
        self.0.setup.place.id(&self.sent()?)
    }

    /// The text of the cookie.
    fn sent(&self) -> Option<String> {
        let name = self.0.setup.cookie_name(self.0.is_secure);
        self.0.cookies.get(name)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be read.
    pub(super) fn opened(&self) -> Result<MutexGuard<'_, State>, SessionError> {
        let state = self.state();
        match state.phase {
            Phase::Unopened => Err(SessionError::unopened()),
            Phase::Open | Phase::Left => Ok(state),
        }
    }

    /// To be changed.
    pub(super) fn changing(&self) -> Result<MutexGuard<'_, State>, SessionError> {
        let state = self.opened()?;
        match state.phase {
            Phase::Left => Err(SessionError::late()),
            Phase::Unopened | Phase::Open => Ok(state),
        }
    }

    /// Reads it, once for each request.
    async fn open(&self) -> Result<(), SessionError> {
        if self.state().phase != Phase::Unopened {
            return Ok(());
        }
        let kept = match self.sent() {
            Some(text) => self.0.setup.place.open(&text).await?,
            None => None,
        };
        // Another one may have read it meanwhile, and changed it.
        let mut state = self.state();
        if state.phase == Phase::Unopened {
            state.open(kept);
        }
        Ok(())
    }
}

impl FromRequest for Session {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let missing = || Error::internal(format!("`Session` is missing: {FIX}"));
        let session = req.local::<Self>().cloned().ok_or_else(missing)?;
        session.open().await.map_err(|error| error.to_error())?;
        Ok(session)
    }

    fn requires() -> Vec<Need> {
        vec![Need::local::<Self>().with_fix(FIX)]
    }
}

/// The names of its values, and nothing that is a secret.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Session")
            .field("phase", &state.phase)
            .field("keys", &state.keys())
            .finish_non_exhaustive()
    }
}
